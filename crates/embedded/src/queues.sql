-- The class of worker an operation waits for: with its kind, the queue its messages go to.
ALTER TABLE operations ADD COLUMN pinned TEXT;
UPDATE operations SET pinned = json_extract(spec, '$.device')
WHERE status = 'pending' AND kind IN ('training', 'probe') AND json_extract(spec, '$.device') IN ('cpu', 'gpu');
