//! Tests of CloudTrail records.

use std::sync::Arc;

use model::Timestamp;

use crate::{ApiCall, ApiRows, Block, Caller, Cause, Interest, ObjectReader, Options, Report};

fn parse_with(text: &str, interest: Interest) -> (ApiRows, Report) {
    let options = Arc::new(Options { interest, ..Options::default() });
    let key = "AWSLogs/111122223333/CloudTrail/eu-west-1/2026/01/31/x.json";
    let mut reader = ObjectReader::new(7, key, text.as_bytes().to_vec(), options);
    let mut report = Report::default();
    let mut rows = ApiRows::default();
    while let Some(block) = reader.next_block(&mut report) {
        let Block::ApiCalls(calls) = block else { panic!("not API calls: {block:?}") };
        rows.append(calls);
    }
    assert_eq!(rows.rows.len(), rows.origins.len());
    assert_eq!(rows.rows.len() as u64, report.records);
    (rows, report)
}

fn parse_one(record: &str) -> (ApiCall, String) {
    let (rows, report) = parse_with(record, Interest::all());
    assert_eq!((rows.rows.len(), report.failed()), (1, 0), "{report:?}");
    (rows.rows[0], rows.text)
}

/// The rows' event names, and the counts by cause.
fn check_parse(text: &str, names: &[&str], skipped: &[(Cause, u64)]) {
    let (rows, report) = parse_with(text, Interest::default());
    let found: Vec<&str> = rows.rows.iter().map(|it| it.event_name.of(&rows.text)).collect();
    assert_eq!(found, names, "{text:.300}");
    let counts: Vec<(Cause, u64)> = report.skipped().map(|(cause, n, _)| (cause, n)).collect();
    assert_eq!(counts, skipped, "{text:.300}");
}

fn event(name: &str) -> String {
    format!(
        r#"{{"eventVersion":"1.11","eventTime":"2026-01-31T12:00:00Z","eventName":"{name}","eventSource":"iam.amazonaws.com"}}"#
    )
}

