/** Places at which a run can be killed, in the order in which a cycle meets them. */
export const boundaries = [
  "started",
  "bronze_dq",
  "bronze_judged",
  "silver_loaded",
  "silver_judged",
  "silver_published",
  "gold_loaded",
  "gold_judged",
  "gold_published",
];
