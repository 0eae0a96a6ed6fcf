-- The tags of `ten.tagpol`, by hand. Reads the tables `resources` and `native`, which the queries of each
-- format make, and makes `tagged`.

-- Spellings of one key differ in case and in these characters only. The key of the policy's own spelling
-- is asked first, then the others by their bytes; keys that a `normalize` lists come in its order.
CREATE OR REPLACE TABLE spelt AS
SELECT id, key, value,
  lower(regexp_replace(key, '[-_.: ]', '', 'g')) AS folded,
  list_position(['environment', 'env', 'stage'], lower(regexp_replace(key, '[-_.: ]', '', 'g'))) AS trust,
  key NOT IN ('environment', 'env', 'stage', 'application', 'business-unit', 'cost-center', 'owner',
    'review-date') AS is_other
FROM native;

-- What the map of `environment` makes of a value: NULL is junk.
CREATE OR REPLACE MACRO mapped(value) AS
  CASE
    WHEN lower(trim(value)) IN ('production', 'prod', 'prd') THEN 'production'
    WHEN lower(trim(value)) LIKE 'dev%'                      THEN 'development'
    WHEN lower(trim(value)) = 'staging'                      THEN 'staging'
    WHEN lower(trim(value)) IN ('n/a', '')                   THEN NULL
    ELSE value
  END;

CREATE OR REPLACE TABLE raw AS
SELECT
  id,
  arg_min(mapped(value), (trust, is_other, key::BLOB)) FILTER (trust > 0 AND mapped(value) IS NOT NULL)
                                                                             AS environment,
  arg_min(value, (is_other, key::BLOB)) FILTER (folded = 'application')      AS application,
  arg_min(value, (is_other, key::BLOB)) FILTER (folded = 'businessunit')     AS business_unit,
  arg_min(value, (is_other, key::BLOB)) FILTER (folded = 'costcenter')       AS cost_center,
  arg_min(value, (is_other, key::BLOB)) FILTER (folded = 'owner')            AS owner,
  arg_min(value, (is_other, key::BLOB)) FILTER (folded = 'reviewdate')       AS review_date,
  bool_or(key = 'SyntheticFleetSize')                                        AS has_fleet_size,
  bool_or(key = 'environment')                                               AS has_lower_environment,
  bool_or(key = 'business_unit')                                             AS has_lower_business_unit,
  any_value(value) FILTER (key = 'application')                              AS lower_application
FROM spelt
GROUP BY id;

-- Valid once trimmed is trimmed; what is not valid stays as it was found.
CREATE OR REPLACE TABLE owned AS
SELECT
  * EXCLUDE (cost_center, owner, review_date),
  CASE
    WHEN regexp_full_match(upper(trim(cost_center)), 'CC-[0-9]{4}') THEN upper(trim(cost_center))
    ELSE cost_center
  END AS cost_center,
  -- `team-data` is an address of the company.
  CASE
    WHEN regexp_full_match(trim(owner), 'team-[a-z]+', 'i') THEN substr(trim(owner), 6) || '@example.com'
    WHEN regexp_full_match(trim(owner), '[^@ ]+@[^@ ]+\.[A-Za-z]+') THEN trim(owner)
    ELSE owner
  END AS owner,
  review_date AS native_review_date
FROM raw;

CREATE OR REPLACE TABLE tagged AS
SELECT
  resources.*,
  environment,
  application,
  business_unit,
  cost_center,
  owner,
  CASE
    WHEN owner = 'data@example.com'        THEN DATE '2026-05-20'
    WHEN native_review_date IS NOT NULL
      THEN CASE WHEN regexp_full_match(trim(native_review_date), '[0-9]{4}-[0-9]{2}-[0-9]{2}')
        THEN TRY_CAST(native_review_date AS DATE) END
    WHEN owner = 'platform@example.com'    THEN DATE '2025-12-24'
  END AS review_date,
  coalesce(has_fleet_size, false)          AS has_fleet_size,
  coalesce(has_lower_environment, false)   AS has_lower_environment,
  coalesce(has_lower_business_unit, false) AS has_lower_business_unit,
  lower_application
FROM resources LEFT JOIN owned USING (id);
