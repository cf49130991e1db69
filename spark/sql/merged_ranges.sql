-- Ranges in order, those that lie ${use.gap} and less apart as one; a straggler of this morning does not make it the whole day.
aggregate(
  ${use.ranges},
  cast(array() as array<struct<from_at: timestamp_ntz, until: timestamp_ntz>>),
  (merged, x) -> if(
    x.from_at <= element_at(merged, -1).until + ${use.gap},
    concat(slice(merged, 1, size(merged) - 1), array(
      named_struct('from_at', element_at(merged, -1).from_at, 'until', greatest(element_at(merged, -1).until, x.until))
    )),
    concat(merged, array(x))
  )
) as islands
