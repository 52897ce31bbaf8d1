-- What runs by itself, who decides about it, and one record for each time, which is never removed.
CREATE TABLE schedules (
  name            TEXT    PRIMARY KEY,
  plan            TEXT    NOT NULL,
  created_at_ms   INTEGER NOT NULL,               -- wall time, as all of what follows
  decided_upto_ms INTEGER NOT NULL,
  paused          TEXT,
  revision        INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE schedules_leader (
  one      INTEGER PRIMARY KEY CHECK (one = 1),
  boot     TEXT    NOT NULL,
  fence    INTEGER NOT NULL,
  until_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE occurrences (
  schedule   TEXT    NOT NULL,
  at_ms      INTEGER NOT NULL,
  is_open    INTEGER NOT NULL,                    -- it waits or runs
  moves      INTEGER NOT NULL,
  occurrence TEXT    NOT NULL,
  PRIMARY KEY (schedule, at_ms)
) STRICT, WITHOUT ROWID;
CREATE INDEX occurrences_open ON occurrences (at_ms, schedule) WHERE is_open = 1;

CREATE TRIGGER occurrences_stay BEFORE UPDATE ON occurrences
WHEN NEW.schedule <> OLD.schedule OR NEW.at_ms <> OLD.at_ms OR NEW.moves <> OLD.moves + 1
BEGIN SELECT RAISE(ABORT, 'an occurrence is another time'); END;
CREATE TRIGGER occurrences_are_kept BEFORE DELETE ON occurrences BEGIN SELECT RAISE(ABORT, 'an occurrence is never removed'); END;
