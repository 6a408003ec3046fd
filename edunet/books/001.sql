-- What must survive a restart, from the first day on.

-- The catalog: permanent numbers of series, append-only, dense per kind from 0.
CREATE TABLE series (
    kind       TEXT    NOT NULL,
    slot       INTEGER NOT NULL,
    element    TEXT    NOT NULL,
    interface  TEXT    NOT NULL DEFAULT '',
    first_seen INTEGER NOT NULL,  -- ms since the epoch, UTC, as every time here
    PRIMARY KEY (kind, slot),
    UNIQUE (kind, element, interface)
);

-- How far each consumer of the frame log has come.
CREATE TABLE cursors (
    sink     TEXT PRIMARY KEY,
    segment  INTEGER NOT NULL,
    "offset" INTEGER NOT NULL
);

CREATE TABLE alerts (
    id       TEXT PRIMARY KEY,
    body     TEXT    NOT NULL,  -- JSON
    state    TEXT    NOT NULL,
    fired    INTEGER,
    resolved INTEGER
);
CREATE INDEX alerts_by_state ON alerts (state, fired);

-- Notices accepted and not yet delivered; the key makes each of them unique for ever.
CREATE TABLE outbox (
    key        TEXT PRIMARY KEY,
    channel    TEXT    NOT NULL,
    alert      TEXT    NOT NULL,
    seq        INTEGER NOT NULL,
    body       TEXT    NOT NULL,  -- JSON
    state      TEXT    NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0,
    due_ms     INTEGER NOT NULL,
    lease_ms   INTEGER,
    created_ms INTEGER NOT NULL,
    last_error TEXT
);
CREATE INDEX outbox_by_due ON outbox (state, due_ms);
