-- The charges of a legacy AWS cost and usage report without resources, tags and commitments. `{file}` is its path.

CREATE OR REPLACE TABLE charges AS
SELECT
  row_number() OVER ()                                     AS line,
  NULL::VARCHAR                                            AS id,
  NULL::VARCHAR                                            AS name,
  'aws'                                                    AS provider,
  "lineItem/UsageAccountId"                                AS account,
  coalesce(
    nullif("product/regionCode", ''), nullif("product/region", ''),
    nullif(regexp_extract("lineItem/AvailabilityZone", '^[a-z-]+[0-9]+'), '')
  )                                                        AS region,
  "lineItem/UsageStartDate"::TIMESTAMP                     AS start,
  date_trunc('month', "bill/BillingPeriodStartDate"::TIMESTAMP) AS month,
  lower("lineItem/LineItemType")                           AS category,
  "lineItem/ProductCode"                                   AS service,
  "lineItem/UnblendedCost"::DECIMAL(38, 18)                AS cost,
  '{}'::JSON                                               AS tags
FROM read_csv('{file}', all_varchar = true, header = true, delim = ',', quote = '"', escape = '"');
