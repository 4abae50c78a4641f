//! The members of a CloudTrail record that are read, borrowed from the text.

use serde::de::IgnoredAny;

use crate::json::{Flag, Raw, Text, lenient_members};

/// Members that tell what a record is when it is no CloudTrail event.
pub(crate) struct Shape;

impl Shape {
    /// `query_name`: resolver query log.
    pub(crate) const QUERY: u16 = 1;
    /// `detail`: EventBridge.
    pub(crate) const DETAIL: u16 = 2;
    /// `logEvents` or `messageType`: CloudWatch Logs subscription.
    pub(crate) const SUBSCRIPTION: u16 = 4;
    /// `message`: element of `aws logs` output.
    pub(crate) const MESSAGE: u16 = 8;
    /// `data`: element of a Firehose request.
    pub(crate) const DATA: u16 = 16;
    /// `CloudTrailEvent`: element of lookup output.
    pub(crate) const LOOKUP: u16 = 32;
    /// `digestStartTime`: digest file.
    pub(crate) const DIGEST: u16 = 64;
    /// `insightDetails`: Insights event.
    pub(crate) const INSIGHT: u16 = 128;
    /// `awslogs`: what a subscribed function is invoked with.
    pub(crate) const AWS_LOGS: u16 = 256;
    /// `Event` is `s3:TestEvent`: what S3 sends when notifications are set up.
    pub(crate) const TEST_EVENT: u16 = 512;
}

/// `sessionContext.sessionIssuer`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Issuer<'a> {
    pub(super) arn: Text<'a>,
    pub(super) user_name: Text<'a>,
    pub(super) principal_id: Text<'a>,
}

lenient_members!(Issuer, access, out, {
    "arn" => out.arn = access.next_value()?,
    "userName" => out.user_name = access.next_value()?,
    "principalId" => out.principal_id = access.next_value()?,
});

/// `sessionContext.attributes`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Attributes<'a> {
    pub(super) creation_date: Text<'a>,
    pub(super) mfa: Flag,
}

lenient_members!(Attributes, access, out, {
    "creationDate" => out.creation_date = access.next_value()?,
    "mfaAuthenticated" => out.mfa = access.next_value()?,
});

/// `userIdentity.sessionContext`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Session<'a> {
    pub(super) issuer: Issuer<'a>,
    pub(super) attributes: Attributes<'a>,
    pub(super) ec2_role_delivery: Text<'a>,
    pub(super) assumed_root: Flag,
}

lenient_members!(Session, access, out, {
    "sessionIssuer" => out.issuer = access.next_value()?,
    "attributes" => out.attributes = access.next_value()?,
    "ec2RoleDelivery" => out.ec2_role_delivery = access.next_value()?,
    "assumedRoot" => out.assumed_root = access.next_value()?,
});

/// `userIdentity`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Identity<'a> {
    pub(super) kind: Text<'a>,
    pub(super) principal_id: Text<'a>,
    pub(super) arn: Text<'a>,
    pub(super) account_id: Text<'a>,
    pub(super) access_key_id: Text<'a>,
    pub(super) user_name: Text<'a>,
    pub(super) invoked_by: Text<'a>,
    pub(super) session: Session<'a>,
    pub(super) in_scope_of: Raw<'a>,
}

lenient_members!(Identity, access, out, {
    "type" => out.kind = access.next_value()?,
    "principalId" => out.principal_id = access.next_value()?,
    "arn" => out.arn = access.next_value()?,
    "accountId" => out.account_id = access.next_value()?,
    "accessKeyId" => out.access_key_id = access.next_value()?,
    "userName" => out.user_name = access.next_value()?,
    "invokedBy" => out.invoked_by = access.next_value()?,
    "sessionContext" => out.session = access.next_value()?,
    "inScopeOf" => out.in_scope_of = access.next_value()?,
});

/// The bucket and key of a call to S3.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct S3Parameters<'a> {
    pub(super) bucket: Text<'a>,
    pub(super) key: Text<'a>,
}

lenient_members!(S3Parameters, access, out, {
    "bucketName" => out.bucket = access.next_value()?,
    "key" => out.key = access.next_value()?,
});

/// A CloudTrail record.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Event<'a> {
    pub(super) time: Text<'a>,
    pub(super) source: Text<'a>,
    pub(super) name: Text<'a>,
    pub(super) region: Text<'a>,
    pub(super) source_address: Text<'a>,
    pub(super) user_agent: Text<'a>,
    pub(super) error_code: Text<'a>,
    pub(super) error_message: Text<'a>,
    pub(super) request: Raw<'a>,
    pub(super) response: Raw<'a>,
    pub(super) additional: Raw<'a>,
    pub(super) resources: Raw<'a>,
    pub(super) id: Text<'a>,
    pub(super) kind: Text<'a>,
    pub(super) category: Text<'a>,
    pub(super) read_only: Flag,
    pub(super) recipient: Text<'a>,
    pub(super) vpc_endpoint: Text<'a>,
    pub(super) vpc_endpoint_account: Text<'a>,
    pub(super) from_console: Flag,
    pub(super) identity: Identity<'a>,
    /// Bits of [`Shape`].
    pub(super) shape: u16,
}

lenient_members!(Event, access, out, {
    "eventTime" => out.time = access.next_value()?,
    "eventSource" => out.source = access.next_value()?,
    "eventName" => out.name = access.next_value()?,
    "awsRegion" => out.region = access.next_value()?,
    "sourceIPAddress" => out.source_address = access.next_value()?,
    "userAgent" => out.user_agent = access.next_value()?,
    "errorCode" => out.error_code = access.next_value()?,
    "errorMessage" => out.error_message = access.next_value()?,
    "requestParameters" => out.request = access.next_value()?,
    "responseElements" => out.response = access.next_value()?,
    "additionalEventData" => out.additional = access.next_value()?,
    "resources" => out.resources = access.next_value()?,
    "eventID" => out.id = access.next_value()?,
    "eventType" => out.kind = access.next_value()?,
    "eventCategory" => out.category = access.next_value()?,
    "readOnly" => out.read_only = access.next_value()?,
    "recipientAccountId" => out.recipient = access.next_value()?,
    "vpcEndpointId" => out.vpc_endpoint = access.next_value()?,
    "vpcEndpointAccountId" => out.vpc_endpoint_account = access.next_value()?,
    "sessionCredentialFromConsole" => out.from_console = access.next_value()?,
    "userIdentity" => out.identity = access.next_value()?,
} else name => {
    out.shape |= shape_of(name);
    if name == "Event" {
        let test = access.next_value::<Text<'de>>()?.as_str() == "s3:TestEvent";
        out.shape |= if test { Shape::TEST_EVENT } else { 0 };
    } else {
        access.next_value::<IgnoredAny>()?;
    }
});

fn shape_of(name: &str) -> u16 {
    match name {
        "query_name" => Shape::QUERY,
        "detail" => Shape::DETAIL,
        "messageType" | "logEvents" => Shape::SUBSCRIPTION,
        "message" => Shape::MESSAGE,
        "data" => Shape::DATA,
        "CloudTrailEvent" => Shape::LOOKUP,
        "digestStartTime" => Shape::DIGEST,
        "insightDetails" => Shape::INSIGHT,
        "awslogs" => Shape::AWS_LOGS,
        _ => 0,
    }
}
