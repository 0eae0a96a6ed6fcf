-- A FOCUS bill, as the language reference says that it becomes resources. Written by hand, for the
-- database's own CSV and JSON readers. `{file}` is the path of the file, `{month}` the first day of
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
FROM read_csv('{file}', all_varchar = true, header = true, delim = ',', quote = '"', escape = '"');

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
