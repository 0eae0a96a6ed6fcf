-- A list of resources, one JSON object a line, as docs/inventories.md says that it is read. Written by
-- hand, for the database's own JSON reader. `{file}` is the path of the file.

CREATE OR REPLACE TABLE listed AS
SELECT row_number() OVER () AS line, * REPLACE (
  -- Accounts of AWS have 12 digits; these have lost the zeros at their start.
  CASE WHEN provider = 'aws' AND regexp_full_match(account, '[0-9]{8,11}') THEN lpad(account, 12, '0') ELSE account END
    AS account
) FROM read_json('{file}', format = 'newline_delimited', columns = {
  resource_id: 'VARCHAR', type: 'VARCHAR', name: 'VARCHAR', provider: 'VARCHAR', account: 'VARCHAR',
  region: 'VARCHAR', cost: 'VARCHAR', tags: 'MAP(VARCHAR, VARCHAR)'
});
