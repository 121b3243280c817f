-- What automation reads to look only at what changed: every publish and every look that found a partition right takes
-- the next number, and so does every key of a set that is new or came back. Numbers are in the order of commits.

-- +goose Up
CREATE TABLE touches (
    asset     TEXT   NOT NULL,
    partition TEXT   NOT NULL,
    seq       BIGINT NOT NULL,
    changed   BIGINT NOT NULL,
    PRIMARY KEY (asset, partition)
);

CREATE INDEX touches_seq ON touches (seq);

ALTER TABLE partitions ADD COLUMN seq BIGINT NOT NULL DEFAULT 0;
CREATE INDEX partitions_seq ON partitions (seq);

-- The steps of runs that have not ended.
CREATE TABLE run_steps (
    run       TEXT NOT NULL,
    asset     TEXT NOT NULL,
    partition TEXT NOT NULL,
    PRIMARY KEY (run, asset, partition)
);

CREATE INDEX run_steps_slice ON run_steps (asset, partition);

-- How far automation has looked: for conditions and for freshness, since either may begin anew without the other.
CREATE TABLE automation_cursors (
    asset        TEXT   NOT NULL,
    kind         TEXT   NOT NULL CHECK (kind IN ('condition', 'freshness')),
    rule         TEXT   NOT NULL,
    seq          BIGINT NOT NULL,
    keys         BIGINT NOT NULL,
    code_version TEXT   NOT NULL,
    began        BIGINT NOT NULL,
    evaluated    BIGINT NOT NULL,
    PRIMARY KEY (asset, kind)
);

-- The last request of each partition; of partition '', of all of them.
CREATE TABLE automation_handled (
    asset        TEXT   NOT NULL,
    partition    TEXT   NOT NULL,
    seq          BIGINT NOT NULL,
    code_version TEXT   NOT NULL,
    at           BIGINT NOT NULL,
    PRIMARY KEY (asset, partition)
);

-- Partitions to look at again although nothing happened to them: a run was at work.
CREATE TABLE automation_waiting (
    asset     TEXT NOT NULL,
    partition TEXT NOT NULL,
    PRIMARY KEY (asset, partition)
);

CREATE TABLE automation_requests (
    id         BIGINT NOT NULL PRIMARY KEY,
    asset      TEXT   NOT NULL,
    tick       BIGINT NOT NULL,
    partitions BIGINT NOT NULL,
    some       TEXT   NOT NULL,
    filter     TEXT   NOT NULL,
    cause      TEXT   NOT NULL
);

CREATE INDEX automation_requests_asset ON automation_requests (asset, id);

-- Runs that the requests make; started is 0 until somebody saw to it.
CREATE TABLE automation_starts (
    run     TEXT   NOT NULL PRIMARY KEY,
    tick    BIGINT NOT NULL,
    place   BIGINT NOT NULL,
    steps   BIGINT NOT NULL,
    input   TEXT   NOT NULL,
    started BIGINT NOT NULL
);

CREATE INDEX automation_starts_open ON automation_starts (tick, place) WHERE started = 0;
CREATE INDEX automation_starts_done ON automation_starts (tick) WHERE started > 0;

-- When partitions become overdue.
CREATE TABLE automation_due (
    asset     TEXT   NOT NULL,
    partition TEXT   NOT NULL,
    due       BIGINT NOT NULL,
    PRIMARY KEY (asset, partition)
);

CREATE INDEX automation_due_at ON automation_due (due);

-- +goose Down
DROP TABLE automation_due;
DROP TABLE automation_starts;
DROP TABLE automation_requests;
DROP TABLE automation_waiting;
DROP TABLE automation_handled;
DROP TABLE automation_cursors;
DROP TABLE run_steps;
DROP INDEX partitions_seq;
ALTER TABLE partitions DROP COLUMN seq;
DROP TABLE touches;
