-- Rows about resources become resources, as docs/inventories.md says. Reads the table `listed`.

-- A bare id of EC2 is the resource of the one ARN that ends in it, unless their accounts differ.
CREATE OR REPLACE TABLE rows AS
SELECT listed.* EXCLUDE (resource_id), coalesce(arn, resource_id) AS id
FROM listed LEFT JOIN (
  SELECT bare.line, any_value(arn.resource_id) AS arn
  FROM listed AS bare JOIN listed AS arn
    ON arn.resource_id LIKE 'arn:aws%/' || bare.resource_id
      AND coalesce(arn.account = bare.account, true)
  WHERE regexp_full_match(bare.resource_id, '(i|vol|snap|ami|sg|vpc|subnet|eni)-([0-9a-f]{8}|[0-9a-f]{17})')
  GROUP BY bare.line HAVING count(DISTINCT arn.resource_id) = 1
) USING (line);

-- Of two rows of a resource the later one is believed, key by key and field by field.
CREATE OR REPLACE TABLE native AS
SELECT id, key, arg_max(value, line) AS value
FROM (
  SELECT id, line, entry.key AS key, entry.value AS value
  FROM (SELECT id, line, unnest(map_entries(tags)) AS entry FROM rows)
)
WHERE value IS NOT NULL
GROUP BY id, key;

CREATE OR REPLACE TABLE resources AS
SELECT
  id,
  arg_max(name, line)                       AS name,
  arg_max(provider, line)                   AS provider,
  arg_max(account, line)                    AS account,
  -- Azure's long names of regions are folded to its short ones; an ARN tells its region itself.
  coalesce(
    arg_max(
      nullif(CASE WHEN provider = 'azure' THEN lower(replace(region, ' ', '')) ELSE region END, ''), line
    ),
    nullif(regexp_extract(id, '^arn:aws:[a-z0-9-]+:([a-z]+-[a-z]+-[0-9]+):', 1), '')
  )                                         AS region,
  arg_max(type, line) = 'ec2:instance'      AS is_instance,
  sum(CAST(cost AS DECIMAL(38, 12)))        AS cost
FROM rows
GROUP BY id;
