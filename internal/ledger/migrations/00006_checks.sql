-- What became of each check, what it was held against, and the last result of each, so that 100,000 partitions are shown
-- without reading their history.

-- +goose Up
ALTER TABLE checks ADD COLUMN outcome TEXT NOT NULL DEFAULT '';
ALTER TABLE checks ADD COLUMN expected TEXT NOT NULL DEFAULT '';
UPDATE checks SET outcome = CASE WHEN passed THEN 'passed' WHEN blocking THEN 'failed' ELSE 'warned' END;

CREATE INDEX checks_name ON checks (asset, partition, name, id);

CREATE TABLE check_standings (
    asset     TEXT   NOT NULL,
    partition TEXT   NOT NULL,
    name      TEXT   NOT NULL,
    last      BIGINT NOT NULL REFERENCES checks (id),
    outcome   TEXT   NOT NULL,
    PRIMARY KEY (asset, partition, name)
);

CREATE INDEX check_standings_bad ON check_standings (asset, partition, name) WHERE outcome <> 'passed';

INSERT INTO check_standings (asset, partition, name, last, outcome)
    SELECT c.asset, c.partition, c.name, c.id, c.outcome FROM checks c
    JOIN (SELECT MAX(id) AS id FROM checks GROUP BY asset, partition, name) last ON last.id = c.id;

-- +goose Down
DROP TABLE check_standings;
DROP INDEX checks_name;
ALTER TABLE checks DROP COLUMN expected;
ALTER TABLE checks DROP COLUMN outcome;
