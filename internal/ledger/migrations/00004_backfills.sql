-- A backfill is a durable object over many partitions. Its steps are the truth about each of them; the workflow that
-- carries it out holds counters only. A step without an asset is a barrier: it is done as soon as all it needs is
-- done, so that "everything of that asset" costs one row instead of one edge for each pair.

-- +goose Up
CREATE TABLE backfills (
    id            TEXT             NOT NULL PRIMARY KEY,
    selection     TEXT             NOT NULL,
    partitions    TEXT             NOT NULL,
    mode          TEXT             NOT NULL,
    max_in_flight INTEGER          NOT NULL,
    rate          DOUBLE PRECISION NOT NULL,
    priority      INTEGER          NOT NULL,
    state         TEXT             NOT NULL CHECK (state IN ('running', 'paused', 'canceling', 'canceled', 'completed', 'failed')),
    planned       BIGINT           NOT NULL,
    epoch         BIGINT           NOT NULL,
    execution     TEXT             NOT NULL,
    code          TEXT             NOT NULL,
    trace         TEXT             NOT NULL,
    error         TEXT             NOT NULL,
    created       BIGINT           NOT NULL,
    updated       BIGINT           NOT NULL,
    finished      BIGINT           NOT NULL
);

CREATE INDEX backfills_created ON backfills (created);

CREATE TABLE backfill_steps (
    backfill    TEXT    NOT NULL,
    seq         BIGINT  NOT NULL,
    asset       TEXT    NOT NULL,
    partition   TEXT    NOT NULL,
    label       TEXT    NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed', 'skipped', 'canceled')),
    open        BIGINT  NOT NULL,
    take        BIGINT  NOT NULL,
    attempts    INTEGER NOT NULL,
    kind        TEXT    NOT NULL,
    error       TEXT    NOT NULL,
    changed     BOOLEAN NOT NULL,
    version     BIGINT  NOT NULL,
    rows        BIGINT  NOT NULL,
    discovered  BIGINT  NOT NULL,
    published   BIGINT  NOT NULL,
    absent      BIGINT  NOT NULL,
    quarantined BIGINT  NOT NULL,
    pending     BIGINT  NOT NULL,
    started     BIGINT  NOT NULL,
    finished    BIGINT  NOT NULL,
    step        TEXT    NOT NULL,
    PRIMARY KEY (backfill, seq)
);

-- The sums of a backfill are read from this index alone.
CREATE INDEX backfill_steps_sums ON backfill_steps (backfill, asset, state, changed, rows, discovered, published, absent, quarantined, pending);
CREATE INDEX backfill_steps_state ON backfill_steps (backfill, state, seq);
CREATE INDEX backfill_steps_ready ON backfill_steps (backfill, seq) WHERE state = 'waiting' AND open = 0;
CREATE INDEX backfill_steps_take ON backfill_steps (backfill, take) WHERE take > 0;
CREATE INDEX backfill_steps_finished ON backfill_steps (backfill, finished) WHERE finished > 0;

-- Step seq waits for step need.
CREATE TABLE backfill_needs (
    backfill TEXT   NOT NULL,
    need     BIGINT NOT NULL,
    seq      BIGINT NOT NULL,
    PRIMARY KEY (backfill, need, seq)
);

CREATE INDEX backfill_needs_seq ON backfill_needs (backfill, seq, need);

-- Who works on a partition, so that nobody else does. The workflow and its execution say whom to ask whether he lives.
CREATE TABLE claims (
    asset     TEXT   NOT NULL,
    partition TEXT   NOT NULL,
    run       TEXT   NOT NULL,
    workflow  TEXT   NOT NULL,
    execution TEXT   NOT NULL,
    since     BIGINT NOT NULL,
    PRIMARY KEY (asset, partition)
);

-- +goose Down
DROP TABLE claims;
DROP TABLE backfill_needs;
DROP TABLE backfill_steps;
DROP TABLE backfills;
