-- A slot is valid for a while: what is re-cabled, moved or taken out leaves its number behind.
CREATE TABLE series_with_validity (
    kind       TEXT    NOT NULL,
    slot       INTEGER NOT NULL,
    element    TEXT    NOT NULL,
    interface  TEXT    NOT NULL DEFAULT '',
    first_seen INTEGER NOT NULL,
    identity   TEXT    NOT NULL DEFAULT '',  -- where it was: a link's ends, a device's site
    valid_to   INTEGER,                      -- NULL = now
    PRIMARY KEY (kind, slot)
);
INSERT INTO series_with_validity (kind, slot, element, interface, first_seen)
    SELECT kind, slot, element, interface, first_seen FROM series;
DROP TABLE series;
ALTER TABLE series_with_validity RENAME TO series;
CREATE UNIQUE INDEX series_now ON series (kind, element, interface) WHERE valid_to IS NULL;
