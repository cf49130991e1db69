// Columns of the staging tables, as Glue wants them.
const columns = (text) =>
  text
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .map(([name, type]) => ({ Name: name, Type: type }));

module.exports = {
  raw_events: columns(`
    event_id string
    kafka_topic string
    kafka_partition int
    kafka_offset bigint
    kafka_timestamp timestamp
    raw_event string`),
  dead_letter: columns(`
    dead_letter_id string`),
  feed_sessions: columns(`session_id string`),
  ingest_minutes: columns(`minute timestamp`),
  feed_gaps: columns(`gap_id string`),
  pipeline_runs: columns(`run_id string`),
};
