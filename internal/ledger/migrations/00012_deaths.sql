-- Which worker processes there are, and which item each of them is at, where one has killed its worker before.

-- +goose Up
-- beats grows as long as the process lives: others compare it with what they saw before, and no two clocks. From ended
-- on the process counts as gone, whatever it does. space names the machine's boot and the space of process ids in which
-- pid and birth (start of the process, in the system's own count) mean something; '' where nobody can tell.
CREATE TABLE workers (
    id       TEXT   NOT NULL PRIMARY KEY,
    host     TEXT   NOT NULL,
    space    TEXT   NOT NULL,
    pid      BIGINT NOT NULL,
    birth    BIGINT NOT NULL,
    build    TEXT   NOT NULL,
    beats    BIGINT NOT NULL,
    started  BIGINT NOT NULL,
    seen     BIGINT NOT NULL,
    stopping BIGINT NOT NULL,
    ended    BIGINT NOT NULL
);

-- worker is '' while nobody is at the item; deaths counts workers that died over it.
CREATE TABLE hands (
    asset     TEXT    NOT NULL,
    partition TEXT    NOT NULL,
    item      TEXT    NOT NULL,
    run       TEXT    NOT NULL,
    worker    TEXT    NOT NULL,
    deaths    INTEGER NOT NULL,
    since     BIGINT  NOT NULL,
    PRIMARY KEY (asset, partition, item)
);

-- +goose Down
DROP TABLE hands;
DROP TABLE workers;
