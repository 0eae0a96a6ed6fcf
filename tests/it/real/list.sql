-- A list of resources, one JSON object a line, as docs/inventories.md says that it is read. Written by
-- hand, for the database's own JSON reader. `{file}` is the path of the file.

CREATE OR REPLACE TABLE listed AS
SELECT row_number() OVER () AS line, * FROM read_json('{file}', format = 'newline_delimited', columns = {
  resource_id: 'VARCHAR', type: 'VARCHAR', name: 'VARCHAR', provider: 'VARCHAR', account: 'VARCHAR',
  region: 'VARCHAR', cost: 'VARCHAR', tags: 'MAP(VARCHAR, VARCHAR)'
});
