//! STIX 2.x: indicators and observables of a JSON bundle, or of an array of objects
//! (<https://docs.oasis-open.org/cti/stix/v2.1/stix-v2.1.html>).
//!
//! Objects are read one after the other; none is kept. Problems name the object by its number.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::formats::stix_pattern;
use crate::parse::Reading;

/// Most observables of one `observed-data` object that are read.
const MAX_OBSERVABLES: usize = 10_000;

/// The members of an object that matter.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Object {
    r#type: Text,
    name: Text,
    pattern: Text,
    pattern_type: Text,
    value: Text,
    revoked: Flag,
    hashes: Hashes,
    objects: Observables,
}

/// A text, or nothing where something else stands.
#[derive(Default)]
struct Text(String);

/// A truth value, or false where something else stands.
#[derive(Default)]
struct Flag(bool);

/// The SHA-256 hash among those of a file; the others are not kept.
#[derive(Default)]
struct Hashes(Option<String>);

/// The observables of an `observed-data` object of STIX 2.0.
#[derive(Default)]
struct Observables(Vec<Object>);

macro_rules! lenient {
    ($name:ident, $($method:ident($argument:ident: $type:ty) => $value:expr),*) => {
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                struct Any;
                impl<'de> Visitor<'de> for Any {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("anything")
                    }
                    $(fn $method<E: serde::de::Error>(self, $argument: $type) -> Result<$name, E> {
                        Ok($value)
                    })*
                    lenient!(@others $name);
                }
                deserializer.deserialize_any(Any)
            }
        }
    };
    (@others Text) => {
        lenient!(@skip Text);
        fn visit_bool<E>(self, _: bool) -> Result<Text, E> { Ok(Text::default()) }
        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Text, A::Error> {
            skip_map(map).map(|()| Text::default())
        }
    };
    (@others Flag) => {
        lenient!(@skip Flag);
        fn visit_str<E>(self, _: &str) -> Result<Flag, E> { Ok(Flag::default()) }
        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Flag, A::Error> {
            skip_map(map).map(|()| Flag::default())
        }
    };
    (@others Hashes) => {
        lenient!(@skip Hashes);
        fn visit_bool<E>(self, _: bool) -> Result<Hashes, E> { Ok(Hashes::default()) }
        fn visit_str<E>(self, _: &str) -> Result<Hashes, E> { Ok(Hashes::default()) }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Hashes, A::Error> {
            let mut found = Hashes::default();
            while let Some(name) = map.next_key::<String>()? {
                if matches!(name.as_str(), "SHA-256" | "SHA256") {
                    found.0 = Some(map.next_value::<Text>()?.0);
                } else {
                    map.next_value::<IgnoredAny>()?;
                }
            }
            Ok(found)
        }
    };
    (@others Observables) => {
        lenient!(@skip Observables);
        fn visit_bool<E>(self, _: bool) -> Result<Observables, E> { Ok(Observables::default()) }
        fn visit_str<E>(self, _: &str) -> Result<Observables, E> { Ok(Observables::default()) }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Observables, A::Error> {
            let mut found = Observables::default();
            while map.next_key::<IgnoredAny>()?.is_some() {
                if found.0.len() < MAX_OBSERVABLES {
                    found.0.push(map.next_value()?);
                } else {
                    map.next_value::<IgnoredAny>()?;
                }
            }
            Ok(found)
        }
    };
    (@skip $name:ident) => {
        fn visit_unit<E>(self) -> Result<$name, E> { Ok($name::default()) }
        fn visit_i64<E>(self, _: i64) -> Result<$name, E> { Ok($name::default()) }
        fn visit_u64<E>(self, _: u64) -> Result<$name, E> { Ok($name::default()) }
        fn visit_f64<E>(self, _: f64) -> Result<$name, E> { Ok($name::default()) }
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<$name, A::Error> {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            Ok($name::default())
        }
    };
}

fn skip_map<'de, A: MapAccess<'de>>(mut map: A) -> Result<(), A::Error> {
    while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}

lenient!(Text, visit_str(text: &str) => Text(text.to_owned()));
lenient!(Flag, visit_bool(flag: bool) => Flag(flag));
lenient!(Hashes,);
lenient!(Observables,);

/// Reads all objects.
pub(crate) fn read(bytes: &[u8], reading: &mut Reading) {
    let mut number = 0;
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let whole = Document { reading: &mut *reading, number: &mut number };
    let end = whole.deserialize(&mut deserializer).and_then(|()| deserializer.end());
    if end.is_err() {
        reading.problem(number + 1, "", "not JSON from here on");
    }
}

