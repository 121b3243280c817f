-- Numbers under which steps of a backfill were asked for. A number that was used once gives its own steps only, also
-- when these have ended or when there were none, so that a request that is repeated late takes nothing that nobody starts.

-- +goose Up
CREATE TABLE backfill_requests (
    backfill TEXT   NOT NULL,
    number   BIGINT NOT NULL,
    PRIMARY KEY (backfill, number)
);

INSERT INTO backfill_requests (backfill, number) SELECT DISTINCT backfill, take FROM backfill_steps WHERE take > 0;

-- Tasks of maintenance: who is at one, until when, and when it was done last. Times are microseconds since 1970.
CREATE TABLE maintenance (
    task  TEXT   NOT NULL PRIMARY KEY,
    owner TEXT   NOT NULL,
    until BIGINT NOT NULL,
    done  BIGINT NOT NULL
);

-- +goose Down
DROP TABLE maintenance;
DROP TABLE backfill_requests;
