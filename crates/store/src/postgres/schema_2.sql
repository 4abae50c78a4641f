-- Lists by type and by severity, and counts by anything, without a look at the narrow table itself.
CREATE INDEX finding_type ON finding (type, updated, id);
CREATE INDEX finding_severity ON finding (severity, updated, id);
