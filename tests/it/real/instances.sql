-- Answers of `aws ec2 describe-instances`. `{file}` is the path of the file: one recorded answer a line.

CREATE OR REPLACE TABLE listed AS
SELECT
  row_number() OVER ()                                             AS line,
  -- An ARN where the answer tells enough for one.
  coalesce('arn:aws:ec2:' || region || ':' || account || ':instance/' || id, id) AS resource_id,
  'ec2:instance'                                                   AS type,
  'aws'                                                            AS provider,
  account,
  region,
  NULL::VARCHAR                                                    AS cost,
  map_from_entries(from_json(found -> 'Tags', '[{"Key": "VARCHAR", "Value": "VARCHAR"}]')) AS tags,
  coalesce(tags['Name'], tags['name'], id)                         AS name
FROM (
  SELECT account, found, found ->> 'InstanceId' AS id,
    rtrim(found -> 'Placement' ->> 'AvailabilityZone', 'abcdef') AS region
  FROM (
    SELECT nullif(reservation ->> 'OwnerId', '') AS account,
      unnest(from_json(reservation -> 'Instances', '["JSON"]')) AS found
    FROM (
      SELECT unnest(from_json(response -> 'Reservations', '["JSON"]')) AS reservation
      FROM read_json('{file}', format = 'newline_delimited', columns = {response: 'JSON'})
    )
  )
);
