-- How the roots of a lane follow each other. A lane without a row is older than this table: one root of it runs at a time.
CREATE TABLE lanes (
  lane       INTEGER PRIMARY KEY,                 -- `seq` of its first root; the others follow without a gap
  in_flight  INTEGER NOT NULL,
  generation INTEGER NOT NULL                     -- how many roots
) STRICT;
