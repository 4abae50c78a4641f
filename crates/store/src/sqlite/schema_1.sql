-- The columns that most questions are about; `n` is the key of the document.
CREATE TABLE finding (
  n INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  type TEXT NOT NULL,
  severity INTEGER NOT NULL,
  archived INTEGER NOT NULL,
  suppressed INTEGER NOT NULL,
  resource_type TEXT NOT NULL,
  resource_id TEXT NOT NULL,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  day INTEGER NOT NULL,
  first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  count INTEGER NOT NULL
);
CREATE INDEX finding_updated ON finding (updated, id);
CREATE INDEX finding_owner ON finding (account, region, updated, id);

CREATE TABLE finding_document (
  n INTEGER PRIMARY KEY REFERENCES finding (n) ON DELETE CASCADE,
  finding TEXT NOT NULL,
  draft TEXT
);

-- The newest generation of what makes drafts the same finding; it outlives the finding.
CREATE TABLE lineage (root TEXT PRIMARY KEY, generation INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE document (
  kind TEXT NOT NULL,
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (kind, account, region, id)
) WITHOUT ROWID;

CREATE TABLE control (sequence INTEGER PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE control_blob (
  sequence INTEGER NOT NULL REFERENCES control (sequence),
  position INTEGER NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (sequence, position)
) WITHOUT ROWID;
CREATE INDEX control_blob_hash ON control_blob (hash);

CREATE TABLE blob (hash BLOB NOT NULL UNIQUE, content BLOB NOT NULL);
CREATE TABLE snapshot (snapshot INTEGER PRIMARY KEY, mark INTEGER NOT NULL);
CREATE TABLE snapshot_part (
  snapshot INTEGER NOT NULL REFERENCES snapshot (snapshot),
  name TEXT NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (snapshot, name)
) WITHOUT ROWID;
CREATE INDEX snapshot_part_hash ON snapshot_part (hash);

CREATE TABLE sink (name TEXT PRIMARY KEY, acknowledged INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE outbox (
  id TEXT PRIMARY KEY,
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  sequence INTEGER NOT NULL UNIQUE,
  new_at INTEGER NOT NULL
) WITHOUT ROWID;
