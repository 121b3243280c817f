-- Who may still write the items of a partition: the newest enrolment has a number, its generation, and each item the
-- generation under which it is to be done. code_versions orders the versions of each asset's code; the one with the
-- highest rank is in force. schema_compat says which binaries may work with this file though it is newer than they.

-- +goose Up
CREATE TABLE enrolments (
    asset        TEXT   NOT NULL,
    partition    TEXT   NOT NULL,
    generation   BIGINT NOT NULL,
    run          TEXT   NOT NULL,
    code_version TEXT   NOT NULL,
    at           BIGINT NOT NULL,
    PRIMARY KEY (asset, partition)
);

-- holder is the execution that takes care of an item, and held its attempt; '' and 0 until somebody does.
ALTER TABLE items ADD COLUMN generation BIGINT NOT NULL DEFAULT 0;
ALTER TABLE items ADD COLUMN holder TEXT NOT NULL DEFAULT '';
ALTER TABLE items ADD COLUMN held BIGINT NOT NULL DEFAULT 0;

CREATE TABLE code_versions (
    asset      TEXT   NOT NULL,
    version    TEXT   NOT NULL,
    rank       BIGINT NOT NULL,
    first_seen BIGINT NOT NULL,
    PRIMARY KEY (asset, version)
);

INSERT INTO code_versions (asset, version, rank, first_seen)
SELECT asset, code_version, ROW_NUMBER() OVER (PARTITION BY asset ORDER BY MIN(started), code_version), MIN(started)
FROM materializations WHERE code_version <> '' GROUP BY asset, code_version;

CREATE TABLE schema_compat (
    oldest BIGINT NOT NULL
);

INSERT INTO schema_compat (oldest) VALUES (10);

-- +goose Down
DROP TABLE schema_compat;
DROP TABLE code_versions;
ALTER TABLE items DROP COLUMN held;
ALTER TABLE items DROP COLUMN holder;
ALTER TABLE items DROP COLUMN generation;
DROP TABLE enrolments;
