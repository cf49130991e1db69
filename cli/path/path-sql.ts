/*
 * What the tables say of the path, as SQL for Athena. Times are of our own making: numbers printed as literals.
 */

/** Records of one partition are stamped by their sender: how far their order may differ from that of the offsets. */
const skewMs = 10 * 60_000;

const instant = (ms: number): string => `timestamp '${new Date(ms).toISOString().slice(0, 23).replace("T", " ")}'`;

/**
 * One row: events, refused, deadLetters, repeated, holes, offsets of raw-events, offsets of dlq-events. Of each partition
 * what stands behind its first offset at or after `fromMs`; of a topic made anew, what is its own. Whether the offsets of a
 * partition are all there, once each, is told by their number, sum and sum of squares: nothing has to be remembered of
 * them, and a day has millions.
 */
export function tablesSql(fromMs: number): string {
  const since = instant(fromMs - skewMs);
  const table = (name: string, isEvent: 0 | 1): string =>
    `select ${isEvent} as is_event, kafka_topic as topic, kafka_partition as part, kafka_offset as place, kafka_timestamp as stamped
     from bronze.${name} where kafka_timestamp >= ${since}`;
  const recent = `${table("raw_events", 1)} union all ${table("dead_letter", 0)}`;
  const square = "cast(place - lowest as decimal(18,0)) * cast(place - lowest as decimal(18,0))";
  return `
    with heads as (
        select topic, part, max(case when place = 0 then stamped end) as born,
          coalesce(max(case when place = 0 then 0 end), min(case when stamped >= ${instant(fromMs)} then place end)) as lowest
        from (${recent}) group by topic, part),
      parts as (
        select r.topic, count(*) as n, sum(is_event) as events, max(place) - min(place) + 1 as span,
          max(place) - min(lowest) as last, sum(place - lowest) as total, sum(${square}) as squares
        from (${recent}) r join heads h on r.topic = h.topic and r.part = h.part
        where place >= lowest and (born is null or stamped >= born - interval '1' second)
        group by r.topic, r.part),
      checked as (
        select *, cast(last as decimal(18,0)) * (last + 1) / 2 = total
          and cast(last as decimal(18,0)) * (last + 1) * (2 * last + 1) / 6 = squares as is_series from parts)
    select
      coalesce(sum(events), 0),
      coalesce(sum(case when topic <> 'dlq-events' then n - events end), 0),
      coalesce(sum(case when topic = 'dlq-events' then n - events end), 0),
      coalesce(sum(case when n > span then n - span when n = span and not is_series then 1 end), 0),
      coalesce(sum(case when n < span then span - n when n = span and not is_series then 1 end), 0),
      coalesce(sum(case when topic <> 'dlq-events' then span end), 0),
      coalesce(sum(case when topic = 'dlq-events' then span end), 0)
    from checked`;
}

/**
 * One row: received, canaries, duplicates, acked, rejected as the shims wrote them down by minute of arrival; then the
 * events and the dead letters that the tables hold of the same minutes.
 */
export function ledgerSql(fromMs: number): string {
  return `
    with minutes as (select * from ops.ingest_minutes where minute >= ${instant(fromMs)}),
      span as (select min(minute) as a, max(minute) + interval '1' minute as b from minutes)
    select
      (select coalesce(sum(received), 0) from minutes), (select coalesce(sum(canaries), 0) from minutes),
      (select coalesce(sum(duplicates), 0) from minutes), (select coalesce(sum(acked), 0) from minutes),
      (select coalesce(sum(rejected), 0) from minutes),
      (select count(*) from bronze.raw_events, span where producer_ingested_at >= a and producer_ingested_at < b),
      (select count(*) from bronze.dead_letter, span where kafka_topic <> 'dlq-events' and kafka_timestamp >= a and kafka_timestamp < b),
      (select count(*) from bronze.dead_letter, span where kafka_topic = 'dlq-events' and received_at >= a and received_at < b)`;
}

/** One row: rows written at or after `fromMs`, at least and at most; an epoch is told of some minutes after its rows were made. */
export function storedSql(fromMs: number): string {
  const count = (table: string, column: string, ms: number): string =>
    `(select count(*) from bronze.${table} where ${column} >= ${instant(ms)})`;
  const both = (ms: number): string =>
    `${count("raw_events", "bronze_processed_at", ms)} + ${count("dead_letter", "kafka_timestamp", ms)}`;
  return `select ${both(fromMs + skewMs)}, ${both(fromMs - skewMs)}`;
}
