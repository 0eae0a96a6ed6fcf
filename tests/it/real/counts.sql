-- One row a check that has anything in its scope.
SELECT
  policy || '/' || check_id                                           AS name,
  count(*)                                                            AS in_scope,
  count(*) FILTER (broken AND NOT exempt)                             AS open,
  count(*) FILTER (broken AND exempt)                                 AS exempt,
  coalesce(sum(cost) FILTER (broken AND NOT exempt AND cost > 0), (SELECT 0 * max(cost) FROM resources))::DECIMAL(38, 12) AS cost_in_violation
FROM verdicts
GROUP BY name
ORDER BY name
