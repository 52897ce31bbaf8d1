-- Tokens of callers from outside, without their secrets; and what such callers, and operators, asked for.
CREATE TABLE tokens (
  id            TEXT    PRIMARY KEY,
  token         TEXT    NOT NULL,
  created_at_ms INTEGER NOT NULL,                 -- wall time, as what follows: other processes compare it
  expires_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
  number  INTEGER PRIMARY KEY,
  at_ms   INTEGER NOT NULL,
  action  TEXT    NOT NULL,
  outcome TEXT
) STRICT;

-- It only grows, whoever asks; an outcome is written once.
CREATE TRIGGER audit_stays   BEFORE UPDATE ON audit
WHEN OLD.outcome IS NOT NULL OR NEW.number <> OLD.number OR NEW.at_ms <> OLD.at_ms OR NEW.action <> OLD.action
BEGIN SELECT RAISE(ABORT, 'an entry of the audit log is never changed'); END;
CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'an entry of the audit log is never removed'); END;
