-- One row per operation. The columns every transition touches come first, the large ones last.
CREATE TABLE operations (
  seq             INTEGER PRIMARY KEY,            -- order of creation
  id              TEXT    NOT NULL UNIQUE,
  kind            TEXT    NOT NULL,
  status          TEXT    NOT NULL CHECK (status IN ('pending', 'running', 'completed', 'failed', 'cancelled')),
  fence           INTEGER NOT NULL DEFAULT 0,
  tries           INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0),
  tries_max       INTEGER NOT NULL,
  priority        INTEGER NOT NULL,
  worker          TEXT,
  lease_until_ms  INTEGER,                        -- running leaves, steady time
  published_at_ms INTEGER,                        -- pending leaves: when their message last went into the outbox, steady time
  due_at_ms       INTEGER,                        -- pending leaves that wait for a retry instead, steady time
  rescues         INTEGER NOT NULL DEFAULT 0,
  created_at_ms   INTEGER NOT NULL,
  started_at_ms   INTEGER,
  finished_at_ms  INTEGER,
  cancel_at_ms    INTEGER,
  cancel_by       TEXT,
  cancel_reason   TEXT,
  cancel_too_late INTEGER NOT NULL DEFAULT 0,
  root            TEXT,                           -- children
  phase           TEXT,                           -- roots, as everything up to `lane`
  waiting         TEXT,                           -- the child whose end moves this root
  since_ms        INTEGER,                        -- when it began to wait, its child ended, or that was announced again; steady time
  lane            INTEGER,                        -- `seq` of the first root of its lane
  idempotency_key TEXT,
  reason          TEXT,
  error           TEXT,
  progress        TEXT,
  spec            TEXT    NOT NULL,
  result          TEXT,
  -- I2: who is running has a lease, or is a root that waits for its child; nobody else has either.
  CHECK ((lease_until_ms IS NOT NULL) + (waiting IS NOT NULL) = (status = 'running')),
  -- I1: a pending leaf has a message under way or a time when it will.
  CHECK ((published_at_ms IS NOT NULL) + (due_at_ms IS NOT NULL) = (status = 'pending' AND lane IS NULL)),
  CHECK ((status IN ('completed', 'failed', 'cancelled')) = (finished_at_ms IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX operations_idempotency ON operations (idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX operations_status    ON operations (status);
CREATE INDEX operations_kind      ON operations (kind);
CREATE INDEX operations_root      ON operations (root)            WHERE root IS NOT NULL;
CREATE INDEX operations_lease     ON operations (lease_until_ms)  WHERE lease_until_ms IS NOT NULL;
CREATE INDEX operations_published ON operations (published_at_ms) WHERE published_at_ms IS NOT NULL;
CREATE INDEX operations_due       ON operations (due_at_ms)       WHERE due_at_ms IS NOT NULL;
CREATE INDEX operations_waiting   ON operations (since_ms)        WHERE waiting IS NOT NULL;
CREATE INDEX operations_lane      ON operations (lane)            WHERE waiting IS NOT NULL;

-- Roots that have not started yet. The first of each lane is the next to start.
CREATE TABLE waiting_roots (
  root  INTEGER PRIMARY KEY REFERENCES operations (seq),
  lane  INTEGER NOT NULL,
  first TEXT    NOT NULL                          -- the child it starts with
) STRICT;
CREATE INDEX waiting_roots_lane ON waiting_roots (lane);

-- What to publish: a job message, or (with a status) the event that an operation ended.
CREATE TABLE outbox (
  sequence  INTEGER PRIMARY KEY AUTOINCREMENT,    -- never used twice: a late removal must not hit a newer entry
  operation INTEGER NOT NULL REFERENCES operations (seq),
  ended     TEXT,
  fence     INTEGER NOT NULL DEFAULT 0,
  again     INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE trials (
  seq           INTEGER PRIMARY KEY,
  operation     TEXT    NOT NULL UNIQUE,
  campaign      TEXT    NOT NULL,
  is_replay     INTEGER NOT NULL,
  data_sha256   TEXT    NOT NULL,
  span_start    INTEGER NOT NULL,
  span_end      INTEGER NOT NULL,
  sharpe_daily  REAL,
  trial         TEXT    NOT NULL
) STRICT;
CREATE INDEX trials_campaign ON trials (campaign);
CREATE INDEX trials_data     ON trials (data_sha256, span_start, span_end);

CREATE TABLE lessons (
  seq      INTEGER PRIMARY KEY,
  cycle    TEXT NOT NULL UNIQUE,
  campaign TEXT NOT NULL,
  lesson   TEXT NOT NULL
) STRICT;
CREATE INDEX lessons_campaign ON lessons (campaign);

-- The ledger is append-only, whoever asks.
CREATE TRIGGER trials_stay         BEFORE UPDATE ON trials  BEGIN SELECT RAISE(ABORT, 'a counted trial is never changed'); END;
CREATE TRIGGER trials_are_kept     BEFORE DELETE ON trials  BEGIN SELECT RAISE(ABORT, 'a counted trial is never removed'); END;
CREATE TRIGGER lessons_stay        BEFORE UPDATE ON lessons BEGIN SELECT RAISE(ABORT, 'a lesson is never changed'); END;
CREATE TRIGGER lessons_are_kept    BEFORE DELETE ON lessons BEGIN SELECT RAISE(ABORT, 'a lesson is never removed'); END;
