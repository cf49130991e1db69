import { inMinutes, inPartitions, type Minute } from "./live-windows.ts";
import { sqlTable } from "./sql-text.ts";

/** IPv4 and IPv6 literals and temporary accounts, by the same expressions as silver. */
const temporary = "^~2[0-9]{3}-";
const octet = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
const group = "[0-9a-f]{1,4}";
const ipv4 = `^(${octet}[.]){3}${octet}$`;
const ipv6 =
  `(?i)^((${group}:){7}(${group}|:)|(${group}:){6}(:${group}|:)|(${group}:){5}((:${group}){1,2}|:)` +
  `|(${group}:){4}((:${group}){1,3}|:)|(${group}:){3}((:${group}){1,4}|:)|(${group}:){2}((:${group}){1,5}|:)` +
  `|${group}:((:${group}){1,6}|:)|:((:${group}){1,7}|:))$`;

/**
 * `WITH … events AS (…)`: the events of these minutes, each once (of repeats the first on Kafka, as in silver), with what
 * every live table needs to know of them. Reads only the partitions and files that can hold them.
 */
export function liveEvents(bronzeDatabase: string, minutes: readonly Minute[]): string {
  const name = `nullif(trim(regexp_replace(replace(normalize("user", NFC), '_', ' '), '\\p{Cc}', '')), '')`;
  return `WITH delivered AS (
  SELECT event_id, event_type, namespace, wiki, title, "comment", is_bot, is_minor, length_delta, event_timestamp,
    coalesce(server_name, domain, '') AS server_name, ${name} AS clean_user,
    row_number() OVER (PARTITION BY event_id ORDER BY kafka_timestamp, kafka_partition, kafka_offset, kafka_topic) AS copy_number
  FROM ${sqlTable(bronzeDatabase, "raw_events")}
  WHERE ${inPartitions(minutes)}
    AND ${inMinutes("event_timestamp", minutes)}
),
classified AS (
  SELECT *, CASE
      WHEN clean_user IS NULL THEN 'hidden'
      WHEN regexp_like(clean_user, '${temporary}') THEN 'temporary'
      WHEN regexp_like(clean_user, '${ipv4}') THEN 'ip'
      WHEN strpos(clean_user, ':') > 0 AND regexp_like(clean_user, '${ipv6}') THEN 'ip'
      ELSE 'registered'
    END AS user_kind
  FROM delivered
  WHERE copy_number = 1
),
events AS (
  SELECT CAST(date_trunc('minute', event_timestamp) AS timestamp(6)) AS window_start,
    event_id, event_type, namespace, wiki, title, "comment", length_delta, event_timestamp, server_name, user_kind,
    coalesce(is_bot, false) AS is_bot, coalesce(is_minor, false) AS is_minor,
    CASE WHEN user_kind = 'ip' THEN upper(clean_user) ELSE clean_user END AS user_name,
    coalesce(event_type IN ('edit', 'new'), false) AS is_edit,
    coalesce(event_type IN ('edit', 'new', 'log'), false) AS is_action,
    coalesce(namespace > 0 AND namespace % 2 = 1, false) AS is_talk
  FROM classified
)`;
}
