-- Conditions on ${use.column}, as literals; more ranges than statistics of files can use at once become one.
if(
  size(islands) between 1 and ${gold.ranges_max},
  transform(islands, r -> named_struct('${use.column}', r.from_at, 'until', r.until)),
  array(named_struct(
    '${use.column}', coalesce(islands[0].from_at, timestamp_ntz'9999-01-01'),
    'until', coalesce(element_at(islands, -1).until, timestamp_ntz'9999-01-01')
  ))
) as ${use.name}
