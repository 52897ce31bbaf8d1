-- What a job is told and what it returned, apart from what lists and transitions read: a row of operations has a few hundred bytes.
CREATE TABLE payloads (
  operation INTEGER PRIMARY KEY REFERENCES operations (seq) ON DELETE CASCADE,
  spec      TEXT NOT NULL,
  result    TEXT
) STRICT;
INSERT INTO payloads SELECT seq, spec, result FROM operations;

-- What an operation is about, as its specification says; of a cycle the strategy once it is designed.
ALTER TABLE operations ADD COLUMN strategy  TEXT;
ALTER TABLE operations ADD COLUMN symbol    TEXT;
ALTER TABLE operations ADD COLUMN timeframe TEXT;
-- Why the figures that it returned are no result.
ALTER TABLE operations ADD COLUMN caveat    TEXT;

UPDATE operations SET
  strategy = coalesce(json_extract(spec, '$.strategy.name'), json_extract(spec, '$.subject.model.strategy'),
                      json_extract(spec, '$.given.strategy.name'), json_extract(spec, '$.research.given.strategy.name'),
                      iif(lane IS NOT NULL, json_extract(result, '$.strategy'), NULL)),
  symbol = coalesce(json_extract(spec, '$.symbol'), json_extract(spec, '$.research.symbol'), json_extract(spec, '$.backtest.symbol'),
                    iif(json_array_length(spec, '$.data') = 1, json_extract(spec, '$.data[0].symbol'), NULL)),
  timeframe = coalesce(json_extract(spec, '$.timeframe'), json_extract(spec, '$.research.timeframe'),
                       json_extract(spec, '$.backtest.timeframe'), json_extract(spec, '$.data[0].timeframe')),
  caveat = CASE WHEN json_extract(result, '$.in_sample') IS NOT NULL THEN 'IN-SAMPLE: the model learned from the time of its exam'
                WHEN json_array_length(result, '$.quarantine') > 0 THEN 'QUARANTINED: ' || json_extract(result, '$.quarantine[0]') END
WHERE json_valid(spec) AND (result IS NULL OR json_valid(result));

ALTER TABLE operations DROP COLUMN spec;
ALTER TABLE operations DROP COLUMN result;
