-- What the model of assets needs: the name of this ledger, how every partition stands, where an item comes from, and
-- what was seen of external assets.

-- +goose Up
CREATE TABLE about (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- One row for each partition that was ever published: what a plan asks of all of them at once. published is the
-- materialization that readers see; look the last one that found it right, whose code_version and upstream these are.
CREATE TABLE standings (
    asset        TEXT   NOT NULL,
    partition    TEXT   NOT NULL,
    published    BIGINT NOT NULL REFERENCES materializations (id),
    look         BIGINT NOT NULL REFERENCES materializations (id),
    version      BIGINT NOT NULL,
    code_version TEXT   NOT NULL,
    upstream     TEXT   NOT NULL,
    verified     BIGINT NOT NULL,
    PRIMARY KEY (asset, partition)
);

INSERT INTO standings (asset, partition, published, look, version, code_version, upstream, verified)
    SELECT m.asset, m.partition, m.id, look.id, m.version, look.code_version, look.upstream, last.verified FROM (
        SELECT MAX(CASE WHEN state = 'published' THEN id END) AS id, MAX(id) AS look, MAX(finished) AS verified
        FROM materializations WHERE state IN ('published', 'unchanged') GROUP BY asset, partition
    ) last JOIN materializations m ON m.id = last.id JOIN materializations look ON look.id = last.look;

ALTER TABLE items ADD COLUMN origin TEXT NOT NULL DEFAULT '';

CREATE INDEX items_id ON items (id);
CREATE INDEX items_open ON items (asset, partition) WHERE state IN ('pending', 'made', 'staged');
CREATE INDEX items_bad ON items (asset, partition, kind) WHERE state = 'quarantined';

CREATE TABLE observations (
    materialization BIGINT NOT NULL PRIMARY KEY REFERENCES materializations (id),
    metadata        TEXT   NOT NULL
);

-- +goose Down
DROP TABLE observations;
DROP INDEX items_bad;
DROP INDEX items_open;
DROP INDEX items_id;
ALTER TABLE items DROP COLUMN origin;
DROP TABLE standings;
DROP TABLE about;
