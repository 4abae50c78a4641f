-- Counts by what most statistics ask for, kept true by every write. `last` is the latest `updated`.
CREATE TABLE tally (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  type TEXT NOT NULL,
  severity INTEGER NOT NULL,
  archived INTEGER NOT NULL,
  resource_type TEXT NOT NULL,
  total INTEGER NOT NULL,
  last INTEGER NOT NULL,
  PRIMARY KEY (account, region, type, severity, archived, resource_type)
) WITHOUT ROWID;
INSERT INTO tally
  SELECT account, region, type, severity, archived, resource_type, COUNT(*), MAX(updated)
  FROM finding GROUP BY account, region, type, severity, archived, resource_type;

CREATE TABLE tally_day (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  day INTEGER NOT NULL,
  severity INTEGER NOT NULL,
  archived INTEGER NOT NULL,
  total INTEGER NOT NULL,
  last INTEGER NOT NULL,
  PRIMARY KEY (account, region, day, severity, archived)
) WITHOUT ROWID;
INSERT INTO tally_day
  SELECT account, region, day, severity, archived, COUNT(*), MAX(updated)
  FROM finding GROUP BY account, region, day, severity, archived;

CREATE INDEX finding_resource ON finding (account, region, resource_type, resource_id, updated);
CREATE INDEX finding_archived ON finding (archived, updated, id);
