-- One row: what the summary of an evaluation says.
SELECT
  (SELECT count(*) FROM resources)                                                     AS resources,
  (SELECT count(*) FROM resources WHERE id NOT IN (
    SELECT id FROM verdicts WHERE broken AND NOT exempt))                              AS compliant,
  (SELECT sum(cost) FROM resources)                                                    AS cost,
  (SELECT coalesce(sum(cost) FILTER (WHERE cost > 0), (SELECT 0 * max(cost) FROM resources)) FROM resources WHERE id IN (
    SELECT id FROM verdicts WHERE broken AND NOT exempt))                              AS cost_in_violation,
  (SELECT count(*) FROM verdicts WHERE broken AND NOT exempt AND severity = 'critical') AS critical,
  (SELECT count(*) FROM verdicts WHERE broken AND NOT exempt AND severity = 'high')     AS high,
  (SELECT count(*) FROM verdicts WHERE broken AND NOT exempt AND severity = 'medium')   AS medium,
  (SELECT count(*) FROM verdicts WHERE broken AND NOT exempt AND severity = 'low')      AS low,
  (SELECT count(*) FROM verdicts WHERE broken AND exempt)                               AS exempt
