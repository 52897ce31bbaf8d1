-- Ideas that are worth a test. What is said of one since (a person's decision, what became of its test) is written once each.
CREATE TABLE hypotheses (
  seq        INTEGER PRIMARY KEY,
  id         TEXT NOT NULL UNIQUE,
  campaign   TEXT NOT NULL,
  hypothesis TEXT NOT NULL
) STRICT;
CREATE INDEX hypotheses_campaign ON hypotheses (campaign);

CREATE TABLE hypothesis_remarks (
  id     TEXT NOT NULL REFERENCES hypotheses (id),
  what   TEXT NOT NULL CHECK (what IN ('decision', 'test')),
  remark TEXT NOT NULL,
  PRIMARY KEY (id, what)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER hypotheses_stay     BEFORE UPDATE ON hypotheses         BEGIN SELECT RAISE(ABORT, 'a hypothesis is never changed'); END;
CREATE TRIGGER hypotheses_are_kept BEFORE DELETE ON hypotheses         BEGIN SELECT RAISE(ABORT, 'a hypothesis is never removed'); END;
CREATE TRIGGER remarks_stay        BEFORE UPDATE ON hypothesis_remarks BEGIN SELECT RAISE(ABORT, 'what was said is never changed'); END;
CREATE TRIGGER remarks_are_kept    BEFORE DELETE ON hypothesis_remarks BEGIN SELECT RAISE(ABORT, 'what was said is never removed'); END;
