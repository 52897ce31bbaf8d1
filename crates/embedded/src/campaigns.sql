-- The campaign an operation belongs to: a cycle by its specification, a child by its cycle.
ALTER TABLE operations ADD COLUMN campaign TEXT;
-- Failed roots: the gate's code, or the reason again.
ALTER TABLE operations ADD COLUMN stopped_by TEXT;

UPDATE operations SET campaign = json_extract(spec, '$.campaign')
WHERE kind = 'agent_research' AND json_extract(spec, '$.campaign') GLOB '[a-z0-9]*';
UPDATE operations SET campaign = (SELECT r.campaign FROM operations r WHERE r.id = operations.root) WHERE root IS NOT NULL;
-- `Training gate failed: no_skill (1.0931 >= 1.0921)`
UPDATE operations SET stopped_by = CASE
  WHEN reason = 'gate' AND instr(error, ' gate failed: ') > 0 AND instr(error, ' (') > instr(error, ' gate failed: ')
  THEN substr(error, instr(error, ' gate failed: ') + 14, instr(error, ' (') - instr(error, ' gate failed: ') - 14)
  ELSE reason END
WHERE kind = 'agent_research' AND status = 'failed';

CREATE INDEX operations_campaign ON operations (campaign, status, kind) WHERE campaign IS NOT NULL;

CREATE TABLE campaigns (
  seq          INTEGER PRIMARY KEY,             -- order of their first cycles
  name         TEXT    NOT NULL UNIQUE,
  begun_at_ms  INTEGER NOT NULL,
  cancel_at_ms INTEGER,
  cancel_by    TEXT,
  cancel_reason TEXT,
  cancel_upto  INTEGER                          -- while it is being cancelled: of roots up to this `seq` none starts
) STRICT;

-- How many cycles stand or ended how.
CREATE TABLE campaign_outcomes (
  campaign   TEXT    NOT NULL,
  status     TEXT    NOT NULL,
  phase      TEXT    NOT NULL,                  -- of failed ones, as what follows; else ''
  reason     TEXT    NOT NULL,
  stopped_by TEXT    NOT NULL,
  cycles     INTEGER NOT NULL,
  PRIMARY KEY (campaign, status, phase, reason, stopped_by)
) STRICT, WITHOUT ROWID;

INSERT INTO campaigns (name, begun_at_ms)
SELECT campaign, min(created_at_ms) FROM operations WHERE campaign IS NOT NULL AND lane IS NOT NULL
GROUP BY campaign ORDER BY min(seq);
INSERT INTO campaign_outcomes
SELECT campaign, status, iif(status = 'failed', coalesce(phase, ''), ''), iif(status = 'failed', coalesce(reason, ''), ''),
  iif(status = 'failed', coalesce(stopped_by, ''), ''), count(*)
FROM operations WHERE campaign IS NOT NULL AND lane IS NOT NULL GROUP BY 1, 2, 3, 4, 5;

-- The counts follow the rows, whoever changes them.
CREATE TRIGGER cycles_are_counted AFTER INSERT ON operations WHEN NEW.campaign IS NOT NULL AND NEW.lane IS NOT NULL BEGIN
  INSERT OR IGNORE INTO campaigns (name, begun_at_ms) VALUES (NEW.campaign, NEW.created_at_ms);
  INSERT INTO campaign_outcomes VALUES (NEW.campaign, NEW.status, '', '', '', 1)
  ON CONFLICT DO UPDATE SET cycles = cycles + 1;
END;
CREATE TRIGGER cycles_are_recounted AFTER UPDATE OF status ON operations
WHEN NEW.campaign IS NOT NULL AND NEW.lane IS NOT NULL AND NEW.status <> OLD.status BEGIN
  UPDATE campaign_outcomes SET cycles = cycles - 1
  WHERE campaign = OLD.campaign AND status = OLD.status
    AND phase = iif(OLD.status = 'failed', coalesce(OLD.phase, ''), '')
    AND reason = iif(OLD.status = 'failed', coalesce(OLD.reason, ''), '')
    AND stopped_by = iif(OLD.status = 'failed', coalesce(OLD.stopped_by, ''), '');
  INSERT INTO campaign_outcomes VALUES (NEW.campaign, NEW.status,
    iif(NEW.status = 'failed', coalesce(NEW.phase, ''), ''), iif(NEW.status = 'failed', coalesce(NEW.reason, ''), ''),
    iif(NEW.status = 'failed', coalesce(NEW.stopped_by, ''), ''), 1)
  ON CONFLICT DO UPDATE SET cycles = cycles + 1;
END;
