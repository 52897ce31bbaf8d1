-- What each operation went through, except for its creation, which stands in its row.
CREATE TABLE history (
  seq       INTEGER PRIMARY KEY,                  -- order of writing
  operation INTEGER NOT NULL REFERENCES operations (seq) ON DELETE CASCADE,
  at_ms     INTEGER NOT NULL,
  what      TEXT    NOT NULL,
  fence     INTEGER NOT NULL,
  worker    TEXT,
  note      TEXT
) STRICT;
CREATE INDEX history_operation ON history (operation);
