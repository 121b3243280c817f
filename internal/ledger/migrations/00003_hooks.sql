-- What happened, for whoever asked to be told, and how the telling went.

-- +goose Up
CREATE TABLE hook_events (
    id      TEXT    NOT NULL PRIMARY KEY,
    kind    TEXT    NOT NULL,
    payload TEXT    NOT NULL,
    created BIGINT  NOT NULL,
    routed  BOOLEAN NOT NULL
);

CREATE INDEX hook_events_created ON hook_events (created, id);
CREATE INDEX hook_events_new ON hook_events (created) WHERE NOT routed;

-- since is when the tries began that are counted; settled is 0 while pending.
CREATE TABLE hook_deliveries (
    event    TEXT    NOT NULL REFERENCES hook_events (id) ON DELETE CASCADE,
    target   TEXT    NOT NULL,
    state    TEXT    NOT NULL CHECK (state IN ('pending', 'delivered', 'abandoned')),
    attempts INTEGER NOT NULL,
    since    BIGINT  NOT NULL,
    next_try BIGINT  NOT NULL,
    settled  BIGINT  NOT NULL,
    error    TEXT    NOT NULL,
    PRIMARY KEY (event, target)
);

CREATE INDEX hook_deliveries_due ON hook_deliveries (next_try) WHERE state = 'pending';

-- +goose Down
DROP TABLE hook_deliveries;
DROP TABLE hook_events;
