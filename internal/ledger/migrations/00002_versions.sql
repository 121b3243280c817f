-- Files of old versions that a vacuum is about to remove: no rollback may bring them back meanwhile.

-- +goose Up
CREATE TABLE condemned (
    asset TEXT   NOT NULL,
    path  TEXT   NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (asset, path)
);

-- +goose Down
DROP TABLE condemned;
