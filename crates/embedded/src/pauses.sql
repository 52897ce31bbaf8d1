-- Since when a kind is paused; not known of those that were paused before.
ALTER TABLE paused_kinds ADD COLUMN at_ms INTEGER;
