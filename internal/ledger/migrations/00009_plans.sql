-- What plans and questions about one item need: whether an item that waits to be done can be made from the row it has,
-- and which items are made from another.

-- +goose Up
ALTER TABLE items ADD COLUMN remake BOOLEAN NOT NULL DEFAULT FALSE;

CREATE INDEX items_origin ON items (origin, asset, partition) WHERE origin <> '';
CREATE INDEX items_gone ON items (asset, partition) WHERE state = 'absent' AND kind = 'vanished';

-- +goose Down
DROP INDEX items_gone;
DROP INDEX items_origin;
ALTER TABLE items DROP COLUMN remake;
