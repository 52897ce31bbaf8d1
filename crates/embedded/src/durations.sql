-- How long what ended took, by a clock that nobody can set.
ALTER TABLE operations ADD COLUMN took_ms INTEGER;
-- Running roots: when they started by the steady clock of the process that started them, and which clock that is.
ALTER TABLE operations ADD COLUMN started_steady_ms INTEGER;
ALTER TABLE operations ADD COLUMN steady_clock INTEGER;
