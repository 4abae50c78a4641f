//! Records of CloudTrail.

use crate::logs::{Logs, Source};
use crate::random::mix;
use crate::time::{DAY, time};
use crate::world::Host;

/// The user agent of the command line.
pub const CLI: &str =
    "aws-cli/2.15.30 md/awscrt#0.19.19 ua/2.0 os/linux#6.5.0 md/arch#x86_64 lang/python#3.11.8";
/// A browser.
pub const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:123.0) Gecko/20100101 Firefox/123.0";
/// The SDK for Go.
pub const SDK: &str = "aws-sdk-go-v2/1.25.0 os/linux lang/go#1.22.0 md/GOOS#linux md/GOARCH#amd64";

/// Who calls.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The account of the record.
    pub account: String,
    /// `userIdentity` as JSON.
    pub identity: String,
    /// An address or the name of a service.
    pub source: String,
    /// `userAgent`.
    pub agent: String,
}

impl Caller {
    /// A user with a key.
    pub fn user(account: &str, name: &str, key: &str, source: &str) -> Caller {
        let identity = format!(
            r#"{{"type":"IAMUser","principalId":"AIDAEXAMPLE{}","arn":"arn:aws:iam::{account}:user/{name}","accountId":"{account}","accessKeyId":"{key}","userName":"{name}"}}"#,
            name.to_uppercase()
        );
        Caller {
            account: account.to_owned(),
            identity,
            source: source.to_owned(),
            agent: CLI.to_owned(),
        }
    }

    /// The root user.
    pub fn root(account: &str, source: &str) -> Caller {
        let identity = format!(
            r#"{{"type":"Root","principalId":"{account}","arn":"arn:aws:iam::{account}:root","accountId":"{account}","accessKeyId":""}}"#
        );
        Caller {
            account: account.to_owned(),
            identity,
            source: source.to_owned(),
            agent: BROWSER.to_owned(),
        }
    }

    /// A short session of the root user, as `sts:AssumeRoot` gives it.
    pub fn assumed_root(account: &str, key: &str, since: i64, source: &str) -> Caller {
        let identity = format!(
            concat!(
                r#"{{"type":"Root","principalId":"{account}","arn":"arn:aws:iam::{account}:root","#,
                r#""accountId":"{account}","accessKeyId":"{key}","sessionContext":{{"#,
                r#""attributes":{{"creationDate":"{since}","mfaAuthenticated":"false"}},"assumedRoot":"true"}}}}"#
            ),
            account = account,
            key = key,
            since = time(since)
        );
        let (account, agent) = (account.to_owned(), CLI.to_owned());
        Caller { account, identity, source: source.to_owned(), agent }
    }

    /// A session of a role; `more` is appended to the session's context.
    pub fn role(
        account: &str,
        (role, session, key): (&str, &str, &str),
        since: i64,
        source: &str,
        more: &str,
    ) -> Caller {
        let id = format!("AROAEXAMPLE{}", role.to_uppercase());
        let identity = format!(
            concat!(
                r#"{{"type":"AssumedRole","principalId":"{id}:{session}","#,
                r#""arn":"arn:aws:sts::{account}:assumed-role/{role}/{session}","accountId":"{account}","accessKeyId":"{key}","#,
                r#""sessionContext":{{"sessionIssuer":{{"type":"Role","principalId":"{id}","#,
                r#""arn":"arn:aws:iam::{account}:role/{role}","accountId":"{account}","userName":"{role}"}},"#,
                r#""attributes":{{"creationDate":"{since}","mfaAuthenticated":"false"}}{more}}}}}"#
            ),
            id = id,
            session = session,
            account = account,
            role = role,
            key = key,
            since = time(since),
            more = more
        );
        Caller {
            account: account.to_owned(),
            identity,
            source: source.to_owned(),
            agent: SDK.to_owned(),
        }
    }

    /// An instance with the credentials of its role, which change every day after `start`.
    pub fn instance(host: &Host, start: i64, at: i64, source: &str) -> Caller {
        let day = (at - start).div_euclid(DAY);
        let key = Caller::instance_key(host, start, at);
        Caller::role(
            &host.account,
            (&host.role, &host.id(), &key),
            start + day * DAY,
            source,
            r#","ec2RoleDelivery":"2.0""#,
        )
    }

    /// The key of an instance's credentials on that day.
    pub fn instance_key(host: &Host, start: i64, at: i64) -> String {
        format!("ASIAEXAMPLE{:04X}{:04}X", host.number, (at - start).div_euclid(DAY))
    }

