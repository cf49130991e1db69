-- What was touched, as days and ranges of time that the reads below are cut to.
-- @literals
select
  transform(touched_days, d -> date_format(d, 'yyyy-MM-dd')) as dates,
  array_distinct(flatten(transform(touched_days, d -> transform(sequence(0, ${silver.revert_window_days}), n -> date_format(date_add(d, n), 'yyyy-MM-dd'))))) as later_dates,
  coalesce(starts[0], timestamp_ntz'9999-01-01') as first_at,
  size(starts) as ${use.count},
  -- @use range_condition
  --   column: e.event_timestamp
  --   name: event_ranges
from (
  select
    starts,
    array_distinct(transform(starts, x -> to_date(x))) as touched_days,
    -- @use merged_ranges
    --   ranges: transform(starts, x -> named_struct('from_at', x, 'until', x + ${use.length}))
    --   gap: ${use.gap}
  from (select sort_array(collect_set(${use.start})) as starts from touched)
)
