-- A FOCUS bill, as the language reference says that it becomes resources. Written by hand, for the
-- database's own CSV and JSON readers. `{bill}` is the path of the file, `{month}` the first day of
-- the month whose costs count.

-- An empty cell, and the text NULL, is no value.
CREATE OR REPLACE MACRO cell(content) AS nullif(nullif(content, ''), 'NULL');

-- Twelve decimals, halves to the even neighbour. The amount has 14.
CREATE OR REPLACE MACRO twelve_decimals(amount) AS round(
  CASE
    WHEN abs(amount) % 0.000000000002 = 0.0000000000005 THEN amount - sign(amount) * 0.0000000000005
    ELSE amount
  END, 12
)::DECIMAL(38, 12);

CREATE OR REPLACE TABLE charges AS
SELECT
  row_number() OVER ()                                     AS line,
  cell(ResourceId)                                         AS id,
  cell(ResourceName)                                       AS name,
  cell(ProviderName)                                       AS provider,
  coalesce(cell(SubAccountId), cell(BillingAccountId))     AS account,
  cell(RegionId)                                           AS region,
  ChargePeriodStart::TIMESTAMP                             AS start,
  EffectiveCost::DECIMAL(38, 14)                           AS cost,
  cell(Tags)::JSON                                         AS tags
FROM read_csv('{bill}', all_varchar = true, header = true, delim = ',', quote = '"', escape = '"');

-- Where charges of one resource differ, the latest is believed, of equals the later row.
CREATE OR REPLACE TABLE native AS
SELECT id, key, arg_max(value ->> '$', (start, line)) AS value
FROM (SELECT id, start, line, unnest(json_keys(tags)) AS key, tags FROM charges WHERE id IS NOT NULL)
CROSS JOIN LATERAL (SELECT tags -> ('$."' || key || '"') AS value)
WHERE json_type(value) <> 'NULL'
GROUP BY id, key;

CREATE OR REPLACE TABLE resources AS
SELECT
  id,
  coalesce(
    arg_max(name, (start, line)) FILTER (name IS NOT NULL),
    regexp_extract(id, '([^/:]+)[/:]*$', 1)
  )                                                        AS name,
  CASE arg_max(provider, (start, line))
    WHEN 'AWS'             THEN 'aws'
    WHEN 'Microsoft'       THEN 'azure'
    WHEN 'Microsoft Azure' THEN 'azure'
    WHEN 'Google Cloud'    THEN 'gcp'
    WHEN 'Oracle'          THEN 'oci'
  END                                                      AS provider,
  arg_max(account, (start, line)) FILTER (account IS NOT NULL) AS account,
  arg_max(region, (start, line)) FILTER (region IS NOT NULL)   AS region,
  -- Bare ids of EC2, and its ARNs.
  regexp_full_match(id, 'i-([0-9a-f]{8}|[0-9a-f]{17})|arn:aws:ec2:[^:]*:[^:]*:instance/.*') AS is_instance,
  twelve_decimals(coalesce(sum(cost) FILTER (date_trunc('month', start) = DATE '{month}'), 0)) AS cost
FROM charges
WHERE id IS NOT NULL
GROUP BY id;

-- Spellings of one key differ in case and in these characters only.
CREATE OR REPLACE TABLE raw AS
SELECT
  id,
  any_value(value) FILTER (folded IN ('environment', 'env', 'stage')) AS environment,
  any_value(value) FILTER (folded = 'application')                    AS application,
  any_value(value) FILTER (folded = 'businessunit')                   AS business_unit,
  any_value(value) FILTER (folded = 'costcenter')                     AS cost_center,
  any_value(value) FILTER (folded = 'owner')                          AS owner,
  bool_or(key = 'SyntheticFleetSize')                                 AS has_fleet_size,
  bool_or(key = 'environment')                                        AS has_lower_environment,
  bool_or(key = 'business_unit')                                      AS has_lower_business_unit,
  any_value(value) FILTER (key = 'application')                       AS lower_application
FROM (SELECT *, lower(regexp_replace(key, '[-_.: ]', '', 'g')) AS folded FROM native)
GROUP BY id;

CREATE OR REPLACE TABLE tagged AS
SELECT
  resources.*,
  CASE
    WHEN lower(trim(environment)) IN ('production', 'prod', 'prd') THEN 'production'
    WHEN lower(trim(environment)) LIKE 'dev%'                      THEN 'development'
    WHEN lower(trim(environment)) = 'staging'                      THEN 'staging'
    WHEN lower(trim(environment)) IN ('n/a', '')                   THEN NULL
    ELSE environment
  END AS environment,
  application,
  business_unit,
  CASE
    WHEN regexp_full_match(upper(trim(cost_center)), 'CC-[0-9]{4}') THEN upper(trim(cost_center))
    ELSE cost_center
  END AS cost_center,
  -- `team-data` is an address of the company.
  CASE
    WHEN regexp_full_match(owner, 'team-[a-z]+') THEN substr(owner, 6) || '@example.com'
    ELSE owner
  END AS owner,
  CASE owner
    WHEN 'team-data'     THEN DATE '2026-05-20'
    WHEN 'team-platform' THEN DATE '2025-12-24'
  END AS review_date,
  coalesce(has_fleet_size, false)          AS has_fleet_size,
  coalesce(has_lower_environment, false)   AS has_lower_environment,
  coalesce(has_lower_business_unit, false) AS has_lower_business_unit,
  lower_application
FROM resources LEFT JOIN raw USING (id);
