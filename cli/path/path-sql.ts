/*
 * What the tables say of the path, as SQL for Athena. Times are of our own making: numbers printed as literals.
 */

/** Records of one partition are stamped by their sender: how far their order may differ from that of the offsets. */
const skewMs = 10 * 60_000;

const instant = (ms: number): string => `timestamp '${new Date(ms).toISOString().slice(0, 23).replace("T", " ")}'`;

/**
 * One row: events, refused, deadLetters, repeated, holes, offsets of raw-events, offsets of dlq-events. Of each partition
 * what stands behind its first offset at or after `fromMs`.
 */
export function tablesSql(fromMs: number): string {
  const since = instant(fromMs - skewMs);
  const table = (name: string): string =>
    `select '${name}' as kind, kafka_topic as topic, kafka_partition as part, kafka_offset as place, kafka_timestamp as stamped
     from bronze.${name} where kafka_timestamp >= ${since}`;
  return `
    with recent as (${table("raw_events")} union all ${table("dead_letter")}),
      heads as (select topic, part, min(place) as place from recent where stamped >= ${instant(fromMs)} group by topic, part),
      stored as (select r.* from recent r join heads f on r.topic = f.topic and r.part = f.part and r.place >= f.place),
      parts as (select topic, part, count(*) as n, count(distinct cast(place as varchar) || '/' || cast(stamped as varchar)) as d,
        count(distinct place) as places, max(place) - min(place) + 1 as span from stored group by topic, part)
    select
      (select count(*) from stored where kind = 'raw_events'),
      (select count(*) from stored where kind = 'dead_letter' and topic <> 'dlq-events'),
      (select count(*) from stored where kind = 'dead_letter' and topic = 'dlq-events'),
      (select coalesce(sum(n - d), 0) from parts),
      (select coalesce(sum(span - places), 0) from parts),
      (select coalesce(sum(span), 0) from parts where topic <> 'dlq-events'),
      (select coalesce(sum(span), 0) from parts where topic = 'dlq-events')`;
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
