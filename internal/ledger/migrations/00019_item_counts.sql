-- The items of each partition, counted. A row counts while counted is true: whatever changes the state of an item makes it false,
-- and the items of that partition are then counted where they are read. A claim makes it false and its release counts again, by
-- triggers, so that this also holds for an older binary that ends what it began. vanished is a part of absent; pending counts
-- what is pending, made or staged. Quarantined items have an index by kind, there are few; and
-- what has a row has one by data file, for the comparison with the files of a table.

-- +goose Up
CREATE INDEX items_quarantined ON items (asset, partition, kind) WHERE state = 'quarantined';

CREATE INDEX items_part ON items (asset, partition, part) WHERE part <> '';

CREATE TABLE item_counts (
    asset       TEXT    NOT NULL,
    partition   TEXT    NOT NULL,
    counted     BOOLEAN NOT NULL,
    discovered  BIGINT  NOT NULL,
    published   BIGINT  NOT NULL,
    absent      BIGINT  NOT NULL,
    vanished    BIGINT  NOT NULL,
    quarantined BIGINT  NOT NULL,
    pending     BIGINT  NOT NULL,
    PRIMARY KEY (asset, partition)
) WITHOUT ROWID;

CREATE INDEX item_counts_open ON item_counts (asset, partition) WHERE NOT counted;

INSERT INTO item_counts (asset, partition, counted, discovered, published, absent, vanished, quarantined, pending)
    SELECT asset, partition, NOT EXISTS (SELECT 1 FROM claims c WHERE c.asset = items.asset AND c.partition = items.partition),
    COUNT(*), COUNT(CASE WHEN state = 'published' THEN 1 END), COUNT(CASE WHEN state = 'absent' THEN 1 END),
    COUNT(CASE WHEN state = 'absent' AND kind = 'vanished' THEN 1 END), COUNT(CASE WHEN state = 'quarantined' THEN 1 END),
    COUNT(CASE WHEN state IN ('pending', 'made', 'staged') THEN 1 END) FROM items GROUP BY asset, partition;

-- +goose StatementBegin
CREATE TRIGGER claims_taken AFTER INSERT ON claims BEGIN
    INSERT INTO item_counts (asset, partition, counted, discovered, published, absent, vanished, quarantined, pending)
        VALUES (NEW.asset, NEW.partition, FALSE, 0, 0, 0, 0, 0, 0)
        ON CONFLICT (asset, partition) DO UPDATE SET counted = FALSE WHERE counted;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER claims_released AFTER DELETE ON claims BEGIN
    INSERT INTO item_counts (asset, partition, counted, discovered, published, absent, vanished, quarantined, pending)
        SELECT OLD.asset, OLD.partition, TRUE, COUNT(*), COUNT(CASE WHEN state = 'published' THEN 1 END), COUNT(CASE WHEN state = 'absent' THEN 1 END),
        COUNT(CASE WHEN state = 'absent' AND kind = 'vanished' THEN 1 END), COUNT(CASE WHEN state = 'quarantined' THEN 1 END),
        COUNT(CASE WHEN state IN ('pending', 'made', 'staged') THEN 1 END) FROM items WHERE asset = OLD.asset AND partition = OLD.partition
        ON CONFLICT (asset, partition) DO UPDATE SET counted = TRUE, discovered = excluded.discovered, published = excluded.published,
        absent = excluded.absent, vanished = excluded.vanished, quarantined = excluded.quarantined, pending = excluded.pending;
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER claims_released;
DROP TRIGGER claims_taken;
DROP TABLE item_counts;
DROP INDEX items_part;
DROP INDEX items_quarantined;
