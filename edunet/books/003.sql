-- How a site that nobody watches is, as somebody said; append-only, the newest time counts.
CREATE TABLE reports (
    number  INTEGER PRIMARY KEY,
    site    TEXT    NOT NULL,
    state   TEXT    NOT NULL,
    time_ms INTEGER NOT NULL,  -- when it was so, not when it was told
    by      TEXT    NOT NULL,
    note    TEXT
);
CREATE INDEX reports_by_site ON reports (site, time_ms);
