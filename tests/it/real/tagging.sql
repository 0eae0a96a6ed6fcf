-- Answers of the AWS tagging API. `{file}` is the path of the file: one recorded answer a line.

CREATE OR REPLACE TABLE listed AS
SELECT
  row_number() OVER ()                                             AS line,
  found.ResourceARN                                                AS resource_id,
  CASE WHEN found.ResourceARN LIKE 'arn:aws:ec2:%:instance/%' THEN 'ec2:instance' END AS type,
  'aws'                                                            AS provider,
  nullif(split_part(found.ResourceARN, ':', 5), '')                AS account,
  nullif(split_part(found.ResourceARN, ':', 4), '')                AS region,
  NULL::VARCHAR                                                    AS cost,
  map_from_entries(found.Tags)                                     AS tags,
  coalesce(tags['Name'], tags['name'], regexp_extract(found.ResourceARN, '([^/:]+)[/:]*$', 1)) AS name
FROM (
  SELECT unnest(response.ResourceTagMappingList) AS found
  FROM read_json('{file}', format = 'newline_delimited', columns = {
    response: 'STRUCT(ResourceTagMappingList STRUCT(ResourceARN VARCHAR, Tags STRUCT("Key" VARCHAR, "Value" VARCHAR)[])[])'
  })
);
