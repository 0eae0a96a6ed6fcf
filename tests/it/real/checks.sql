-- The policies of `ten.tagpol` on 2026-06-01, by hand: a row for each check of each resource in
-- its scope, and whether it is broken and waived. Reads the table that `resources.sql` makes.

CREATE OR REPLACE TABLE verdicts AS
SELECT 'environment-known' AS policy, 'environment' AS check_id, 'medium' AS severity, id, cost,
  environment IS NULL OR environment NOT IN ('production', 'staging', 'development') AS broken,
  coalesce(account IN ('011353890204', '200000000013'), false) AS exempt
FROM tagged

UNION ALL
SELECT 'aws-is-described', 'application', 'low', id, cost, application IS NULL, false
FROM tagged WHERE provider = 'aws'

UNION ALL
SELECT 'aws-is-described', 'business-unit', 'low', id, cost, business_unit IS NULL, false
FROM tagged WHERE provider = 'aws'

UNION ALL
SELECT 'cost-center-form', 'cost-center', 'high', id, cost,
  cost_center IS NULL OR NOT regexp_full_match(cost_center, 'CC-[0-9]{4}'), false
FROM tagged WHERE provider IN ('aws', 'azure', 'gcp')

UNION ALL
SELECT 'expensive-is-owned', 'owner', 'critical', id, cost,
  owner IS NULL OR NOT regexp_full_match(owner, '[^@ ]+@[^@ ]+\.[a-z]+'), false
FROM tagged WHERE cost > 100

UNION ALL
SELECT 'expensive-is-owned', 'known-center', 'critical', id, cost,
  cost_center IS NULL OR cost_center NOT IN ('CC-1042', 'CC-3110'), false
FROM tagged WHERE cost > 100

-- Its waiver ended the day before.
UNION ALL
SELECT 'no-fleet-size', 'fleet-size', 'medium', id, cost, has_fleet_size, false
FROM tagged

UNION ALL
SELECT 'fleets-are-no-development', 'environment', 'low', id, cost,
  coalesce(environment = 'development', false), false
FROM tagged WHERE regexp_matches(name, '(^|[^a-z])(fleet|savingsplan)([^a-z]|$)')

UNION ALL
SELECT 'arns-are-accounted', 'accounted', 'high', id, cost, application IS NULL AND cost_center IS NULL, false
FROM tagged WHERE id LIKE '%arn:%' AND id NOT LIKE 'urn:%'

-- `NULL NOT IN` is no match either.
UNION ALL
SELECT 'production-stays-home', 'environment', 'critical', id, cost,
  coalesce(environment = 'production', false), false
FROM tagged WHERE region NOT IN ('us-west-2', 'us-east-1', 'eastus', 'us-central1')

UNION ALL
SELECT 'production-is-reviewed', 'review-date', 'medium', id, cost,
  NOT coalesce(review_date BETWEEN DATE '2026-06-01' - 90 AND DATE '2026-06-01', false), false
FROM tagged WHERE environment = 'production' AND cost >= 0.01

UNION ALL
SELECT 'lower-case-keys', 'described', 'low', id, cost,
  NOT (has_lower_business_unit AND coalesce(lower_application <> 'BrightPathMatrix', false)), false
FROM tagged WHERE has_lower_environment

UNION ALL
SELECT 'instances-have-ids', 'long-id', 'low', id, cost, NOT regexp_full_match(id, 'i-[0-9a-f]{17}'), false
FROM tagged WHERE is_instance

UNION ALL
SELECT 'no-credits', 'credit', 'low', id, cost, cost < 0, false
FROM tagged;
