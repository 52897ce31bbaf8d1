-- What was pruned so far.
CREATE TABLE pruned (
  one        INTEGER PRIMARY KEY CHECK (one = 1),
  operations INTEGER NOT NULL,
  histories  INTEGER NOT NULL,
  at_ms      INTEGER
) STRICT;
INSERT INTO pruned VALUES (1, 0, 0, NULL);

-- How many cycles of a campaign have no row any more: what became of them is counted all the same.
ALTER TABLE campaigns ADD COLUMN forgotten INTEGER NOT NULL DEFAULT 0;
CREATE TRIGGER cycles_are_forgotten AFTER DELETE ON operations WHEN OLD.campaign IS NOT NULL AND OLD.lane IS NOT NULL BEGIN
  UPDATE campaigns SET forgotten = forgotten + 1 WHERE name = OLD.campaign;
END;

-- Who removes a row asks for what refers to it.
CREATE INDEX outbox_operation   ON outbox (operation);
CREATE INDEX culprits_operation ON culprits (operation);
CREATE INDEX concurrency_roots  ON concurrency_keys (root);
