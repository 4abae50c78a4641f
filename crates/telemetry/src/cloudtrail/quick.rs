//! The fast path: compact records are read in one pass that also finds where they end.
//!
//! What it accepts, sonic-rs would read alike; a property test compares the two. The rest goes the way of
//! [`crate::json::Splitter`] and sonic-rs: white space between values, backslashes, odd numbers, repeated
//! members.

#![expect(
    clippy::inline_always,
    reason = "what a kernel calls must become part of the function that is compiled for AVX2"
)]

use std::borrow::Cow;

use super::event::{Attributes, Event, Identity, Issuer, S3Parameters, Session};
use crate::json::{Flag, Pass, Places, Raw, Schema, Take, Text};

/// Numbers of the members that are read.
const COUNT: usize = 37;

/// Levels of objects.
const EVENT: u8 = 0;
const IDENTITY: u8 = 1;
const SESSION: u8 = 2;
const ISSUER: u8 = 3;
const ATTRIBUTES: u8 = 4;
const REQUEST: u8 = 5;

/// The members of CloudTrail's records.
struct Members;

impl Schema for Members {
    #[inline(always)]
    fn take(&self, level: u8, name: &[u8]) -> Take {
        match level {
            EVENT => event(name),
            IDENTITY => identity(name),
            SESSION => match name {
                b"sessionIssuer" => Take::Members(ISSUER),
                b"attributes" => Take::Members(ATTRIBUTES),
                b"ec2RoleDelivery" => Take::Text(28),
                b"assumedRoot" => Take::Text(29),
                _ => Take::Nothing,
            },
            ISSUER => match name {
                b"arn" => Take::Text(30),
                b"userName" => Take::Text(31),
                b"principalId" => Take::Text(32),
                _ => Take::Nothing,
            },
            ATTRIBUTES => match name {
                b"creationDate" => Take::Text(33),
                b"mfaAuthenticated" => Take::Text(34),
                _ => Take::Nothing,
            },
            REQUEST => match name {
                b"bucketName" => Take::Text(35),
                b"key" => Take::Text(36),
                _ => Take::Nothing,
            },
            _ => Take::Nothing,
        }
    }
}

/// By length first: comparisons of equal and known length are single instructions.
#[inline(always)]
fn event(name: &[u8]) -> Take {
    match name.len() {
        7 if name == b"eventID" => Take::Text(0),
        8 if name == b"readOnly" => Take::Text(1),
        9 => match name {
            b"eventTime" => Take::Text(2),
            b"eventName" => Take::Text(3),
            b"awsRegion" => Take::Text(4),
            b"userAgent" => Take::Text(5),
            b"errorCode" => Take::Text(6),
            b"eventType" => Take::Text(7),
            b"resources" => Take::Raw(8),
            _ => Take::Nothing,
        },
        11 if name == b"eventSource" => Take::Text(9),
        12 if name == b"errorMessage" => Take::Text(10),
        12 if name == b"userIdentity" => Take::Members(IDENTITY),
        13 if name == b"eventCategory" => Take::Text(11),
        13 if name == b"vpcEndpointId" => Take::Text(12),
        15 if name == b"sourceIPAddress" => Take::Text(13),
        16 if name == b"responseElements" => Take::Raw(14),
        17 if name == b"requestParameters" => Take::RawAndMembers(15, REQUEST),
        18 if name == b"recipientAccountId" => Take::Text(16),
        19 if name == b"additionalEventData" => Take::Raw(17),
        20 if name == b"vpcEndpointAccountId" => Take::Text(18),
        28 if name == b"sessionCredentialFromConsole" => Take::Text(19),
        _ => Take::Nothing,
    }
}

#[inline(always)]
fn identity(name: &[u8]) -> Take {
    match name {
        b"type" => Take::Text(20),
        b"principalId" => Take::Text(21),
        b"arn" => Take::Text(22),
        b"accountId" => Take::Text(23),
        b"accessKeyId" => Take::Text(24),
        b"userName" => Take::Text(25),
        b"invokedBy" => Take::Text(26),
        b"sessionContext" => Take::Members(SESSION),
        b"inScopeOf" => Take::Raw(27),
        _ => Take::Nothing,
    }
}

/// The record that the text starts with, its length and what it says. `None` if it must be read otherwise.
pub(super) fn read(text: &[u8]) -> Option<(usize, Event<'_>, S3Parameters<'_>)> {
    let (len, places) = kernels::dispatch(Pass::<_, COUNT> { text, schema: Members })?;
    let record = std::str::from_utf8(text.get(..len)?).ok()?;
    let found = Found { record, places };
    Some((len, found.event(), S3Parameters { bucket: found.text(35), key: found.text(36) }))
}