    /// A service of AWS.
    pub fn service(account: &str, name: &str) -> Caller {
        let identity = format!(r#"{{"type":"AWSService","invokedBy":"{name}"}}"#);
        Caller {
            account: account.to_owned(),
            identity,
            source: name.to_owned(),
            agent: name.to_owned(),
        }
    }

    /// With another user agent.
    #[must_use]
    pub fn with_agent(mut self, agent: &str) -> Caller {
        agent.clone_into(&mut self.agent);
        self
    }
}

/// What is called.
#[derive(Clone, Copy, Debug)]
pub struct Api<'a> {
    /// Without `.amazonaws.com`.
    pub service: &'a str,
    /// `eventName`.
    pub name: &'a str,
    /// `requestParameters` as JSON.
    pub request: &'a str,
    /// `responseElements` as JSON.
    pub response: &'a str,
    /// `readOnly`.
    pub is_read: bool,
    /// `errorCode`; empty where the call succeeds.
    pub error: &'a str,
    /// `additionalEventData` as JSON; left out where empty.
    pub additional: &'a str,
    /// Whether it is a data event.
    pub is_data: bool,
    /// Whether it is a sign-in to the console.
    pub is_sign_in: bool,
}

impl<'a> Api<'a> {
    /// A call that succeeds; whether it reads is told by its name.
    pub fn new(service: &'a str, name: &'a str, request: &'a str) -> Api<'a> {
        let is_read = ["Get", "List", "Describe", "Head", "Lookup", "AssumeRole"]
            .iter()
            .any(|it| name.starts_with(it));
        let is_data = service == "s3" && (name.ends_with("Object") || name == "ListObjects");
        Api { is_read, is_data, ..Api::writing(service, name, request) }
    }

    /// A management call that succeeds and changes something.
    pub const fn writing(service: &'a str, name: &'a str, request: &'a str) -> Api<'a> {
        Api {
            service,
            name,
            request,
            response: "null",
            is_read: false,
            error: "",
            additional: "",
            is_data: false,
            is_sign_in: false,
        }
    }

    /// A management call that succeeds and only reads.
    pub const fn reading(service: &'a str, name: &'a str, request: &'a str) -> Api<'a> {
        Api { is_read: true, ..Api::writing(service, name, request) }
    }

    /// A sign-in to the console that succeeds, with MFA or without.
    pub const fn sign_in(has_mfa: bool) -> Api<'static> {
        Api {
            response: r#"{"ConsoleLogin":"Success"}"#,
            is_sign_in: true,
            additional: if has_mfa {
                r#"{"LoginTo":"https://console.aws.amazon.com/console/home","MobileVersion":"No","MFAUsed":"Yes"}"#
            } else {
                r#"{"LoginTo":"https://console.aws.amazon.com/console/home","MobileVersion":"No","MFAUsed":"No"}"#
            },
            ..Api::writing("signin", "ConsoleLogin", "null")
        }
    }

    /// With these `responseElements`.
    #[must_use]
    pub fn responding(self, response: &'a str) -> Api<'a> {
        Api { response, ..self }
    }

    /// That is refused.
    #[must_use]
    pub fn denied(self) -> Api<'a> {
        Api { error: "AccessDenied", ..self }
    }
}

/// Adds a call.
pub fn call(logs: &mut Logs, region: &str, at: i64, caller: &Caller, api: Api<'_>) {
    let mut hash = mix(at.unsigned_abs());
    let parts = [&caller.account, region, &caller.identity, api.name, api.request];
    for byte in parts.iter().flat_map(|it| it.bytes()) {
        hash = mix(hash ^ u64::from(byte));
    }
    let error = match api.error {
        "" => String::new(),
        code => format!(
            r#","errorCode":"{code}","errorMessage":"User is not authorized to perform: {}:{}""#,
            api.service, api.name
        ),
    };
    let additional = match api.additional {
        "" => String::new(),
        text => format!(r#","additionalEventData":{text}"#),
    };
    let record = format!(
        concat!(
            r#"{{"eventVersion":"1.09","userIdentity":{identity},"eventTime":"{time}","#,
            r#""eventSource":"{service}.amazonaws.com","eventName":"{name}","awsRegion":"{region}","#,
            r#""sourceIPAddress":"{source}","userAgent":"{agent}"{error},"requestParameters":{request},"#,
            r#""responseElements":{response}{additional},"requestID":"{id1}","eventID":"{id2}","readOnly":{is_read},"#,
            r#""eventType":"{kind}","managementEvent":{is_management},"recipientAccountId":"{account}","#,
            r#""eventCategory":"{category}"}}"#
        ),
        identity = caller.identity,
        time = time(at),
        service = api.service,
        name = api.name,
        region = region,
        source = caller.source,
        agent = caller.agent,
        error = error,
        request = api.request,
        response = api.response,
        additional = additional,
        id1 = uuid(hash, 1),
        id2 = uuid(hash, 2),
        is_read = api.is_read,
        kind = if api.is_sign_in { "AwsConsoleSignIn" } else { "AwsApiCall" },
        is_management = !api.is_data,
        account = caller.account,
        category = if api.is_data { "Data" } else { "Management" },
    );
    logs.push(Source::CloudTrail, (&caller.account, region, ""), at, record);
}

/// A UUID of version 4.
fn uuid(hash: u64, number: u64) -> String {
    let (a, b) = (mix(hash ^ number), mix(hash ^ (number << 8)));
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        a >> 32,
        a >> 16 & 0xffff,
        a & 0xfff,
        b >> 48 & 0x3fff | 0x8000,
        b & 0xffff_ffff_ffff
    )
}
