-- Answers of an AWS describe command. `{file}` is the path of the file, one recorded answer a line;
-- `{list}` the member that lists what is described, `{id}`, `{name}` and `{tags}` the members of that.

CREATE OR REPLACE TABLE listed AS
SELECT
  row_number() OVER ()                                             AS line,
  found ->> '{id}'                                                 AS resource_id,
  NULL::VARCHAR                                                    AS type,
  'aws'                                                            AS provider,
  -- The ARN tells them; what has none is in a zone, and the last letter of that is not the region's.
  nullif(split_part(resource_id, ':', 5), '')                      AS account,
  coalesce(rtrim(found ->> 'AvailabilityZone', 'abcdef'), nullif(split_part(resource_id, ':', 4), '')) AS region,
  NULL::VARCHAR                                                    AS cost,
  map_from_entries(from_json(found -> '{tags}', '[{"Key": "VARCHAR", "Value": "VARCHAR"}]')) AS tags,
  coalesce(
    found ->> '{name}', tags['Name'], tags['name'], regexp_extract(resource_id, '([^/:]+)[/:]*$', 1)
  )                                                                AS name
FROM (
  SELECT unnest(from_json(response -> '{list}', '["JSON"]')) AS found
  FROM read_json('{file}', format = 'newline_delimited', columns = {response: 'JSON'})
)
WHERE found ->> '{id}' <> '';
