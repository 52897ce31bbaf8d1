-- What this database calls itself. A workspace remembers it: another epoch is another database.
CREATE TABLE epoch (
  epoch TEXT NOT NULL
) STRICT;
INSERT INTO epoch VALUES (lower(hex(randomblob(16))));
CREATE TRIGGER epoch_stays    BEFORE UPDATE ON epoch BEGIN SELECT RAISE(ABORT, 'the epoch is never changed'); END;
CREATE TRIGGER epoch_is_kept  BEFORE DELETE ON epoch BEGIN SELECT RAISE(ABORT, 'the epoch is never removed'); END;