/// What was found in a record.
struct Found<'t> {
    record: &'t str,
    places: Places<COUNT>,
}

impl<'t> Found<'t> {
    #[inline]
    fn get(&self, number: usize) -> Cow<'t, str> {
        let (from, to) = self.places.get(number).copied().unwrap_or_default();
        Cow::Borrowed(self.record.get(from as usize..to as usize).unwrap_or(""))
    }

    #[inline]
    fn text(&self, number: usize) -> Text<'t> {
        Text(self.get(number))
    }

    #[inline]
    fn raw(&self, number: usize) -> Raw<'t> {
        Raw(self.get(number))
    }

    #[inline]
    fn flag(&self, number: usize) -> Flag {
        Flag::of(&self.get(number))
    }

    #[inline]
    fn event(&self) -> Event<'t> {
        Event {
            id: self.text(0),
            read_only: self.flag(1),
            time: self.text(2),
            name: self.text(3),
            region: self.text(4),
            user_agent: self.text(5),
            error_code: self.text(6),
            kind: self.text(7),
            resources: self.raw(8),
            source: self.text(9),
            error_message: self.text(10),
            category: self.text(11),
            vpc_endpoint: self.text(12),
            source_address: self.text(13),
            response: self.raw(14),
            request: self.raw(15),
            recipient: self.text(16),
            additional: self.raw(17),
            vpc_endpoint_account: self.text(18),
            from_console: self.flag(19),
            identity: self.identity(),
            shape: 0,
        }
    }

    #[inline]
    fn identity(&self) -> Identity<'t> {
        Identity {
            kind: self.text(20),
            principal_id: self.text(21),
            arn: self.text(22),
            account_id: self.text(23),
            access_key_id: self.text(24),
            user_name: self.text(25),
            invoked_by: self.text(26),
            in_scope_of: self.raw(27),
            session: Session {
                ec2_role_delivery: self.text(28),
                assumed_root: self.flag(29),
                issuer: Issuer {
                    arn: self.text(30),
                    user_name: self.text(31),
                    principal_id: self.text(32),
                },
                attributes: Attributes { creation_date: self.text(33), mfa: self.flag(34) },
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORDS: [&str; 5] = [
        r#"{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","principalId":"AROAX:i-0123456789abcdef0","arn":"arn:aws:sts::111122223333:assumed-role/app/i-0","accountId":"111122223333","accessKeyId":"ASIAX","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAX","arn":"arn:aws:iam::111122223333:role/app","userName":"app"},"webIdFederationData":{},"attributes":{"creationDate":"2026-01-31T11:00:00Z","mfaAuthenticated":"true"},"ec2RoleDelivery":"2.0","assumedRoot":false},"inScopeOf":{"issuerType":"AWS::EC2::Instance","x":[]}},"eventTime":"2026-01-31T12:00:00Z","eventSource":"s3.amazonaws.com","eventName":"GetObject","awsRegion":"eu-west-1","sourceIPAddress":"192.0.2.1","userAgent":"[aws-cli/2, {x}: é]","requestParameters":{"bucketName":"logs","Host":"logs.s3.amazonaws.com","key":"a/b","max":-1.5,"list":[1,[2,{"a":[]}],null,true]},"responseElements":null,"additionalEventData":{"bytesTransferredOut":0},"requestID":"R","eventID":"0f0a1d0e-1111-4222-8333-444455556666","readOnly":true,"resources":[{"type":"AWS::S3::Object","ARNPrefix":"arn:aws:s3:::logs/"},{"accountId":"111122223333"}],"eventType":"AwsApiCall","managementEvent":false,"recipientAccountId":"111122223333","eventCategory":"Data","tlsDetails":{"tlsVersion":"TLSv1.3"}}"#,
        r#"{"eventTime":"2026-01-31T12:00:00Z","eventName":"A","eventSource":"iam.amazonaws.com","userIdentity":null,"requestParameters":[{"key":1}],"errorCode":12,"errorMessage":{},"userAgent":false,"recipientAccountId":111122223333,"readOnly":"True"}"#,
        r#"{"eventTime":"2026-01-31T12:00:00Z","eventName":"A","userIdentity":{},"requestParameters":{"bucketName":{"a":{}},"key":["x"]},"resources":[[],{},[[]]],"vpcEndpointId":"v","vpcEndpointAccountId":"1","sessionCredentialFromConsole":"true"}"#,
        r#"{"userIdentity":{"sessionContext":{"attributes":{},"sessionIssuer":{}}},"eventName":"B","eventTime":"t"}"#,
        r"{}",
    ];

    struct Random(u64);

    impl Random {
        fn below(&mut self, bound: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 >> 11) as usize % bound.max(1)
        }

        fn mutate(&mut self, text: &mut Vec<u8>) {
            const PIECES: [&str; 28] = [
                "{",
                "}",
                "[",
                "]",
                ":",
                ",",
                "\"",
                "\\",
                " ",
                "\n",
                "0",
                "1",
                "-",
                ".5",
                "e7",
                "null",
                "true",
                "{}",
                "[]",
                "\"a\":",
                ",\"b\":1",
                "\"eventName\":\"C\",",
                "\u{e9}",
                "a",
                "",
                "\"arn\":{\"a\":[1]},",
                "0123456789abcdef0123456789abcdef0123",
                "18446744073709551616",
            ];
            let at = self.below(text.len() + 1);
            let most = if self.below(4) == 0 { 40 } else { 2 };
            let end = (at + self.below(most)).min(text.len());
            let piece = PIECES[self.below(PIECES.len())].bytes();
            match self.below(4) {
                0 => drop(text.splice(at..at, piece)),
                1 => drop(text.splice(at..end, piece)),
                2 => drop(text.drain(at..end)),
                _ => {
                    let copy = text[at..end].to_vec();
                    let to = self.below(text.len() + 1);
                    drop(text.splice(to..to, copy));
                }
            }
        }
    }

    /// Compares with other readers of JSON; whether the fast path read it.
    fn check(text: &[u8]) -> bool {
        let Some((len, event, parameters)) = read(text) else { return false };
        let shown = String::from_utf8_lossy(text);
        let record = std::str::from_utf8(&text[..len]).unwrap();
        let value: serde_json::Value =
            serde_json::from_str(record).unwrap_or_else(|it| panic!("{it}: {shown}"));
        assert!(value.is_object());
        let mut expected: Event<'_> = sonic_rs::from_str(record).unwrap();
        expected.shape = 0;
        assert_eq!(event, expected, "{shown}");
        let request = event.request.as_str();
        let expected: S3Parameters<'_> = match request {
            "" => S3Parameters::default(),
            _ => sonic_rs::from_str(request).unwrap(),
        };
        assert_eq!(parameters, expected, "{shown}");
        true
    }

    #[test]
    fn compact_records_are_read_as_by_others() {
        for record in RECORDS {
            assert!(check(record.as_bytes()), "{record}");
            let followed = format!("{record},\n \\{record}");
            assert!(check(followed.as_bytes()));
            assert_eq!(read(followed.as_bytes()).map(|it| it.0), Some(record.len()));
            for cut in 0..record.len() {
                assert!(!check(&record.as_bytes()[..cut]), "{cut}: {record}");
            }
            for n in 0..140 {
                let moved = record.replacen('{', &format!("{{\"{}\":[],", "x".repeat(n)), 1);
                assert!(check(moved.replace(",}", "}").as_bytes()), "{moved}");
            }
        }
    }

    #[test]
    fn what_is_rare_is_left_to_others() {
        for text in [
            r#"{"a": 1}"#,
            r#"{"a":"\n"}"#,
            "{\"a\":\"\n\"}",
            r#"{"a":1,}"#,
            r#"{"a":[1,]}"#,
            r#"{"a":{"b"}}"#,
            r#"{"a":["b":1]}"#,
            r#"{"a":{"b":1]}"#,
            r#"{"a":"b"c}"#,
            r#"{"a":"b""c"}"#,
            r#"{"a":01}"#,
            r#"{"a":.5}"#,
            r#"{"a":1e999}"#,
            r#"{"a":tru}"#,
            r#"{"eventName":"a","eventName":"b"}"#,
            r#"{"eventName":1.0}"#,
            r"[{}]",
            r#"{"a":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}"#,
        ] {
            assert!(read(text.as_bytes()).is_none(), "{text}");
        }
    }

    #[test]
    fn mutated_records_are_read_as_by_others() {
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        let mut quick = 0;
        for round in 0..60_000 {
            let mut text = RECORDS[round % RECORDS.len()].as_bytes().to_vec();
            for _ in 0..=random.below(3) {
                random.mutate(&mut text);
            }
            quick += u32::from(check(&text));
        }
        assert!(quick > 10_000, "{quick}");
    }
}
