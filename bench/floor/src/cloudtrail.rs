//! CloudTrail files: sonic-rs into structs that borrow the text.

use crate::count::{Counts, hash};
use anyhow::Result;
use serde::Deserialize;
use sonic_rs::LazyValue;
use std::borrow::Cow;

#[derive(Deserialize)]
struct File<'a> {
    #[serde(borrow, rename = "Records")]
    records: Vec<Record<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    #[serde(borrow)]
    user_identity: Identity<'a>,
    event_time: &'a str,
    event_source: &'a str,
    event_name: &'a str,
    aws_region: &'a str,
    #[serde(rename = "sourceIPAddress")]
    source_ip_address: &'a str,
    #[serde(borrow, default)]
    user_agent: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    error_code: Option<&'a str>,
    /// Kept as it stands: detectors look into few of them.
    #[serde(borrow, default)]
    request_parameters: Option<LazyValue<'a>>,
    #[serde(rename = "eventID")]
    event_id: &'a str,
    #[serde(default)]
    read_only: Option<bool>,
    recipient_account_id: &'a str,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Identity<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<&'a str>,
    #[serde(borrow)]
    principal_id: Option<&'a str>,
    #[serde(borrow)]
    arn: Option<&'a str>,
    #[serde(borrow)]
    account_id: Option<&'a str>,
    #[serde(borrow)]
    access_key_id: Option<&'a str>,
    #[serde(borrow)]
    user_name: Option<&'a str>,
    #[serde(borrow)]
    invoked_by: Option<&'a str>,
    #[serde(borrow)]
    session_context: Option<Session<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Session<'a> {
    #[serde(borrow)]
    session_issuer: Option<Issuer<'a>>,
    #[serde(borrow)]
    attributes: Option<Attributes<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Issuer<'a> {
    #[serde(borrow)]
    arn: Option<&'a str>,
    #[serde(borrow)]
    user_name: Option<&'a str>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Attributes<'a> {
    #[serde(borrow)]
    mfa_authenticated: Option<&'a str>,
    #[serde(borrow)]
    creation_date: Option<&'a str>,
}

/// Counts the records of a file by event name.
pub(crate) fn count(raw: &[u8], counts: &mut Counts) -> Result<()> {
    let file: File = sonic_rs::from_slice(raw)?;
    for record in &file.records {
        let fields = record.size() as u64;
        counts.add(hash(record.event_name.as_bytes()), fields, fields, 0);
    }
    Ok(())
}

fn len(text: Option<&str>) -> usize {
    text.map_or(0, str::len)
}

impl Record<'_> {
    /// Sum of the lengths of all fields.
    fn size(&self) -> usize {
        let texts = [
            self.event_time,
            self.event_source,
            self.aws_region,
            self.source_ip_address,
            self.event_id,
            self.recipient_account_id,
        ];
        texts.iter().map(|text| text.len()).sum::<usize>()
            + len(self.user_agent.as_deref())
            + len(self.error_code)
            + usize::from(self.read_only.unwrap_or_default())
            + usize::from(self.request_parameters.is_some())
            + self.user_identity.size()
    }
}

impl Identity<'_> {
    fn size(&self) -> usize {
        let texts = [
            self.kind,
            self.principal_id,
            self.arn,
            self.account_id,
            self.access_key_id,
            self.user_name,
            self.invoked_by,
        ];
        texts.into_iter().map(len).sum::<usize>()
            + self.session_context.as_ref().map_or(0, Session::size)
    }
}

impl Session<'_> {
    fn size(&self) -> usize {
        let issuer = self.session_issuer.as_ref().map_or(0, |it| len(it.arn) + len(it.user_name));
        let attributes = self.attributes.as_ref();
        issuer + attributes.map_or(0, |it| len(it.mfa_authenticated) + len(it.creation_date))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_counted_by_event_name() {
        let record = |name: &str| {
            [
                r#"{"userIdentity":{"type":"Root"},"eventTime":"2026-01-05T00:00:00Z","eventSource":"s3","#,
                &format!(r#""eventName":"{name}","awsRegion":"x","sourceIPAddress":"192.0.2.1","#),
                r#""eventID":"e","requestParameters":null,"recipientAccountId":"111122223333"}"#,
            ]
            .concat()
        };
        let text = format!(r#"{{"Records":[{},{},{}]}}"#, record("A"), record("B"), record("A"));
        let mut counts = Counts::default();
        count(text.as_bytes(), &mut counts).unwrap();
        let json = counts.to_json();
        assert!(json.starts_with(r#"{"events":3,"keys":2,"#), "{json}");
        // Kind 4, time 20, source 2, Region 1, address 9, id 1, account 12.
        assert_eq!(counts.checksum, 3 * 49);
    }

    #[test]
    fn a_broken_file_is_an_error() {
        assert!(count(b"{\"Records\":[{]}", &mut Counts::default()).is_err());
    }
}
