-- Counts by what most statistics ask for, kept true by every write. `last` is the latest `updated`.
CREATE TABLE tally (
  account TEXT COLLATE "C" NOT NULL,
  region TEXT COLLATE "C" NOT NULL,
  type TEXT COLLATE "C" NOT NULL,
  severity BIGINT NOT NULL,
  archived BIGINT NOT NULL,
  resource_type TEXT COLLATE "C" NOT NULL,
  total BIGINT NOT NULL,
  last BIGINT NOT NULL,
  PRIMARY KEY (account, region, type, severity, archived, resource_type)
);
INSERT INTO tally
  SELECT account, region, type, severity, archived, resource_type, COUNT(*), MAX(updated)
  FROM finding GROUP BY account, region, type, severity, archived, resource_type;

CREATE TABLE tally_day (
  account TEXT COLLATE "C" NOT NULL,
  region TEXT COLLATE "C" NOT NULL,
  day BIGINT NOT NULL,
  severity BIGINT NOT NULL,
  archived BIGINT NOT NULL,
  total BIGINT NOT NULL,
  last BIGINT NOT NULL,
  PRIMARY KEY (account, region, day, severity, archived)
);
INSERT INTO tally_day
  SELECT account, region, day, severity, archived, COUNT(*), MAX(updated)
  FROM finding GROUP BY account, region, day, severity, archived;

CREATE INDEX finding_resource ON finding (account, region, resource_type, resource_id, updated);
CREATE INDEX finding_archived ON finding (archived, updated, id);
