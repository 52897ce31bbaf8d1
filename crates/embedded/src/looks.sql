-- A look is counted before it is taken, by its instrument and time; what it showed is written down apart, once. Looks counted
-- before this table was there carry what they showed in `trial` itself.
CREATE TABLE conclusions (
  operation  TEXT PRIMARY KEY REFERENCES trials (operation),
  conclusion TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER conclusions_stay     BEFORE UPDATE ON conclusions BEGIN SELECT RAISE(ABORT, 'what a look showed is never changed'); END;
CREATE TRIGGER conclusions_are_kept BEFORE DELETE ON conclusions BEGIN SELECT RAISE(ABORT, 'what a look showed is never removed'); END;

DROP INDEX trials_data;
CREATE INDEX trials_symbol ON trials (json_extract(trial, '$.symbol'), span_start, span_end);
