CREATE TABLE serve_access (tenant TEXT NOT NULL, at INTEGER NOT NULL, id TEXT NOT NULL, project TEXT NOT NULL, actor TEXT NOT NULL, method TEXT NOT NULL, route TEXT NOT NULL, status INTEGER NOT NULL, milliseconds INTEGER NOT NULL, address TEXT NOT NULL, trace_id TEXT NOT NULL, PRIMARY KEY (tenant, at, id)) ROWS;
UPDATE serve_schedules SET enabled = 1 WHERE name = 'retrain-models';
