-- What a deferred operation waits for outside, without a worker.
ALTER TABLE operations ADD COLUMN waits_for TEXT;
