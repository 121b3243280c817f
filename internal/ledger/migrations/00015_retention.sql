-- Numbers under which steps of a backfill were asked for. A number that was used once gives its own steps only, also
-- when these have ended or when there were none, so that a request that is repeated late takes nothing that nobody starts.

-- +goose Up
CREATE TABLE backfill_requests (
    backfill TEXT   NOT NULL,
    number   BIGINT NOT NULL,
    PRIMARY KEY (backfill, number)
);

INSERT INTO backfill_requests (backfill, number) SELECT DISTINCT backfill, take FROM backfill_steps WHERE take > 0;

-- +goose Down
DROP TABLE backfill_requests;
