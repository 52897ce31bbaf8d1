-- Of what a lost process held, the operation that may have killed it; steady time. Of long ago is forgotten.
CREATE TABLE suspects (
  boot      TEXT    PRIMARY KEY,
  operation INTEGER NOT NULL REFERENCES operations (seq) ON DELETE CASCADE,
  named_ms  INTEGER NOT NULL
) STRICT;
