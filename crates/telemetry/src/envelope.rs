//! What lies inside of envelopes: EventBridge, CloudWatch Logs, Firehose and the output of the AWS CLI.
//!
//! A record that came in an envelope has the origin of the envelope's record: the inner text has no place
//! of its own in the object, since it is escaped, encoded or compressed there.

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::Cause;
use crate::cloudtrail::Shape;
use crate::json::{Raw, Text, lenient_members};

/// The contents of one envelope.
pub(crate) enum Contents<'a> {
    /// Records or further envelopes.
    Pieces(Vec<Cow<'a, [u8]>>),
    /// Nothing: a control message or test event.
    Control,
    /// It cannot be opened.
    Bad(Cause),
}

/// Opens an envelope whose members gave `shape`.
pub(crate) fn open(record: &str, shape: u16) -> Contents<'_> {
    let has = |bit: u16| shape & bit != 0;
    if has(Shape::DIGEST) {
        return Contents::Bad(Cause::Digest);
    }
    if has(Shape::TEST_EVENT) {
        return Contents::Control;
    }
    let Ok(wrapper) = sonic_rs::from_str::<Wrapper<'_>>(record) else {
        return Contents::Bad(Cause::InvalidJson);
    };
    if has(Shape::SUBSCRIPTION) {
        return match wrapper.log_events.0 {
            _ if wrapper.message_type.as_str() == "CONTROL_MESSAGE" => Contents::Control,
            Some(events) if events.is_empty() => Contents::Control,
            Some(events) => Contents::Pieces(events.into_iter().map(|it| bytes(it.0)).collect()),
            None => Contents::Bad(Cause::MissingField),
        };
    }
    let piece = match () {
        () if has(Shape::DETAIL) => Some(bytes(wrapper.detail.into_text())),
        () if has(Shape::MESSAGE) => Some(bytes(wrapper.message.0)),
        () if has(Shape::LOOKUP) => Some(bytes(wrapper.cloud_trail_event.0)),
        () if has(Shape::DATA) => decode(wrapper.data.as_str().as_bytes()).map(Cow::Owned),
        () if has(Shape::AWS_LOGS) => {
            decode(wrapper.aws_logs.data.as_str().as_bytes()).map(Cow::Owned)
        }
        () => None,
    };
    match piece {
        Some(piece) => Contents::Pieces(vec![piece]),
        None => Contents::Bad(Cause::UnknownFormat),
    }
}

/// Whether the text is base64 of a gzip stream.
pub(crate) fn is_encoded_gzip(text: &[u8]) -> bool {
    text.starts_with(b"H4sI")
}

/// Decodes base64, with or without padding.
pub(crate) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let text = text.trim_ascii();
    STANDARD.decode(text).or_else(|_| LENIENT.decode(text)).ok()
}

fn bytes(text: Cow<'_, str>) -> Cow<'_, [u8]> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

#[derive(Default)]
struct Wrapper<'a> {
    message_type: Text<'a>,
    log_events: Messages<'a>,
    message: Text<'a>,
    data: Text<'a>,
    cloud_trail_event: Text<'a>,
    detail: Raw<'a>,
    aws_logs: AwsLogs<'a>,
}

lenient_members!(Wrapper, access, out, {
    "messageType" => out.message_type = access.next_value()?,
    "logEvents" => out.log_events = access.next_value()?,
    "message" => out.message = access.next_value()?,
    "data" => out.data = access.next_value()?,
    "CloudTrailEvent" => out.cloud_trail_event = access.next_value()?,
    "detail" => out.detail = access.next_value()?,
    "awslogs" => out.aws_logs = access.next_value()?,
});

#[derive(Default)]
struct AwsLogs<'a> {
    data: Text<'a>,
}

lenient_members!(AwsLogs, access, out, {
    "data" => out.data = access.next_value()?,
});

#[derive(Default)]
struct LogEvent<'a> {
    message: Text<'a>,
}

lenient_members!(LogEvent, access, out, {
    "message" => out.message = access.next_value()?,
});

/// The messages of `logEvents`; absent when it is no list.
#[derive(Default)]
struct Messages<'a>(Option<Vec<Text<'a>>>);

impl<'de> Deserialize<'de> for Messages<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Messages<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of log events")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
                let mut messages = Vec::new();
                while let Some(event) = access.next_element::<LogEvent<'de>>()? {
                    messages.push(event.message);
                }
                Ok(Messages(Some(messages)))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
                while access.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Messages::default())
            }

            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(Messages::default())
            }

            fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
                Ok(Messages::default())
            }

            fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
                Ok(Messages::default())
            }

            fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
                Ok(Messages::default())
            }

            fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
                Ok(Messages::default())
            }

            fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
                Ok(Messages::default())
            }
        }
        deserializer.deserialize_any(List)
    }
}
