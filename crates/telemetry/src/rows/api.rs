//! Rows of CloudTrail: one API call, sign-in or service event each.

use model::{AccountId, Addr, Origin, Region, Timestamp};
use serde::{Deserialize, Serialize};

use super::Span;

/// Kind of the caller: `userIdentity.type`.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[repr(u8)]
#[expect(missing_docs, reason = "the names are CloudTrail's own")]
pub enum Caller {
    #[default]
    Unknown,
    Root,
    IamUser,
    AssumedRole,
    Role,
    FederatedUser,
    Directory,
    AwsAccount,
    AwsService,
    IdentityCenterUser,
    SamlUser,
    WebIdentityUser,
}

impl Caller {
    /// The value as CloudTrail writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Caller::Unknown => "Unknown",
            Caller::Root => "Root",
            Caller::IamUser => "IAMUser",
            Caller::AssumedRole => "AssumedRole",
            Caller::Role => "Role",
            Caller::FederatedUser => "FederatedUser",
            Caller::Directory => "Directory",
            Caller::AwsAccount => "AWSAccount",
            Caller::AwsService => "AWSService",
            Caller::IdentityCenterUser => "IdentityCenterUser",
            Caller::SamlUser => "SAMLUser",
            Caller::WebIdentityUser => "WebIdentityUser",
        }
    }

    /// Reads CloudTrail's value; what is not known becomes [`Caller::Unknown`].
    pub fn parse(text: &str) -> Caller {
        match text {
            "Root" => Caller::Root,
            "IAMUser" => Caller::IamUser,
            "AssumedRole" => Caller::AssumedRole,
            "Role" => Caller::Role,
            "FederatedUser" => Caller::FederatedUser,
            "Directory" => Caller::Directory,
            "AWSAccount" => Caller::AwsAccount,
            "AWSService" => Caller::AwsService,
            "IdentityCenterUser" => Caller::IdentityCenterUser,
            "SAMLUser" => Caller::SamlUser,
            "WebIdentityUser" => Caller::WebIdentityUser,
            _ => Caller::Unknown,
        }
    }
}

/// One CloudTrail record. Members by
/// <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ApiCall {
    /// `eventTime`.
    pub time: Timestamp,
    /// [`model::hash64`] of `eventID`.
    pub event_id_hash: u64,
    /// Account whose trail it is: `recipientAccountId`, else `userIdentity.accountId`, else the object key's.
    pub account: AccountId,
    /// `awsRegion`.
    pub region: Region,
    /// `userIdentity.type`.
    pub caller: Caller,
    /// Bits, see the constants.
    pub marks: u16,
    /// `sourceIPAddress` when it is an address, else unspecified.
    pub source: Addr,
    /// `userIdentity.accountId`.
    pub caller_account: AccountId,
    /// `vpcEndpointAccountId`.
    pub vpc_endpoint_account: AccountId,
    /// `eventID`.
    pub event_id: Span,
    /// `eventSource`, such as `s3.amazonaws.com`.
    pub event_source: Span,
    /// `eventName` without a version suffix: `AddPermission20150331v2` becomes `AddPermission`.
    pub event_name: Span,
    /// `sourceIPAddress` as written.
    pub source_text: Span,
    /// `userAgent`.
    pub user_agent: Span,
    /// `errorCode`.
    pub error_code: Span,
    /// `errorMessage`.
    pub error_message: Span,
    /// `userIdentity.principalId`.
    pub principal_id: Span,
    /// `userIdentity.arn`.
    pub arn: Span,
    /// `userIdentity.accessKeyId`.
    pub access_key_id: Span,
    /// `userIdentity.userName`.
    pub user_name: Span,
    /// `userIdentity.invokedBy`.
    pub invoked_by: Span,
    /// `userIdentity.sessionContext.sessionIssuer.arn`.
    pub issuer_arn: Span,
    /// `userIdentity.sessionContext.sessionIssuer.userName`.
    pub issuer_user_name: Span,
    /// `userIdentity.sessionContext.sessionIssuer.principalId`.
    pub issuer_principal_id: Span,
    /// `userIdentity.inScopeOf` as JSON text.
    pub in_scope_of: Span,
    /// `vpcEndpointId`.
    pub vpc_endpoint: Span,
    /// `requestParameters` as JSON text; kept only where the parser's interest says so.
    pub request: Span,
    /// `responseElements` as JSON text; kept only where the parser's interest says so.
    pub response: Span,
    /// `additionalEventData` as JSON text; kept only where the parser's interest says so.
    pub additional: Span,
    /// `resources` as JSON text; kept only where the parser's interest says so.
    pub resources: Span,
    /// Name of the bucket that the call is about: `requestParameters.bucketName`, S3 calls only.
    pub bucket: Span,
    /// `requestParameters.key`, S3 object calls only.
    pub object_key: Span,
    /// `sessionContext.attributes.creationDate`.
    pub session_created: Timestamp,
}

