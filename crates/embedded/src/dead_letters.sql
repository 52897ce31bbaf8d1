-- Operations that used up their tries, until someone dismisses them.
CREATE TABLE dead_letters (
  operation INTEGER PRIMARY KEY REFERENCES operations (seq) ON DELETE CASCADE
) STRICT;
INSERT INTO dead_letters SELECT seq FROM operations WHERE status = 'failed' AND reason = 'attempts_exhausted';