const FULL: &str = r#"{
  "eventVersion": "1.11",
  "userIdentity": {
    "type": "AssumedRole",
    "principalId": "AROAEXAMPLE:i-0123456789abcdef0",
    "arn": "arn:aws:sts::111122223333:assumed-role/app/i-0123456789abcdef0",
    "accountId": "111122223333",
    "accessKeyId": "ASIAEXAMPLE",
    "sessionContext": {
      "sessionIssuer": {"type": "Role", "principalId": "AROAEXAMPLE", "arn": "arn:aws:iam::111122223333:role/app", "accountId": "111122223333", "userName": "app"},
      "webIdFederationData": {},
      "attributes": {"creationDate": "2026-01-31T11:00:00Z", "mfaAuthenticated": "true"},
      "ec2RoleDelivery": "1.0",
      "assumedRoot": "true"
    },
    "inScopeOf": {"issuerType": "AWS::EC2::Instance", "credentialsIssuedTo": "arn:aws:ec2:eu-central-1:111122223333:instance/i-0123456789abcdef0"},
    "invokedBy": "example.amazonaws.com"
  },
  "eventTime": "2026-01-31T12:34:56Z",
  "eventSource": "s3.amazonaws.com",
  "eventName": "GetObject",
  "awsRegion": "eu-central-1",
  "sourceIPAddress": "198.51.100.7",
  "userAgent": "a \"quoted\" agent \u00e9",
  "errorCode": "AccessDenied",
  "errorMessage": "no",
  "requestParameters": {"bucketName": "example-bucket", "key": "a/\"b\".txt", "Host": "example.com"},
  "responseElements": null,
  "additionalEventData": {"bytesTransferredOut": 5},
  "requestID": "r",
  "eventID": "11111111-2222-3333-4444-555555555555",
  "readOnly": true,
  "resources": [{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::example-bucket/a"}],
  "eventType": "AwsApiCall",
  "managementEvent": false,
  "recipientAccountId": "444455556666",
  "sharedEventID": "s",
  "vpcEndpointId": "vpce-1",
  "vpcEndpointAccountId": "777788889999",
  "eventCategory": "Data",
  "sessionCredentialFromConsole": "true",
  "tlsDetails": {"tlsVersion": "TLSv1.3"}
}"#;

#[test]
fn every_member_is_read() {
    let (row, text) = parse_one(FULL);
    assert_eq!(row.time, Timestamp::parse("2026-01-31T12:34:56Z").unwrap());
    assert_eq!(row.session_created, Timestamp::parse("2026-01-31T11:00:00Z").unwrap());
    assert_eq!(row.event_id_hash, model::hash64(b"11111111-2222-3333-4444-555555555555"));
    assert_eq!(row.account.to_string(), "444455556666");
    assert_eq!(row.caller_account.to_string(), "111122223333");
    assert_eq!(row.vpc_endpoint_account.to_string(), "777788889999");
    assert_eq!(row.region.as_str(), "eu-central-1");
    assert_eq!(row.caller, Caller::AssumedRole);
    assert_eq!(row.source.to_string(), "198.51.100.7");
    assert_eq!(
        row.marks,
        ApiCall::READ_ONLY
            | ApiCall::HAS_READ_ONLY
            | ApiCall::DATA
            | ApiCall::MFA
            | ApiCall::EC2_ROLE_DELIVERY
            | ApiCall::IMDS_V1
            | ApiCall::FROM_CONSOLE
            | ApiCall::ASSUMED_ROOT
    );
    for (span, expected) in [
        (row.event_id, "11111111-2222-3333-4444-555555555555"),
        (row.event_source, "s3.amazonaws.com"),
        (row.event_name, "GetObject"),
        (row.source_text, "198.51.100.7"),
        (row.user_agent, "a \"quoted\" agent é"),
        (row.error_code, "AccessDenied"),
        (row.error_message, "no"),
        (row.principal_id, "AROAEXAMPLE:i-0123456789abcdef0"),
        (row.arn, "arn:aws:sts::111122223333:assumed-role/app/i-0123456789abcdef0"),
        (row.access_key_id, "ASIAEXAMPLE"),
        (row.user_name, ""),
        (row.invoked_by, "example.amazonaws.com"),
        (row.issuer_arn, "arn:aws:iam::111122223333:role/app"),
        (row.issuer_user_name, "app"),
        (row.issuer_principal_id, "AROAEXAMPLE"),
        (
            row.in_scope_of,
            r#"{"issuerType": "AWS::EC2::Instance", "credentialsIssuedTo": "arn:aws:ec2:eu-central-1:111122223333:instance/i-0123456789abcdef0"}"#,
        ),
        (row.vpc_endpoint, "vpce-1"),
        (
            row.request,
            r#"{"bucketName": "example-bucket", "key": "a/\"b\".txt", "Host": "example.com"}"#,
        ),
        (row.response, ""),
        (row.additional, r#"{"bytesTransferredOut": 5}"#),
        (row.resources, r#"[{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::example-bucket/a"}]"#),
        (row.bucket, "example-bucket"),
        (row.object_key, "a/\"b\".txt"),
    ] {
        assert_eq!(span.of(&text), expected);
    }
    assert!(!row.is_success());
}

#[test]
fn parameters_are_kept_by_interest_alone_but_buckets_always() {
    let (rows, _) = parse_with(FULL, Interest::default());
    let row = rows.rows[0];
    assert_eq!((row.request.len, row.additional.len, row.resources.len), (0, 0, 0));
    assert_eq!(row.bucket.of(&rows.text), "example-bucket");
    let (rows, _) = parse_with(FULL, Interest::new([("GetObject", Interest::ADDITIONAL)]));
    assert!(rows.rows[0].request.len == 0 && rows.rows[0].additional.len > 0);
    let versioned =
        event("AddPermission20150331v2").replace('}', r#","requestParameters":{"a":1}}"#);
    let (rows, _) = parse_with(&versioned, Interest::new([("AddPermission", Interest::REQUEST)]));
    assert_eq!(rows.rows[0].request.of(&rows.text), r#"{"a":1}"#);
    assert_eq!(rows.rows[0].event_name.of(&rows.text), "AddPermission");
}

#[test]
fn every_caller_is_told() {
    for caller in [
        Caller::Root,
        Caller::IamUser,
        Caller::AssumedRole,
        Caller::Role,
        Caller::FederatedUser,
        Caller::Directory,
        Caller::AwsAccount,
        Caller::AwsService,
        Caller::IdentityCenterUser,
        Caller::SamlUser,
        Caller::WebIdentityUser,
        Caller::Unknown,
    ] {
        let identity = format!(
            r#","userIdentity":{{"type":"{}","accountId":"012345678901","userName":"u"}}}}"#,
            caller.as_str()
        );
        let (row, text) = parse_one(&event("X").replace('}', &identity));
        assert_eq!(row.caller, caller);
        assert_eq!(row.user_name.of(&text), "u");
        // No recipient is named: the account is the caller's.
        assert_eq!(row.account.to_string(), "012345678901");
    }
}

#[test]
fn what_is_absent_comes_from_the_key() {
    let (row, text) = parse_one(&event("X"));
    assert_eq!(row.account.to_string(), "111122223333");
    assert_eq!(row.region.as_str(), "eu-west-1");
    assert_eq!((row.source_text.of(&text), row.source.is_known()), ("", false));
    assert!(row.is_success());
}

#[test]
fn sources_may_be_services() {
    for source in ["ec2.amazonaws.com", "AWS Internal"] {
        let record = event("X").replace('}', &format!(r#","sourceIPAddress":"{source}"}}"#));
        let (row, text) = parse_one(&record);
        assert_eq!((row.source_text.of(&text), row.source.is_known()), (source, false));
    }
    let (row, _) = parse_one(&event("X").replace('}', r#","sourceIPAddress":"2001:db8::5"}"#));
    assert_eq!(row.source.to_string(), "2001:db8::5");
}

#[test]
fn odd_types_do_not_lose_the_record() {
    for odd in ["null", "7", "-7", "1.5", "true", "[]", "[1,{}]", "{}", r#"{"a":[1]}"#, r#""x""#] {
        for member in [
            "userIdentity",
            "awsRegion",
            "sourceIPAddress",
            "userAgent",
            "errorCode",
            "errorMessage",
            "requestParameters",
            "responseElements",
            "additionalEventData",
            "resources",
            "eventID",
            "eventType",
            "eventCategory",
            "readOnly",
            "recipientAccountId",
            "vpcEndpointId",
            "vpcEndpointAccountId",
            "sessionCredentialFromConsole",
            "eventVersion",
            "tlsDetails",
        ] {
            parse_one(&event("X").replace('}', &format!(r#","{member}":{odd}}}"#)));
        }
        for member in ["type", "accountId", "sessionContext", "inScopeOf", "invokedBy"] {
            let identity = format!(r#","userIdentity":{{"{member}":{odd}}}}}"#);
            parse_one(&event("X").replace('}', &identity));
        }
        for member in ["sessionIssuer", "attributes", "ec2RoleDelivery", "assumedRoot"] {
            let identity =
                format!(r#","userIdentity":{{"sessionContext":{{"{member}":{odd}}}}}}}"#);
            parse_one(&event("X").replace('}', &identity));
        }
        let s3 = event("X").replace("iam.", "s3.");
        parse_one(&s3.replace('}', &format!(r#","requestParameters":{{"bucketName":{odd}}}}}"#)));
        parse_one(&s3.replace('}', &format!(r#","requestParameters":{odd}}}"#)));
    }
    let identity = r#","userIdentity":{"accountId":111122223333,"sessionContext":{"attributes":{"mfaAuthenticated":true}}}}"#;
    let (row, _) = parse_one(&event("X").replace('}', identity));
    assert!(row.is(ApiCall::MFA));
    assert_eq!(row.caller_account.to_string(), "111122223333");
    // The last of equal members counts.
    let (_, text) = parse_one(&event("X").replace('}', r#","eventName":"Y"}"#));
    assert!(text.contains('Y'));
}

#[test]
fn arrangements_of_records() {
    let (a, b) = (event("A"), event("B"));
    let pretty = FULL.replace("GetObject", "C");
    for text in [
        format!(r#"{{"Records":[{a},{b},{pretty}]}}"#),
        format!("{{\n  \"Records\": [\n{a},\n{b},\n{pretty}\n]\n}}\n"),
        format!("[{a},{b},{pretty}]"),
        format!("{a}\n{b}\n{pretty}\n"),
        format!("{a}{b}{pretty}"),
        format!("{{\"Records\":[{a}]}}\n{{\"Records\":[{b},{pretty}]}}"),
        format!("2026-01-31T12:00:00.000Z {a}\n2026-01-31T12:00:00.000Z {b}\n{pretty}"),
    ] {
        check_parse(&text, &["A", "B", "C"], &[]);
    }
    check_parse(r#"{"Records":[]}"#, &[], &[]);
    check_parse(" \n ", &[], &[]);
}

#[test]
fn bad_records_are_counted_and_their_neighbors_read() {
    let (a, b) = (event("A"), event("B"));
    let deep = format!(r#"{{"eventVersion":"1","x":{}1{}}}"#, "[".repeat(100), "]".repeat(100));
    let long = event(&"x".repeat(2 << 20));
    for (bad, cause) in [
        (r#"{"eventVersion":"1","eventName":}"#, Cause::InvalidJson),
        (r#"{"eventVersion":"1","x":"\q"}"#, Cause::InvalidJson),
        (r#"{"eventVersion":"1","x":{"y":1}"#, Cause::InvalidJson),
        (r#"{"eventVersion":"1","x":"open}"#, Cause::InvalidJson),
        (r#"{"eventName":"X"}"#, Cause::MissingField),
        (r#"{"eventTime":"2026-01-31T12:00:00Z"}"#, Cause::MissingField),
        (r#"{"eventName":"X","eventTime":"yesterday"}"#, Cause::InvalidTime),
        (r#"{"hello":"world"}"#, Cause::UnknownFormat),
        (deep.as_str(), Cause::TooDeep),
        (long.as_str(), Cause::RecordTooLong),
    ] {
        check_parse(&format!(r#"{{"Records":[{a},{bad},{b}]}}"#), &["A", "B"], &[(cause, 1)]);
        check_parse(&format!("{a}\n{bad}\n{b}\n"), &["A", "B"], &[(cause, 1)]);
    }
    let cut = format!(r#"{{"Records":[{a},{b},{}"#, a.get(..50).unwrap());
    check_parse(&cut, &["A", "B"], &[(Cause::Truncated, 1)]);
    check_parse(
        r#"{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","eventTime":"2026-01-31T12:00:00Z","eventName":"ObjectCreated:Put"}]}"#,
        &[],
        &[(Cause::UnknownFormat, 1)],
    );
}

#[test]
fn text_that_is_not_utf8_loses_one_record() {
    let (a, b) = (event("A"), event("B"));
    let mut bytes = format!(r#"{{"Records":[{a},{},{b}]}}"#, event("Xx")).into_bytes();
    let at = bytes.iter().position(|b| *b == b'x').unwrap();
    bytes[at] = 0xff;
    let mut reader = ObjectReader::new(0, "", bytes, Arc::default());
    let mut report = Report::default();
    assert_eq!(reader.next_block(&mut report).unwrap().len(), 2);
    assert_eq!((report.count(Cause::InvalidUtf8), report.failed()), (1, 1));
}

#[test]
fn origins_are_those_of_the_text() {
    let text = format!(r#"{{"Records":[{} , {FULL}]}}"#, event("A"));
    let (rows, _) = parse_with(&text, Interest::default());
    for (origin, expected) in rows.origins.iter().zip([event("A").as_str(), FULL]) {
        let range = origin.offset as usize..origin.offset as usize + origin.len as usize;
        assert_eq!((origin.object, text.get(range)), (7, Some(expected)));
    }
}
