-- Answers of `aws configservice select-resource-config`. `{file}` is the path of the file: one recorded
-- answer a line. The recorded queries select no tags.

CREATE OR REPLACE TABLE listed AS
SELECT
  row_number() OVER ()                                             AS line,
  found ->> 'resourceId'                                           AS resource_id,
  NULL::VARCHAR                                                    AS type,
  regexp_extract(resource_id, '([^/:]+)[/:]*$', 1)                 AS name,
  'aws'                                                            AS provider,
  CASE WHEN resource_id LIKE 'arn:%' THEN nullif(split_part(resource_id, ':', 5), '') END AS account,
  CASE WHEN resource_id LIKE 'arn:%' THEN nullif(split_part(resource_id, ':', 4), '') END AS region,
  NULL::VARCHAR                                                    AS cost,
  MAP {}::MAP(VARCHAR, VARCHAR)                                    AS tags
FROM (
  SELECT unnest(from_json(response -> 'Results', '["VARCHAR"]'))::JSON AS found
  FROM read_json('{file}', format = 'newline_delimited', columns = {response: 'JSON'})
)
WHERE found ->> 'resourceId' <> '';