/// A bundle or an array of objects.
struct Document<'r> {
    reading: &'r mut Reading,
    number: &'r mut u64,
}

impl<'de> DeserializeSeed<'de> for Document<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Document<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a bundle or an array of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(object) = seq.next_element::<Object>()? {
            *self.number += 1;
            take(&object, *self.number, self.reading);
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            if name == "objects" {
                let reading = &mut *self.reading;
                map.next_value_seed(Document { reading, number: &mut *self.number })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

fn take(object: &Object, number: u64, reading: &mut Reading) {
    if object.revoked.0 {
        return;
    }
    let label = object.name.0.as_str();
    match object.r#type.0.as_str() {
        "indicator" if !matches!(object.pattern_type.0.as_str(), "" | "stix") => {
            reading.problem(
                number,
                &object.pattern_type.0,
                "a pattern in another language than STIX's",
            );
        }
        "indicator" => match stix_pattern::values(&object.pattern.0) {
            Ok(values) => {
                for value in values {
                    reading.entry(number, &value, label);
                }
            }
            Err(cause) => reading.problem(number, &object.pattern.0, cause),
        },
        "observed-data" => {
            for it in &object.objects.0 {
                observable(it, number, label, reading);
            }
        }
        _ => observable(object, number, label, reading),
    }
}

fn observable(object: &Object, number: u64, label: &str, reading: &mut Reading) {
    match object.r#type.0.as_str() {
        "ipv4-addr" | "ipv6-addr" | "domain-name" => {
            reading.entry(number, &object.value.0, label);
        }
        "file" => match &object.hashes.0 {
            Some(hash) => reading.entry(number, hash, label),
            None => reading.problem(number, "", "of the hashes only SHA-256 is used"),
        },
        "url" => {
            let cause = "URLs are not used, only addresses, names and hashes";
            reading.problem(number, &object.value.0, cause);
        }
        // Relations, identities, malware and the like name no indicator.
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use crate::format::ListFormat;
    use crate::parse::{ParsedList, parse_list};

    fn read(text: &str) -> (ParsedList, Vec<(u64, &'static str)>) {
        assert_eq!(ListFormat::detect("list", text.as_bytes()), ListFormat::Stix, "{text}");
        let (list, problems) = parse_list("list", text.as_bytes());
        (list, problems.into_iter().map(|it| (it.line, it.cause)).collect())
    }

    #[test]
    fn indicators_and_observables_are_read() {
        let (list, problems) = read(
            r#"{"type":"bundle","id":"bundle--1","spec_version":"2.0","objects":[
            {"type":"identity","name":"a feed","hashes":[1],"revoked":"no"},
            {"type":"indicator","name":"Bad","pattern_type":"stix",
             "pattern":"[ipv4-addr:value = '198.51.100.1'] OR [domain-name:value IN ('bad.example.com','worse.example.com')]"},
            {"type":"indicator","pattern":"[ipv4-addr:value = '198.51.100.2']","revoked":true},
            {"type":"indicator","pattern":"rule x {}","pattern_type":"yara"},
            {"type":"indicator","pattern":"[ipv4-addr:value = '198.51.100.3' AND network-traffic:dst_port = 22]"},
            {"type":"observed-data","objects":{"0":{"type":"ipv4-addr","value":"192.0.2.0/24"},
             "1":{"type":"url","value":"http://example.com/"}}},
            {"type":"file","hashes":{"SHA-256":"0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"}},
            {"type":"file","hashes":{"MD5":"0a"}}]}"#,
        );
        assert_eq!((list.v4.len(), list.names.len(), list.files.len()), (2, 2, 1));
        assert_eq!(list.labels, ["Bad"]);
        let lines: Vec<u64> = problems.iter().map(|it| it.0).collect();
        assert_eq!(lines, [4, 5, 6, 8]);
    }

    #[test]
    fn what_is_no_bundle_gives_what_came_before() {
        let head = r#"[{"type":"ipv4-addr","value":"198.51.100.1","spec_version":"2.1"},"#;
        let (list, problems) = read(head);
        assert_eq!((list.len(), problems), (1, vec![(2, "not JSON from here on")]));
        let (list, problems) = read(&format!("{head}7]"));
        assert_eq!((list.len(), problems.len()), (1, 1));
        let deep = format!(r#"{{"type":"bundle","objects":{}"#, "[".repeat(10_000));
        assert_eq!(read(&deep).0.len(), 0);
    }
}
