-- The charges of an Azure cost export. `{file}` is the path of the file, `{cost}` is its column
-- of costs.

CREATE OR REPLACE TABLE charges AS
SELECT
  row_number() OVER ()                                     AS line,
  -- Azure's ids compare without case.
  lower(nullif(ResourceId, ''))                            AS id,
  nullif(ResourceName, '')                                 AS name,
  'azure'                                                  AS provider,
  coalesce(nullif(SubscriptionId, ''), nullif(BillingAccountId, '')) AS account,
  lower(replace(nullif(ResourceLocation, ''), ' ', ''))    AS region,
  strptime("Date", '%m/%d/%Y')                             AS start,
  date_trunc('month', strptime(BillingPeriodStartDate, '%m/%d/%Y')) AS month,
  -- What of a commitment is unused is usage too.
  lower(replace(replace(nullif(ChargeType, ''), 'UnusedSavingsPlan', 'Usage'), 'UnusedReservation', 'Usage'))
                                                           AS category,
  coalesce(nullif(ConsumedService, ''), nullif(MeterCategory, '')) AS service,
  {cost}::DECIMAL(38, 18)                                  AS cost,
  -- JSON without its braces.
  ('{' || Tags || '}')::JSON                               AS tags
FROM read_csv('{file}', all_varchar = true, header = true, delim = ',', quote = '"', escape = '"');