impl ApiCall {
    /// `readOnly` is true.
    pub const READ_ONLY: u16 = 1;
    /// `readOnly` is present.
    pub const HAS_READ_ONLY: u16 = 2;
    /// `eventCategory` is Data.
    pub const DATA: u16 = 4;
    /// `eventCategory` is `NetworkActivity`.
    pub const NETWORK_ACTIVITY: u16 = 8;
    /// `eventCategory` is Insight.
    pub const INSIGHT: u16 = 16;
    /// `eventType` is `AwsServiceEvent`.
    pub const SERVICE_EVENT: u16 = 32;
    /// `eventType` is `AwsConsoleSignIn`.
    pub const CONSOLE_SIGN_IN: u16 = 64;
    /// `sessionContext.attributes.mfaAuthenticated` is "true".
    pub const MFA: u16 = 128;
    /// `sessionContext.ec2RoleDelivery` is present.
    pub const EC2_ROLE_DELIVERY: u16 = 256;
    /// `sessionContext.ec2RoleDelivery` is "1.0": the credentials were fetched through `IMDSv1`.
    pub const IMDS_V1: u16 = 512;
    /// `sessionCredentialFromConsole` is "true".
    pub const FROM_CONSOLE: u16 = 1024;
    /// `sessionContext.assumedRoot` is "true".
    pub const ASSUMED_ROOT: u16 = 2048;

    /// Whether the mark is set.
    #[inline]
    pub const fn is(&self, mark: u16) -> bool {
        self.marks & mark != 0
    }

    /// Whether the call succeeded: no `errorCode`.
    #[inline]
    pub const fn is_success(&self) -> bool {
        self.error_code.len == 0
    }

    /// The row with all spans moved by `base` bytes.
    #[must_use]
    pub fn shifted(mut self, base: u32) -> ApiCall {
        for span in self.spans_mut() {
            *span = span.shifted(base);
        }
        self
    }

    /// Every text member of the row, in a fixed order.
    pub fn spans_mut(&mut self) -> [&mut Span; 23] {
        [
            &mut self.event_id,
            &mut self.event_source,
            &mut self.event_name,
            &mut self.source_text,
            &mut self.user_agent,
            &mut self.error_code,
            &mut self.error_message,
            &mut self.principal_id,
            &mut self.arn,
            &mut self.access_key_id,
            &mut self.user_name,
            &mut self.invoked_by,
            &mut self.issuer_arn,
            &mut self.issuer_user_name,
            &mut self.issuer_principal_id,
            &mut self.in_scope_of,
            &mut self.vpc_endpoint,
            &mut self.request,
            &mut self.response,
            &mut self.additional,
            &mut self.resources,
            &mut self.bucket,
            &mut self.object_key,
        ]
    }
}

/// A block of API calls.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ApiRows {
    /// The rows.
    pub rows: Vec<ApiCall>,
    /// Where each row was taken from: same length as `rows`.
    pub origins: Vec<Origin>,
    /// The text that the rows' spans point into.
    pub text: String,
}

impl ApiRows {
    /// Forgets the rows and keeps their memory.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.origins.clear();
        self.text.clear();
    }

    /// Appends another block.
    pub fn append(&mut self, other: ApiRows) {
        if self.rows.is_empty() {
            *self = other;
            return;
        }
        let base = self.text.len() as u32;
        self.text.push_str(&other.text);
        self.origins.extend(other.origins);
        self.rows.extend(other.rows.into_iter().map(|row| row.shifted(base)));
    }

    /// Copies the text of a row in one piece, if nothing lies between its parts, as parsers leave it.
    fn push_whole(&mut self, row: &mut ApiCall, text: &str) -> bool {
        let (mut from, mut to, mut sum) = (u32::MAX, 0, 0);
        for span in row.spans_mut().into_iter().filter(|it| it.len != 0) {
            from = from.min(span.offset);
            to = to.max(span.offset.saturating_add(span.len));
            sum += u64::from(span.len);
        }
        let Some(whole) = text.get(from as usize..to as usize) else { return false };
        let base = self.text.len();
        if whole.len() as u64 != sum || base + whole.len() > u32::MAX as usize {
            return false;
        }
        self.text.push_str(whole);
        for span in row.spans_mut().into_iter().filter(|it| it.len != 0) {
            span.offset = span.offset - from + base as u32;
        }
        true
    }

    /// Copies one row of another block with its text.
    pub fn push_from(&mut self, other: &ApiRows, index: usize) {
        let mut row = other.rows[index];
        if !self.push_whole(&mut row, &other.text) {
            for span in row.spans_mut() {
                *span = Span::push(&mut self.text, span.of(&other.text));
            }
        }
        self.rows.push(row);
        self.origins.push(other.origins[index]);
    }
}
