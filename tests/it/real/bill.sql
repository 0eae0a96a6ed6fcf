-- A bill's charges, as docs/inventories.md says that they become resources. Reads the table `charges`;
-- `{month}` is the first day of the month whose costs count.

-- Twelve decimals, halves to the even neighbour. Amounts have 18 at most.
CREATE OR REPLACE MACRO twelve_decimals(amount) AS round(
  CASE
    WHEN abs(amount) % 0.000000000002 = 0.0000000000005 THEN amount - sign(amount) * 0.0000000000005
    ELSE amount
  END, 12
)::DECIMAL(38, 12);

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
  arg_max(provider, (start, line))                         AS provider,
  arg_max(account, (start, line)) FILTER (account IS NOT NULL) AS account,
  arg_max(region, (start, line)) FILTER (region IS NOT NULL)   AS region,
  -- Bare ids of EC2, and its ARNs.
  regexp_full_match(id, 'i-([0-9a-f]{8}|[0-9a-f]{17})|arn:aws:ec2:[^:]*:[^:]*:instance/.*') AS is_instance,
  twelve_decimals(coalesce(sum(cost) FILTER (month = DATE '{month}'), 0)) AS cost
FROM charges
WHERE id IS NOT NULL
GROUP BY id;
