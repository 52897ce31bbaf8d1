-- What work costs: each call once, and what every account has paid, set aside and was allowed. The accounts follow the calls, whoever changes
-- them.
CREATE TABLE budget_calls (
  id         TEXT    PRIMARY KEY,
  day        INTEGER NOT NULL,                  -- days since 1970-01-01, of the reservation
  campaign   TEXT,
  cycle      TEXT,
  money      INTEGER NOT NULL,                  -- micro-dollars; as what follows at its worst while it is held, then what it cost
  tokens     INTEGER NOT NULL,
  machine_ms INTEGER NOT NULL,
  state      TEXT    NOT NULL CHECK (state IN ('held', 'lapsed', 'settled')),
  until_ms   INTEGER NOT NULL                   -- when it lapses
) STRICT, WITHOUT ROWID;
CREATE INDEX budget_held ON budget_calls (until_ms) WHERE state = 'held';

CREATE TABLE budget_accounts (
  scope               TEXT    NOT NULL,         -- day, campaign or cycle
  name                TEXT    NOT NULL,
  spent_money         INTEGER NOT NULL DEFAULT 0,
  spent_tokens        INTEGER NOT NULL DEFAULT 0,
  spent_machine_ms    INTEGER NOT NULL DEFAULT 0,
  reserved_money      INTEGER NOT NULL DEFAULT 0,
  reserved_tokens     INTEGER NOT NULL DEFAULT 0,
  reserved_machine_ms INTEGER NOT NULL DEFAULT 0,
  allowed_money       INTEGER,                  -- instead of what every such account may spend
  PRIMARY KEY (scope, name)
) STRICT, WITHOUT ROWID;

-- Who pays for what.
CREATE VIEW budget_payers AS
  SELECT id, 'day' AS scope, CAST(day AS TEXT) AS name FROM budget_calls
  UNION ALL SELECT id, 'campaign', campaign FROM budget_calls WHERE campaign IS NOT NULL
  UNION ALL SELECT id, 'cycle', cycle FROM budget_calls WHERE cycle IS NOT NULL;

CREATE TRIGGER calls_are_paid AFTER INSERT ON budget_calls BEGIN
  INSERT OR IGNORE INTO budget_accounts (scope, name) SELECT scope, name FROM budget_payers WHERE id = NEW.id;
  UPDATE budget_accounts SET
    spent_money         = spent_money         + iif(NEW.state = 'held', 0, NEW.money),
    spent_tokens        = spent_tokens        + iif(NEW.state = 'held', 0, NEW.tokens),
    spent_machine_ms    = spent_machine_ms    + iif(NEW.state = 'held', 0, NEW.machine_ms),
    reserved_money      = reserved_money      + iif(NEW.state = 'held', NEW.money, 0),
    reserved_tokens     = reserved_tokens     + iif(NEW.state = 'held', NEW.tokens, 0),
    reserved_machine_ms = reserved_machine_ms + iif(NEW.state = 'held', NEW.machine_ms, 0)
  WHERE (scope, name) IN (SELECT scope, name FROM budget_payers WHERE id = NEW.id);
END;
CREATE TRIGGER calls_are_settled AFTER UPDATE ON budget_calls BEGIN
  UPDATE budget_accounts SET
    spent_money         = spent_money         + iif(NEW.state = 'held', 0, NEW.money)      - iif(OLD.state = 'held', 0, OLD.money),
    spent_tokens        = spent_tokens        + iif(NEW.state = 'held', 0, NEW.tokens)     - iif(OLD.state = 'held', 0, OLD.tokens),
    spent_machine_ms    = spent_machine_ms    + iif(NEW.state = 'held', 0, NEW.machine_ms) - iif(OLD.state = 'held', 0, OLD.machine_ms),
    reserved_money      = reserved_money      + iif(NEW.state = 'held', NEW.money, 0)      - iif(OLD.state = 'held', OLD.money, 0),
    reserved_tokens     = reserved_tokens     + iif(NEW.state = 'held', NEW.tokens, 0)     - iif(OLD.state = 'held', OLD.tokens, 0),
    reserved_machine_ms = reserved_machine_ms + iif(NEW.state = 'held', NEW.machine_ms, 0) - iif(OLD.state = 'held', OLD.machine_ms, 0)
  WHERE (scope, name) IN (SELECT scope, name FROM budget_payers WHERE id = NEW.id);
END;
CREATE TRIGGER calls_stay BEFORE DELETE ON budget_calls BEGIN SELECT RAISE(ABORT, 'what was spent is never forgotten'); END;
