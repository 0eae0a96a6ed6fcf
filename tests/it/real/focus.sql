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
  -- Accounts of AWS have 12 digits, of which these have lost the zeros at their start; subscriptions of Azure have
  -- their ids only.
  CASE
    WHEN ProviderName = 'AWS' AND regexp_full_match(coalesce(cell(SubAccountId), cell(BillingAccountId)), '[0-9]{8,11}')
      THEN lpad(coalesce(cell(SubAccountId), cell(BillingAccountId)), 12, '0')
    ELSE coalesce(regexp_replace(cell(SubAccountId), '^/subscriptions/', ''), cell(BillingAccountId))
  END                                                      AS account,
  cell(RegionId)                                           AS region,
  ChargePeriodStart::TIMESTAMP                             AS start,
  date_trunc('month', BillingPeriodStart::TIMESTAMP)       AS month,
  lower(cell(ChargeCategory))                              AS category,
  cell(ServiceName)                                        AS service,
  EffectiveCost::DECIMAL(38, 18)                           AS cost,
  cell(Tags)::JSON                                         AS tags
FROM read_csv('{file}', all_varchar = true, header = true, delim = ',', quote = '"', escape = '"');
