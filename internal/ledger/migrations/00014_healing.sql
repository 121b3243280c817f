-- What is not believed at once, and what a person decided: items that one complete listing no longer names wait for the
-- listing of a later day; quarantined items that somebody waived stay as they are until their fingerprint changes.

-- +goose Up

-- day is the source's own day of data, AAAA-MM-DD, of the first complete listing that did not name the item.
CREATE TABLE missing_items (
    asset     TEXT   NOT NULL,
    partition TEXT   NOT NULL,
    id        TEXT   NOT NULL,
    day       TEXT   NOT NULL,
    since     BIGINT NOT NULL,
    PRIMARY KEY (asset, partition, id)
);

CREATE TABLE waivers (
    asset       TEXT   NOT NULL,
    partition   TEXT   NOT NULL,
    id          TEXT   NOT NULL,
    fingerprint TEXT   NOT NULL,
    note        TEXT   NOT NULL,
    author      TEXT   NOT NULL,
    since       BIGINT NOT NULL,
    PRIMARY KEY (asset, partition, id)
);

-- +goose Down
DROP TABLE waivers;
DROP TABLE missing_items;
