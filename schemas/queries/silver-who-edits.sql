-- Who writes the wikis: people with an account, without one, or bots?
-- Edits and new pages of the newest day, the 25 busiest wikis.
--
-- wiki: database name of the wiki
-- edits: edits and new pages
-- bot_share: share with the bot flag, 0-1
-- registered_share: share of people with an account
-- temporary_share: share of temporary accounts
-- ip_share: share of IP addresses
SELECT
  wiki,
  count(*) AS edits,
  avg(if(is_bot, 1e0, 0e0)) AS bot_share,
  avg(if(NOT is_bot AND user_kind = 'registered', 1e0, 0e0)) AS registered_share,
  avg(if(NOT is_bot AND user_kind = 'temporary', 1e0, 0e0)) AS temporary_share,
  avg(if(NOT is_bot AND user_kind = 'ip', 1e0, 0e0)) AS ip_share
FROM silver.cleaned_events
WHERE event_date = (SELECT max(event_date) FROM silver.cleaned_events)
  AND event_type IN ('edit', 'new')
GROUP BY wiki
ORDER BY edits DESC
LIMIT 25
