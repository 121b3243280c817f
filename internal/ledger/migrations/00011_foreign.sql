-- What other programs did to the tables: each of their commits that a run looked into, by partition.

-- +goose Up
CREATE TABLE foreign_commits (
    asset     TEXT   NOT NULL,
    partition TEXT   NOT NULL,
    version   BIGINT NOT NULL, -- of the table
    operation TEXT   NOT NULL, -- as the commit says it
    writer    TEXT   NOT NULL, -- as the commit says it
    class     TEXT   NOT NULL, -- rewrite, rows, schema or restore
    followed  BIGINT NOT NULL, -- rows found the same, in other files: of all commits that were looked into together
    restored  BIGINT NOT NULL, -- rows put back
    removed   BIGINT NOT NULL, -- rows taken away
    pending   BIGINT NOT NULL, -- items that are to be made again
    run       TEXT   NOT NULL, -- that looked into it
    at        BIGINT NOT NULL,
    PRIMARY KEY (asset, partition, version)
);

-- +goose Down
DROP TABLE foreign_commits;
