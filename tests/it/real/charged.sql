-- Each charge by itself, as docs/costs.md says: its tags are those it was billed with. Replaces `native` and
-- `resources`, so that the tags of `ten.tagpol` are made of charges; reads `charges`.

CREATE OR REPLACE TABLE native AS
SELECT line AS id, key, value ->> '$' AS value
FROM (SELECT line, unnest(json_keys(tags)) AS key, tags FROM charges)
CROSS JOIN LATERAL (SELECT tags -> ('$."' || key || '"') AS value)
WHERE json_type(value) <> 'NULL';

-- Where charges of one resource disagree about what it is, the latest is believed.
CREATE OR REPLACE TABLE known AS
SELECT
  id,
  arg_max(provider, (start, line))                             AS provider,
  arg_max(account, (start, line)) FILTER (account IS NOT NULL) AS account,
  arg_max(region, (start, line)) FILTER (region IS NOT NULL)   AS region
FROM charges WHERE id IS NOT NULL GROUP BY id;

CREATE OR REPLACE TABLE resources AS
SELECT
  charges.line                                  AS id,
  charges.id                                    AS resource,
  coalesce(known.provider, charges.provider)    AS provider,
  coalesce(known.account, charges.account)      AS account,
  coalesce(known.region, charges.region)        AS region,
  month, start, category, service, cost
FROM charges LEFT JOIN known ON known.id = charges.id;
