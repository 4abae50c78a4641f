//! One record at a time: JSON text in, row out.

use std::sync::Arc;

use model::{AccountId, Addr, Origin, Region, Timestamp, hash64};

use super::Interest;
use super::event::{Event, Identity, S3Parameters};
use super::name::without_version;
use super::quick;
use crate::json::Text;
use crate::{ApiCall, ApiRows, Caller, Cause, Hint, Options, Span};

/// What a record was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    /// A row was added.
    Row,
    /// It is no CloudTrail event but has members of other formats: bits of [`Shape`].
    Other(u16),
    /// It cannot be read.
    Bad(Cause),
}

/// Reads CloudTrail records.
pub(crate) struct CloudTrailParser {
    options: Arc<Options>,
    account: AccountId,
    region: Region,
}

impl CloudTrailParser {
    /// Takes what the object's key says, for records that do not name their account or Region.
    pub(crate) fn new(options: Arc<Options>, hint: &Hint) -> CloudTrailParser {
        CloudTrailParser { options, account: hint.account, region: hint.region }
    }

    /// Reads one record. It must not be nested deeper than the stack bears: values that are skipped are
    /// walked recursively.
    pub(crate) fn parse(&self, record: &str, origin: Origin, out: &mut ApiRows) -> Outcome {
        let Ok(event) = sonic_rs::from_str::<Event<'_>>(record) else {
            return Outcome::Bad(Cause::InvalidJson);
        };
        let parameters = s3_parameters(&event);
        self.take(&event, &parameters, record.len(), origin, out)
    }

    /// Reads the record that the text starts with, if the fast path can: its length. `object` and `offset`
    /// say where the text starts. Without a result nothing has happened, and [`CloudTrailParser::parse`]
    /// says what the record is.
    pub(crate) fn quick(
        &self,
        text: &[u8],
        object: u32,
        offset: u64,
        out: &mut ApiRows,
    ) -> Option<usize> {
        let most = self.options.limits.record_bytes.saturating_add(1).min(u32::MAX as usize);
        let (len, event, parameters) = quick::read(text.get(..most).unwrap_or(text))?;
        let origin = Origin { object, len: len as u32, offset };
        let outcome = self.take(&event, &parameters, len, origin, out);
        (outcome == Outcome::Row).then_some(len)
    }

    /// Adds the row of a record of some length.
    fn take(
        &self,
        event: &Event<'_>,
        parameters: &S3Parameters<'_>,
        len: usize,
        origin: Origin,
        out: &mut ApiRows,
    ) -> Outcome {
        if event.name.is_empty() || event.time.is_empty() {
            return if event.shape != 0 {
                Outcome::Other(event.shape)
            } else if event.name.is_empty() && event.time.is_empty() && event.source.is_empty() {
                Outcome::Bad(Cause::UnknownFormat)
            } else {
                Outcome::Bad(Cause::MissingField)
            };
        }
        if len > self.options.limits.record_bytes {
            return Outcome::Bad(Cause::RecordTooLong);
        }
        // Notifications of S3 and streams of records to functions have `Records` and event names as well.
        if event.source.as_str().starts_with("aws:") {
            return Outcome::Bad(Cause::UnknownFormat);
        }
        let Ok(time) = Timestamp::parse(event.time.as_str()) else {
            return Outcome::Bad(Cause::InvalidTime);
        };
        let row = self.row(event, parameters, time, &mut out.text);
        out.rows.push(row);
        out.origins.push(origin);
        Outcome::Row
    }

    fn row(
        &self,
        event: &Event<'_>,
        parameters: &S3Parameters<'_>,
        time: Timestamp,
        text: &mut String,
    ) -> ApiCall {
        let identity = &event.identity;
        let caller_account = account(&identity.account_id).unwrap_or_default();
        let recipient = account(&event.recipient);
        let own = if caller_account.is_known() { caller_account } else { self.account };
        let name = without_version(event.name.as_str());
        let mut push = |piece: &str| Span::push(text, piece);
        let mut row = ApiCall {
            time,
            event_id_hash: hash64(event.id.as_str().as_bytes()),
            account: recipient.unwrap_or(own),
            region: if event.region.is_empty() {
                self.region
            } else {
                Region::new(event.region.as_str())
            },
            caller: Caller::parse(identity.kind.as_str()),
            marks: marks(event),
            source: address(event.source_address.as_str()),
            caller_account,
            vpc_endpoint_account: account(&event.vpc_endpoint_account).unwrap_or_default(),
            event_id: push(event.id.as_str()),
            event_source: push(event.source.as_str()),
            event_name: push(name),
            source_text: push(event.source_address.as_str()),
            user_agent: push(event.user_agent.as_str()),
            error_code: push(event.error_code.as_str()),
            error_message: push(event.error_message.as_str()),
            vpc_endpoint: push(event.vpc_endpoint.as_str()),
            ..ApiCall::default()
        };
        add_identity(&mut row, identity, text);
        self.add_parameters(&mut row, event, name, text);
        if event.source.as_str() == S3 {
            row.bucket = Span::push(text, parameters.bucket.as_str());
            row.object_key = Span::push(text, parameters.key.as_str());
        }
        row
    }

    /// The parts that are kept where somebody is interested.
    fn add_parameters(&self, row: &mut ApiCall, event: &Event<'_>, name: &str, text: &mut String) {
        let wanted = self.options.interest.of(name);
        let mut keep = |bit: u8, raw: &str| {
            if wanted & bit == 0 { Span::default() } else { Span::push(text, raw) }
        };
        row.request = keep(Interest::REQUEST, event.request.as_str());
        row.response = keep(Interest::RESPONSE, event.response.as_str());
        row.additional = keep(Interest::ADDITIONAL, event.additional.as_str());
        row.resources = keep(Interest::RESOURCES, event.resources.as_str());
    }
}

