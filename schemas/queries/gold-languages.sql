-- In which languages is the most written?
-- Wikipedias, over 30 days, as of the newest day.
--
-- language: language edition
-- edit_count: edits and new pages outside talk pages
-- edit_share: share of all projects and languages, 0-1
-- bot_edits: of these by bots
-- new_pages: pages created
SELECT
  language,
  edit_count,
  edit_share,
  bot_edits,
  new_pages
FROM gold.historical_language_distribution
WHERE as_of_date = (SELECT max(as_of_date) FROM gold.historical_language_distribution)
  AND period_days = 30
  AND project = 'wikipedia'
ORDER BY edit_count DESC, language
LIMIT 50
