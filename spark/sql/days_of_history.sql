-- Days that got events, the days whose periods they are in, and the days those periods are made of.
-- @view new_days cached
select distinct event_date as stat_date from ${cleaned_events} where silver_processed_at > ${cleaned_events_mark}

-- @literals
select
  coalesce((select sort_array(collect_set(stat_date)) from new_days), array()) as new_dates,
  coalesce((
    select sort_array(collect_set(date_format(date_add(to_date(stat_date), n), 'yyyy-MM-dd')))
    from new_days lateral view explode(sequence(0, ${gold.history_month_days} - 1)) as n
  ), array()) as following_dates,
  coalesce((
    select sort_array(collect_set(date_format(date_add(to_date(stat_date), n), 'yyyy-MM-dd')))
    from new_days lateral view explode(sequence(1 - ${gold.history_month_days}, ${gold.history_month_days} - 1)) as n
  ), array()) as around_dates
