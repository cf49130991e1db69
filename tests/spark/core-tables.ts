/** What a run's order, its kills, its repeats and its gates do is the same for every table: three are enough to show it. */
export const core = ["silver.cleaned_events", "silver.reverts", "gold.hourly_stats"];
export const coreFlags = ["--tables", core.join(",")];
