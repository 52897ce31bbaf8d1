-- Keys of requests that may be repeated, which request each stands for, and what that was answered.
CREATE TABLE requests (
  key        TEXT    PRIMARY KEY,
  request    TEXT    NOT NULL,
  at_ms      INTEGER NOT NULL,                    -- wall time, as `ends_at_ms`: other processes compare it
  newest     INTEGER NOT NULL,                    -- the newest operation's `seq` when it came
  ends_at_ms INTEGER NOT NULL,
  answer     TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX requests_that_end ON requests (ends_at_ms);
