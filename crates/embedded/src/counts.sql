-- How many rows there are of each status and kind, in all ('') and by campaign; of dead letters as of a status `dead`. Nobody
-- counts rows to answer a question.
CREATE TABLE operation_counts (
  campaign TEXT    NOT NULL,
  status   TEXT    NOT NULL,
  kind     TEXT    NOT NULL,
  rows     INTEGER NOT NULL,
  PRIMARY KEY (campaign, status, kind)
) STRICT, WITHOUT ROWID;

INSERT INTO operation_counts SELECT '', status, kind, count(*) FROM operations GROUP BY status, kind;
INSERT INTO operation_counts SELECT campaign, status, kind, count(*) FROM operations WHERE campaign IS NOT NULL GROUP BY campaign, status, kind;
INSERT INTO operation_counts SELECT '', 'dead', kind, count(*) FROM operations WHERE seq IN (SELECT operation FROM dead_letters) GROUP BY kind;
INSERT INTO operation_counts SELECT campaign, 'dead', kind, count(*) FROM operations
WHERE seq IN (SELECT operation FROM dead_letters) AND campaign IS NOT NULL GROUP BY campaign, kind;

CREATE TRIGGER rows_are_counted AFTER INSERT ON operations BEGIN
  INSERT INTO operation_counts VALUES ('', NEW.status, NEW.kind, 1) ON CONFLICT DO UPDATE SET rows = rows + 1;
END;
CREATE TRIGGER rows_of_campaigns_are_counted AFTER INSERT ON operations WHEN NEW.campaign IS NOT NULL BEGIN
  INSERT INTO operation_counts VALUES (NEW.campaign, NEW.status, NEW.kind, 1) ON CONFLICT DO UPDATE SET rows = rows + 1;
END;
CREATE TRIGGER rows_are_recounted AFTER UPDATE OF status ON operations WHEN NEW.status <> OLD.status BEGIN
  UPDATE operation_counts SET rows = rows - 1
  WHERE campaign IN ('', coalesce(OLD.campaign, '')) AND status = OLD.status AND kind = OLD.kind;
  INSERT INTO operation_counts VALUES ('', NEW.status, NEW.kind, 1) ON CONFLICT DO UPDATE SET rows = rows + 1;
  INSERT INTO operation_counts SELECT NEW.campaign, NEW.status, NEW.kind, 1 WHERE NEW.campaign IS NOT NULL
  ON CONFLICT DO UPDATE SET rows = rows + 1;
END;
CREATE TRIGGER rows_are_discounted AFTER DELETE ON operations BEGIN
  UPDATE operation_counts SET rows = rows - 1
  WHERE campaign IN ('', coalesce(OLD.campaign, '')) AND status = OLD.status AND kind = OLD.kind;
END;
CREATE TRIGGER the_dead_are_counted AFTER INSERT ON dead_letters BEGIN
  INSERT INTO operation_counts SELECT '', 'dead', kind, 1 FROM operations WHERE seq = NEW.operation
  ON CONFLICT DO UPDATE SET rows = rows + 1;
  INSERT INTO operation_counts SELECT campaign, 'dead', kind, 1 FROM operations WHERE seq = NEW.operation AND campaign IS NOT NULL
  ON CONFLICT DO UPDATE SET rows = rows + 1;
END;
CREATE TRIGGER the_dead_are_discounted AFTER DELETE ON dead_letters BEGIN
  UPDATE operation_counts SET rows = rows - 1
  WHERE status = 'dead' AND kind = (SELECT kind FROM operations WHERE seq = OLD.operation)
    AND campaign IN ('', coalesce((SELECT campaign FROM operations WHERE seq = OLD.operation), ''));
END;

-- Rows of one status and kind in the order of their creation: a page is read from where the one before it ended.
CREATE INDEX operations_list ON operations (status, kind);
