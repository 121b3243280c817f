-- Steps that wait, why and until when. Also what the budget of a host needs: an override of its rate, when the last
-- request was let go, who probes a source that refused, how strained the source is, and times that had to be bounded.
-- Times are microseconds since 1970; 0 is no time.

-- +goose Up
CREATE TABLE waits (
    asset     TEXT   NOT NULL,
    partition TEXT   NOT NULL,
    run       TEXT   NOT NULL,
    kind      TEXT   NOT NULL,
    reason    TEXT   NOT NULL,
    until     BIGINT NOT NULL,
    evidence  TEXT   NOT NULL,
    since     BIGINT NOT NULL,
    recorded  BIGINT NOT NULL,
    PRIMARY KEY (asset, partition, run)
);
CREATE INDEX waits_run ON waits (run);

ALTER TABLE budgets ADD COLUMN rate DOUBLE PRECISION NOT NULL DEFAULT 0;
ALTER TABLE budgets ADD COLUMN sent_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE budgets ADD COLUMN probe TEXT NOT NULL DEFAULT '';
ALTER TABLE budgets ADD COLUMN probe_until BIGINT NOT NULL DEFAULT 0;
ALTER TABLE budgets ADD COLUMN strain DOUBLE PRECISION NOT NULL DEFAULT 0;
ALTER TABLE budgets ADD COLUMN note TEXT NOT NULL DEFAULT '';
ALTER TABLE budgets ADD COLUMN bounded_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE budgets ADD COLUMN bounded TEXT NOT NULL DEFAULT '';

CREATE TABLE clocks (
    id   TEXT   NOT NULL PRIMARY KEY,
    boot BIGINT NOT NULL,
    wall BIGINT NOT NULL
);

-- +goose Down
DROP TABLE clocks;
ALTER TABLE budgets DROP COLUMN bounded;
ALTER TABLE budgets DROP COLUMN bounded_at;
ALTER TABLE budgets DROP COLUMN note;
ALTER TABLE budgets DROP COLUMN strain;
ALTER TABLE budgets DROP COLUMN probe_until;
ALTER TABLE budgets DROP COLUMN probe;
ALTER TABLE budgets DROP COLUMN sent_at;
ALTER TABLE budgets DROP COLUMN rate;
DROP TABLE waits;
