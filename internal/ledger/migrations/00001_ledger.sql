-- Times are microseconds since 1970 in UTC, 0 for never. JSON is TEXT. Empty text means none.

-- +goose Up
CREATE TABLE partitions (
    kind       TEXT    NOT NULL,
    key        TEXT    NOT NULL,
    label      TEXT    NOT NULL,
    gone       BOOLEAN NOT NULL,
    first_seen BIGINT  NOT NULL,
    last_seen  BIGINT  NOT NULL,
    PRIMARY KEY (kind, key)
);

CREATE TABLE items (
    asset        TEXT    NOT NULL,
    partition    TEXT    NOT NULL,
    id           TEXT    NOT NULL,
    label        TEXT    NOT NULL,
    fingerprint  TEXT    NOT NULL,
    input        TEXT    NOT NULL,
    state        TEXT    NOT NULL CHECK (state IN ('pending', 'made', 'staged', 'published', 'absent', 'quarantined')),
    code_version TEXT    NOT NULL,
    reason       TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    evidence     TEXT    NOT NULL,
    attempts     INTEGER NOT NULL,
    run          TEXT    NOT NULL,
    batch        INTEGER NOT NULL,
    seq          INTEGER NOT NULL,
    row          TEXT    NOT NULL,
    staged       TEXT    NOT NULL,
    part         TEXT    NOT NULL,
    first_seen   BIGINT  NOT NULL,
    updated      BIGINT  NOT NULL,
    PRIMARY KEY (asset, partition, id)
);

CREATE INDEX items_state ON items (asset, partition, state);
CREATE INDEX items_todo ON items (asset, partition, run, batch, seq) WHERE state IN ('pending', 'made');

CREATE TABLE materializations (
    id           BIGINT NOT NULL PRIMARY KEY,
    asset        TEXT   NOT NULL,
    partition    TEXT   NOT NULL,
    run          TEXT   NOT NULL,
    trace        TEXT   NOT NULL,
    state        TEXT   NOT NULL CHECK (state IN ('publishing', 'published', 'unchanged', 'failed')),
    version      BIGINT NOT NULL,
    rows         BIGINT NOT NULL,
    bytes        BIGINT NOT NULL,
    code_version TEXT   NOT NULL,
    upstream     TEXT   NOT NULL,
    snapshot     TEXT   NOT NULL,
    moves        TEXT   NOT NULL,
    requests     BIGINT NOT NULL,
    started      BIGINT NOT NULL,
    finished     BIGINT NOT NULL,
    reason       TEXT   NOT NULL
);

CREATE INDEX materializations_slice ON materializations (asset, partition, state, id, finished);

CREATE TABLE checks (
    id              BIGINT  NOT NULL PRIMARY KEY,
    asset           TEXT    NOT NULL,
    partition       TEXT    NOT NULL,
    run             TEXT    NOT NULL,
    materialization BIGINT  REFERENCES materializations (id),
    name            TEXT    NOT NULL,
    blocking        BOOLEAN NOT NULL,
    passed          BOOLEAN NOT NULL,
    detail          TEXT    NOT NULL,
    observed        TEXT    NOT NULL,
    at              BIGINT  NOT NULL
);

CREATE INDEX checks_slice ON checks (asset, partition, id);

CREATE TABLE runs (
    id        TEXT   NOT NULL PRIMARY KEY,
    workflow  TEXT   NOT NULL,
    selection TEXT   NOT NULL,
    plan      TEXT   NOT NULL,
    state     TEXT   NOT NULL CHECK (state IN ('running', 'succeeded', 'failed', 'canceled')),
    trace     TEXT   NOT NULL,
    started   BIGINT NOT NULL,
    finished  BIGINT NOT NULL,
    error     TEXT   NOT NULL
);

CREATE INDEX runs_started ON runs (started);

CREATE TABLE leases (
    session TEXT   NOT NULL PRIMARY KEY,
    hub     TEXT   NOT NULL,
    owner   TEXT   NOT NULL,
    expires BIGINT NOT NULL
);

-- interval is in microseconds at full pace; pace is the share of the configured rate in force.
CREATE TABLE budgets (
    host          TEXT             NOT NULL PRIMARY KEY,
    next_at       BIGINT           NOT NULL,
    interval      BIGINT           NOT NULL,
    pace          DOUBLE PRECISION NOT NULL,
    blocked_until BIGINT           NOT NULL,
    refused       BOOLEAN          NOT NULL,
    refusals      INTEGER          NOT NULL,
    reason        TEXT             NOT NULL,
    updated       BIGINT           NOT NULL
);

-- +goose Down
DROP TABLE budgets;
DROP TABLE leases;
DROP TABLE runs;
DROP TABLE checks;
DROP TABLE materializations;
DROP TABLE items;
DROP TABLE partitions;
