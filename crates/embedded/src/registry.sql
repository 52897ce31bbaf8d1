-- Workers that are there, or were until lately. Wall time: other processes compare it with theirs.
CREATE TABLE workers (
  boot       TEXT    PRIMARY KEY,
  said       TEXT    NOT NULL,                    -- the worker
  said_at_ms INTEGER NOT NULL,
  until_ms   INTEGER NOT NULL,                    -- when it counts as gone unless it says something again
  drain      INTEGER NOT NULL DEFAULT 0           -- it was asked to end
) STRICT;

-- Kinds that nobody takes at present.
CREATE TABLE paused_kinds (
  kind TEXT PRIMARY KEY
) STRICT;
