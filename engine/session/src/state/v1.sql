CREATE TABLE tagpol_state.store_version (version BIGINT NOT NULL);

-- Only appended to. `seq` counts from 1 without gaps.
CREATE TABLE tagpol_state.decisions (
  seq BIGINT NOT NULL,
  made_at TIMESTAMP NOT NULL,
  who VARCHAR NOT NULL,
  action VARCHAR NOT NULL,
  resource VARCHAR NOT NULL,
  tag VARCHAR NOT NULL,
  old_value VARCHAR,
  new_value VARCHAR,
  note VARCHAR
);

-- What the model says; replaced as a whole.
CREATE TABLE tagpol_state.predictions (
  resource VARCHAR NOT NULL,
  tag VARCHAR NOT NULL,
  value VARCHAR NOT NULL,
  confidence DOUBLE NOT NULL
);

-- What findings are of: a check and the tag that it is about.
CREATE TABLE tagpol_state.checks (
  id BIGINT NOT NULL,
  policy VARCHAR NOT NULL,
  check_id VARCHAR NOT NULL,
  tag VARCHAR
);

-- A row for each time that a finding was there. While it is: both ends NULL. `last_seen` alone:
-- nothing has looked at it since. Both: it was resolved.
CREATE TABLE tagpol_state.findings (
  check_no BIGINT NOT NULL,
  resource VARCHAR NOT NULL,
  first_seen TIMESTAMP NOT NULL,
  last_seen TIMESTAMP,
  resolved_at TIMESTAMP
);

CREATE TABLE tagpol_state.runs (
  id BIGINT NOT NULL,
  run_at TIMESTAMP NOT NULL,
  snapshot VARCHAR NOT NULL,
  program VARCHAR NOT NULL,
  score DOUBLE NOT NULL,
  resources BIGINT NOT NULL,
  compliant BIGINT NOT NULL,
  open_critical BIGINT NOT NULL,
  open_high BIGINT NOT NULL,
  open_medium BIGINT NOT NULL,
  open_low BIGINT NOT NULL,
  pending BIGINT NOT NULL,
  exempt BIGINT NOT NULL,
  currency VARCHAR,
  cost DECIMAL(38, 12),
  cost_in_violation DECIMAL(38, 12)
);

CREATE TABLE tagpol_state.run_goals (
  run BIGINT NOT NULL,
  goal VARCHAR NOT NULL,
  share DOUBLE,
  at_least DOUBLE NOT NULL
)
