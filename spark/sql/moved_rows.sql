-- Rows that are new or changed since the last run, and those that it read and that are gone, or not so, any more.
select ${use.columns}
from ${use.rows}
where ${use.processed} > ${use.mark} and not ${is_first}
union all
select ${use.columns}
from ${use.before}
left anti join (select ${use.key}, ${use.processed} from ${use.rows} where ${use.near}) using (${use.key}, ${use.processed})
where ${use.near} and not ${is_first}
