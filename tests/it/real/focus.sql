-- The charges of a FOCUS bill. `{file}` is the path of the file.

-- An empty cell, and the text NULL, is no value.
CREATE OR REPLACE MACRO cell(content) AS nullif(nullif(content, ''), 'NULL');

CREATE OR REPLACE TABLE charges AS
SELECT
  row_number() OVER ()                                     AS line,
  cell(ResourceId)                                         AS id,
  cell(ResourceName)                                       AS name,
  CASE ProviderName
    WHEN 'AWS'             THEN 'aws'
    WHEN 'Microsoft'       THEN 'azure'
    WHEN 'Microsoft Azure' THEN 'azure'
    WHEN 'Google Cloud'    THEN 'gcp'
    WHEN 'Oracle'          THEN 'oci'
  END                                                      AS provider,
  coalesce(cell(SubAccountId), cell(BillingAccountId))     AS account,
  cell(RegionId)                                           AS region,
  ChargePeriodStart::TIMESTAMP                             AS start,
  date_trunc('month', BillingPeriodStart::TIMESTAMP)       AS month,
  lower(cell(ChargeCategory))                              AS category,
  cell(ServiceName)                                        AS service,
  EffectiveCost::DECIMAL(38, 18)                           AS cost,
  cell(Tags)::JSON                                         AS tags
FROM read_csv('{file}', all_varchar = true, header = true, delim = ',', quote = '"', escape = '"');
