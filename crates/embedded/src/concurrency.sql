-- Roots that count toward a limit, by the key they share. Who has ended counts no more, and is removed by the next submit.
CREATE TABLE concurrency_keys (
  key  TEXT    NOT NULL,
  root INTEGER NOT NULL REFERENCES operations (seq),
  PRIMARY KEY (key, root)
) STRICT, WITHOUT ROWID;
