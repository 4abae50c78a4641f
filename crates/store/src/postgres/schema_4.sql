-- Orders that lists are asked for in.
CREATE INDEX finding_owner_severity ON finding (account, region, severity, id);
CREATE INDEX finding_last_seen ON finding (last_seen, id);
CREATE INDEX finding_count ON finding (count, id);
