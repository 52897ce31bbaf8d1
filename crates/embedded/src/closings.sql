-- Candidates are written down when their exam was passed but for the count of looks; they are judged for good when all cycles of
-- their campaign have ended. Each closing has its tests, numbered without a gap within the sequence of an instrument's window.
CREATE TABLE candidates (
  seq       INTEGER PRIMARY KEY,
  exam      TEXT NOT NULL UNIQUE,
  campaign  TEXT NOT NULL,
  candidate TEXT NOT NULL
) STRICT;
CREATE INDEX candidates_campaign ON candidates (campaign);

CREATE TABLE closings (
  seq      INTEGER PRIMARY KEY,
  campaign TEXT    NOT NULL,
  cycles   INTEGER NOT NULL,                    -- as many had ended
  closing  TEXT    NOT NULL,
  UNIQUE (campaign, cycles)
) STRICT;

CREATE TABLE discovery_tests (
  sequence TEXT    NOT NULL,
  number   INTEGER NOT NULL,
  closing  INTEGER NOT NULL REFERENCES closings (seq),
  PRIMARY KEY (sequence, number)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER candidates_stay          BEFORE UPDATE ON candidates      BEGIN SELECT RAISE(ABORT, 'a candidate is never changed'); END;
CREATE TRIGGER candidates_are_kept      BEFORE DELETE ON candidates      BEGIN SELECT RAISE(ABORT, 'a candidate is never removed'); END;
CREATE TRIGGER closings_stay            BEFORE UPDATE ON closings        BEGIN SELECT RAISE(ABORT, 'a closing is never changed'); END;
CREATE TRIGGER closings_are_kept        BEFORE DELETE ON closings        BEGIN SELECT RAISE(ABORT, 'a closing is never removed'); END;
CREATE TRIGGER discovery_tests_stay     BEFORE UPDATE ON discovery_tests BEGIN SELECT RAISE(ABORT, 'a test is never changed'); END;
CREATE TRIGGER discovery_tests_are_kept BEFORE DELETE ON discovery_tests BEGIN SELECT RAISE(ABORT, 'a test is never removed'); END;
