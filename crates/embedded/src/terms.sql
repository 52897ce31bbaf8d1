-- The words of later versions for what earlier ones wrote.
ALTER TABLE suspects RENAME TO culprits;
UPDATE history SET what = 'suspected' WHERE what = 'doubted';
