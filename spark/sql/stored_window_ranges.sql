-- Days and ranges of the windows that may change (view `reach`), and days of what is read for them besides.
-- @literals
select
  transform(stored_days, d -> date_format(d, 'yyyy-MM-dd')) as stored_dates,
  coalesce(islands[0].from_at, timestamp_ntz'9999-01-01') as stored_from,
  -- Baselines of a day judge the day after.
  array_distinct(transform(stored_days, d -> date_format(date_add(d, -1), 'yyyy-MM-dd'))) as baseline_dates,
  -- A revert labels the window of the edit it undoes from within two days after it.
  array_distinct(flatten(transform(stored_days, d -> transform(sequence(-${use.days_before}, cast(ceil(${gold.reverted_within_s} / 86400.0) as int)), n -> date_format(date_add(d, n), 'yyyy-MM-dd'))))) as context_dates,
  -- @use range_condition
  --   column: t.window_start
  --   name: stored_ranges
from (
  select islands, array_distinct(flatten(transform(islands, r -> sequence(to_date(r.from_at), to_date(r.until))))) as stored_days
  from (
    select
      -- @use merged_ranges
      --   ranges: ranges
      --   gap: interval 1 hour
    from (select sort_array(collect_set(named_struct('from_at', from_at, 'until', until))) as ranges from reach)
  )
)
