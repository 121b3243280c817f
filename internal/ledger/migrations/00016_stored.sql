-- How many bytes each run has stored in the lake, for its bound.

-- +goose Up
CREATE TABLE stored (
    run   TEXT   NOT NULL PRIMARY KEY,
    bytes BIGINT NOT NULL
);

-- +goose Down
DROP TABLE stored;
