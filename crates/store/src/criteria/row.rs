//! The narrow row of a finding: what most questions are about.

use findings::{Finding, Resource};
use model::{Severity, Timestamp};

use super::document::Scalar;
use super::fields::Hot;

/// The columns of the narrow table and what statistics group by.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Row {
    pub(crate) id: String,
    /// Twelve digits.
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) finding_type: String,
    pub(crate) severity: Severity,
    pub(crate) archived: bool,
    pub(crate) resource_type: String,
    pub(crate) resource_id: String,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    pub(crate) first_seen: Timestamp,
    pub(crate) last_seen: Timestamp,
    pub(crate) count: i64,
}

impl Row {
    pub(crate) fn of(finding: &Finding) -> Row {
        let service = &finding.service;
        Row {
            id: finding.id.clone(),
            account: finding.account_id.to_string(),
            region: finding.region.to_string(),
            finding_type: finding.finding_type.clone(),
            severity: finding.severity,
            archived: service.archived,
            resource_type: finding.resource.resource_type.clone(),
            resource_id: resource_id(&finding.resource).to_owned(),
            created: finding.created_at,
            updated: finding.updated_at,
            first_seen: service.event_first_seen,
            last_seen: service.event_last_seen,
            count: i64::try_from(service.count).unwrap_or(i64::MAX),
        }
    }

    pub(crate) fn value(&self, hot: Hot) -> Scalar {
        match hot {
            Hot::Id => Scalar::Text(self.id.clone()),
            Hot::Account => Scalar::Text(self.account.clone()),
            Hot::Region => Scalar::Text(self.region.clone()),
            Hot::Type => Scalar::Text(self.finding_type.clone()),
            Hot::Severity => Scalar::Int(i64::from(self.severity.value())),
            Hot::Archived => Scalar::Bool(self.archived),
            Hot::ResourceType => Scalar::Text(self.resource_type.clone()),
            Hot::Created => Scalar::Int(self.created.millis()),
            Hot::Updated => Scalar::Int(self.updated.millis()),
            Hot::FirstSeen => Scalar::Int(self.first_seen.millis()),
            Hot::LastSeen => Scalar::Int(self.last_seen.millis()),
            Hot::Count => Scalar::Int(self.count),
        }
    }
}

/// The identifier that statistics by resource show: of the instance, bucket, function or access key;
/// empty when the finding names none.
pub(crate) fn resource_id(resource: &Resource) -> &str {
    let instance = resource.instance_details.as_ref().and_then(|it| it.instance_id.as_deref());
    let bucket = resource.s3_bucket_details.first().map(|it| it.name.as_str());
    let function = resource.lambda_details.as_ref().map(|it| it.function_name.as_str());
    let key = resource.access_key_details.as_ref().map(|it| {
        if it.access_key_id.is_empty() {
            it.principal_id.as_str()
        } else {
            it.access_key_id.as_str()
        }
    });
    let ids = [instance, bucket, function, key];
    ids.into_iter().flatten().find(|it| !it.is_empty()).unwrap_or("")
}
