-- The steps of runs, which are kept until their run is pruned, and the last attempt at each partition that has ended.
-- What is queued or running is not in attempts: the steps of open runs and backfills say so. Also the execution that made
-- a materialization, and the version to which a partition was rolled back.

-- +goose Up
ALTER TABLE run_steps ADD COLUMN seq BIGINT NOT NULL DEFAULT 0;
ALTER TABLE run_steps ADD COLUMN label TEXT NOT NULL DEFAULT '';
ALTER TABLE run_steps ADD COLUMN needs TEXT NOT NULL DEFAULT '';
ALTER TABLE run_steps ADD COLUMN state TEXT NOT NULL DEFAULT 'queued';
ALTER TABLE run_steps ADD COLUMN retries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run_steps ADD COLUMN first_error TEXT NOT NULL DEFAULT '';
ALTER TABLE run_steps ADD COLUMN kind TEXT NOT NULL DEFAULT '';
ALTER TABLE run_steps ADD COLUMN error TEXT NOT NULL DEFAULT '';
ALTER TABLE run_steps ADD COLUMN workflow TEXT NOT NULL DEFAULT '';
ALTER TABLE run_steps ADD COLUMN execution TEXT NOT NULL DEFAULT '';
ALTER TABLE run_steps ADD COLUMN changed BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE run_steps ADD COLUMN version BIGINT NOT NULL DEFAULT -1;
ALTER TABLE run_steps ADD COLUMN rows BIGINT NOT NULL DEFAULT 0;
ALTER TABLE run_steps ADD COLUMN bytes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE run_steps ADD COLUMN discovered BIGINT NOT NULL DEFAULT 0;
ALTER TABLE run_steps ADD COLUMN published BIGINT NOT NULL DEFAULT 0;
ALTER TABLE run_steps ADD COLUMN absent BIGINT NOT NULL DEFAULT 0;
ALTER TABLE run_steps ADD COLUMN quarantined BIGINT NOT NULL DEFAULT 0;
ALTER TABLE run_steps ADD COLUMN pending BIGINT NOT NULL DEFAULT 0;
ALTER TABLE run_steps ADD COLUMN started BIGINT NOT NULL DEFAULT 0;
ALTER TABLE run_steps ADD COLUMN finished BIGINT NOT NULL DEFAULT 0;

CREATE INDEX run_steps_open ON run_steps (run) WHERE state IN ('queued', 'running');

CREATE TABLE attempts (
    asset     TEXT   NOT NULL,
    partition TEXT   NOT NULL,
    run       TEXT   NOT NULL,
    state     TEXT   NOT NULL CHECK (state IN ('succeeded', 'failed', 'skipped', 'canceled', 'interrupted')),
    kind      TEXT   NOT NULL,
    reason    TEXT   NOT NULL,
    started   BIGINT NOT NULL,
    finished  BIGINT NOT NULL,
    PRIMARY KEY (asset, partition)
);

CREATE INDEX attempts_bad ON attempts (asset, partition, state) WHERE state <> 'succeeded';

INSERT INTO attempts (asset, partition, run, state, kind, reason, started, finished)
    SELECT s.asset, s.partition, m.run, 'succeeded', '', '', m.started, m.finished
    FROM standings s JOIN materializations m ON m.id = s.look;

ALTER TABLE materializations ADD COLUMN workflow TEXT NOT NULL DEFAULT '';
ALTER TABLE materializations ADD COLUMN execution TEXT NOT NULL DEFAULT '';

-- -1: it was not rolled back since it was last found right.
ALTER TABLE standings ADD COLUMN rolled_back BIGINT NOT NULL DEFAULT -1;

-- +goose Down
ALTER TABLE standings DROP COLUMN rolled_back;
ALTER TABLE materializations DROP COLUMN execution;
ALTER TABLE materializations DROP COLUMN workflow;
DROP TABLE attempts;
DROP INDEX run_steps_open;
ALTER TABLE run_steps DROP COLUMN finished;
ALTER TABLE run_steps DROP COLUMN started;
ALTER TABLE run_steps DROP COLUMN pending;
ALTER TABLE run_steps DROP COLUMN quarantined;
ALTER TABLE run_steps DROP COLUMN absent;
ALTER TABLE run_steps DROP COLUMN published;
ALTER TABLE run_steps DROP COLUMN discovered;
ALTER TABLE run_steps DROP COLUMN bytes;
ALTER TABLE run_steps DROP COLUMN rows;
ALTER TABLE run_steps DROP COLUMN version;
ALTER TABLE run_steps DROP COLUMN changed;
ALTER TABLE run_steps DROP COLUMN execution;
ALTER TABLE run_steps DROP COLUMN workflow;
ALTER TABLE run_steps DROP COLUMN error;
ALTER TABLE run_steps DROP COLUMN kind;
ALTER TABLE run_steps DROP COLUMN first_error;
ALTER TABLE run_steps DROP COLUMN retries;
ALTER TABLE run_steps DROP COLUMN state;
ALTER TABLE run_steps DROP COLUMN needs;
ALTER TABLE run_steps DROP COLUMN label;
ALTER TABLE run_steps DROP COLUMN seq;
