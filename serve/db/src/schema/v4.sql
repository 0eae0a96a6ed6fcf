CREATE TABLE serve_conversations (tenant TEXT NOT NULL, project TEXT NOT NULL, user_id TEXT NOT NULL, memory TEXT NOT NULL, updated_at INTEGER NOT NULL, PRIMARY KEY (tenant, project, user_id)) ROWS;