/// `eventSource` of the calls whose bucket is read.
const S3: &str = "s3.amazonaws.com";

/// The bucket of S3 calls.
fn s3_parameters<'a>(event: &'a Event<'_>) -> S3Parameters<'a> {
    let request = event.request.as_str();
    if event.source.as_str() != S3 || request.is_empty() {
        return S3Parameters::default();
    }
    // The text was read once as a part of the record: it is valid.
    sonic_rs::from_str(request).unwrap_or_default()
}

fn add_identity(row: &mut ApiCall, identity: &Identity<'_>, text: &mut String) {
    let mut push = |piece: &str| Span::push(text, piece);
    let session = &identity.session;
    row.principal_id = push(identity.principal_id.as_str());
    row.arn = push(identity.arn.as_str());
    row.access_key_id = push(identity.access_key_id.as_str());
    row.user_name = push(identity.user_name.as_str());
    row.invoked_by = push(identity.invoked_by.as_str());
    row.issuer_arn = push(session.issuer.arn.as_str());
    row.issuer_user_name = push(session.issuer.user_name.as_str());
    row.issuer_principal_id = push(session.issuer.principal_id.as_str());
    row.in_scope_of = push(identity.in_scope_of.as_str());
    row.session_created =
        Timestamp::parse(session.attributes.creation_date.as_str()).unwrap_or_default();
}

/// The address, unspecified when it is none.
fn address(text: &str) -> Addr {
    match kernels::parse_ipv4(text.as_bytes()) {
        Some(address) => Addr::from_v4(address),
        None => Addr::parse(text).unwrap_or_default(),
    }
}

fn account(text: &Text<'_>) -> Option<AccountId> {
    AccountId::from_digits(text.as_str().as_bytes()).filter(|account| account.is_known())
}

fn marks(event: &Event<'_>) -> u16 {
    let session = &event.identity.session;
    let category = match event.category.as_str() {
        "Data" => ApiCall::DATA,
        "NetworkActivity" => ApiCall::NETWORK_ACTIVITY,
        "Insight" => ApiCall::INSIGHT,
        _ => 0,
    };
    let kind = match event.kind.as_str() {
        "AwsServiceEvent" => ApiCall::SERVICE_EVENT,
        "AwsConsoleSignIn" => ApiCall::CONSOLE_SIGN_IN,
        _ => 0,
    };
    let delivery = match session.ec2_role_delivery.as_str() {
        "" => 0,
        "1.0" => ApiCall::EC2_ROLE_DELIVERY | ApiCall::IMDS_V1,
        _ => ApiCall::EC2_ROLE_DELIVERY,
    };
    let when = |flag: Option<bool>, mark: u16| if flag == Some(true) { mark } else { 0 };
    category
        | kind
        | delivery
        | when(event.read_only.0, ApiCall::READ_ONLY)
        | when(Some(event.read_only.0.is_some()), ApiCall::HAS_READ_ONLY)
        | when(session.attributes.mfa.0, ApiCall::MFA)
        | when(event.from_console.0, ApiCall::FROM_CONSOLE)
        | when(session.assumed_root.0, ApiCall::ASSUMED_ROOT)
}
