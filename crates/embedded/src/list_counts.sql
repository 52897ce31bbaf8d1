-- How long the lists are that only grow, in all ('') and by campaign: nobody counts rows to answer a question.
CREATE TABLE list_counts (
  list     TEXT    NOT NULL,
  campaign TEXT    NOT NULL,
  rows     INTEGER NOT NULL,
  PRIMARY KEY (list, campaign)
) STRICT, WITHOUT ROWID;

INSERT INTO list_counts SELECT 'trials', '', count(*) FROM trials UNION ALL SELECT 'lessons', '', count(*) FROM lessons
  UNION ALL SELECT 'closings', '', count(*) FROM closings UNION ALL SELECT 'campaigns', '', count(*) FROM campaigns;
INSERT INTO list_counts SELECT 'trials', campaign, count(*) FROM trials GROUP BY campaign;
INSERT INTO list_counts SELECT 'lessons', campaign, count(*) FROM lessons GROUP BY campaign;
INSERT INTO list_counts SELECT 'closings', campaign, count(*) FROM closings GROUP BY campaign;

CREATE TRIGGER trials_are_counted AFTER INSERT ON trials BEGIN
  INSERT INTO list_counts VALUES ('trials', '', 1), ('trials', NEW.campaign, 1) ON CONFLICT DO UPDATE SET rows = rows + 1;
END;
CREATE TRIGGER lessons_are_counted AFTER INSERT ON lessons BEGIN
  INSERT INTO list_counts VALUES ('lessons', '', 1), ('lessons', NEW.campaign, 1) ON CONFLICT DO UPDATE SET rows = rows + 1;
END;
CREATE TRIGGER closings_are_counted AFTER INSERT ON closings BEGIN
  INSERT INTO list_counts VALUES ('closings', '', 1), ('closings', NEW.campaign, 1) ON CONFLICT DO UPDATE SET rows = rows + 1;
END;
CREATE TRIGGER campaigns_are_counted AFTER INSERT ON campaigns BEGIN
  INSERT INTO list_counts VALUES ('campaigns', '', 1) ON CONFLICT DO UPDATE SET rows = rows + 1;
END;

CREATE INDEX closings_campaign ON closings (campaign);
