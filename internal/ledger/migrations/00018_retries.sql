-- Which run a run retries. What a run was asked to do is in runs.plan, which was empty before.

-- +goose Up
ALTER TABLE runs ADD COLUMN retries TEXT NOT NULL DEFAULT '';

CREATE INDEX runs_retries ON runs (retries) WHERE retries <> '';

-- +goose Down
DROP INDEX runs_retries;
ALTER TABLE runs DROP COLUMN retries;
