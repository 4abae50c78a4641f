//! Removes secrets from records before they are shown as evidence.
//!
//! The text is scanned and not parsed, so that the order of members, the spacing and a record that was
//! cut stay as they are. Access key identifiers are kept: they name the credential that an analyst has
//! to look for.

/// What stands in place of a secret.
pub(crate) const REDACTED: &str = "[redacted]";

/// Names whose values are secrets, in lower case without `-` and `_`; a longer name that ends with one
/// of them is a secret too (`masterUserPassword`).
const SECRET_NAMES: [&str; 19] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "secretaccesskey",
    "secretkey",
    "secretstring",
    "secretbinary",
    "sessiontoken",
    "securitytoken",
    "accesstoken",
    "refreshtoken",
    "idtoken",
    "authtoken",
    "privatekey",
    "authorization",
    "amzsignature",
    "amzcredential",
    "userdata",
];

/// Deepest JSON inside a JSON string that is scanned as JSON; below, the whole string is removed.
const NESTED_MAX: usize = 4;

/// Replaces the values of secret members, headers and query parameters by a placeholder.
///
/// JSON members are judged by name at any depth, also in JSON that is quoted inside a string. In other
/// text `name=value`, `name: value` and the query parameters of signed URLs are.
pub fn redact(record: &str) -> String {
    redact_nested(record, NESTED_MAX)
}

fn redact_nested(record: &str, depth: usize) -> String {
    match record.trim_start().as_bytes().first() {
        Some(b'{' | b'[') => Json::new(record, depth).run(),
        _ => redact_text(record),
    }
}

/// Whether the value under this name is a secret.
fn is_secret(name: &str) -> bool {
    let plain: String = name
        .chars()
        .filter(|it| !matches!(it, '-' | '_' | ' '))
        .map(|it| it.to_ascii_lowercase())
        .collect();
    SECRET_NAMES.iter().any(|it| plain.ends_with(it))
}

/// One open object or array.
#[derive(Clone, Copy, Default)]
struct Level {
    /// Everything in it is secret.
    is_hidden: bool,
    /// It names a secret in one member, so that its member `value` is one.
    is_named_secret: bool,
}

/// The halves of pairs such as `{"name": "DB_PASSWORD", "value": "…"}`.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Pair {
    #[default]
    None,
    Name,
    Value,
}

impl Pair {
    fn of(name: &str) -> Pair {
        let is = |names: &[&str]| names.iter().any(|it| name.eq_ignore_ascii_case(it));
        match name {
            _ if is(&["name", "key", "parameterName", "parameterKey"]) => Pair::Name,
            _ if is(&["value", "parameterValue"]) => Pair::Value,
            _ => Pair::None,
        }
    }
}

/// A scanner over JSON text that may be cut or malformed.
struct Json<'a> {
    text: &'a str,
    at: usize,
    out: String,
    depth: usize,
    /// The objects and arrays that are open.
    open: Vec<Level>,
    /// What the name of the member that comes next says about pairs of name and value.
    next_pair: Pair,
    /// Whether the member that comes next is secret by its name.
    is_next_secret: bool,
}

impl<'a> Json<'a> {
    fn new(text: &'a str, depth: usize) -> Json<'a> {
        let out = String::with_capacity(text.len());
        let (open, next_pair) = (Vec::new(), Pair::None);
        Json { text, at: 0, out, depth, open, next_pair, is_next_secret: false }
    }

    fn run(mut self) -> String {
        while let Some(byte) = self.text.as_bytes().get(self.at).copied() {
            match byte {
                b'"' => self.string(),
                b'{' | b'[' => {
                    self.open.push(Level { is_hidden: self.is_hidden(), ..Level::default() });
                    self.is_next_secret = false;
                    self.next_pair = Pair::None;
                    self.keep(1);
                }
                b'}' | b']' => {
                    self.open.pop();
                    self.keep(1);
                }
                b',' => {
                    self.is_next_secret = false;
                    self.next_pair = Pair::None;
                    self.keep(1);
                }
                b':' | b' ' | b'\t' | b'\r' | b'\n' => self.keep(1),
                _ => self.scalar(),
            }
        }
        self.out
    }

    fn is_hidden(&self) -> bool {
        self.is_next_secret || self.open.last().is_some_and(|it| it.is_hidden)
    }

    fn keep(&mut self, len: usize) {
        self.out.push_str(self.text.get(self.at..self.at + len).unwrap_or_default());
        self.at += len;
    }

    /// A number, `true`, `false`, `null`, or rubbish up to the next structural byte.
    fn scalar(&mut self) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let len = rest.find(['"', ',', '{', '}', '[', ']', ':', '\n']).unwrap_or(rest.len());
        let word = rest.get(..len).unwrap_or_default();
        let is_plain = matches!(word.trim_end(), "true" | "false" | "null");
        if self.is_hidden() && !is_plain {
            self.out.push_str(REDACTED);
            self.at += len;
        } else {
            self.keep(len);
        }
    }

    fn string(&mut self) {
        let rest = self.text.get(self.at + 1..).unwrap_or_default();
        let (inner, is_closed) = match string_end(rest) {
            Some(end) => (rest.get(..end).unwrap_or_default(), true),
            None => (rest, false),
        };
        let after = rest.get(inner.len() + usize::from(is_closed)..).unwrap_or_default();
        let is_name = after.trim_start().starts_with(':');
        self.out.push('"');
        if is_name {
            self.next_pair = Pair::of(inner);
            let is_named = self.open.last().is_some_and(|it| it.is_named_secret);
            self.is_next_secret = is_secret(inner) || is_named && self.next_pair == Pair::Value;
            self.out.push_str(inner);
        } else if self.is_hidden() {
            self.out.push_str(REDACTED);
        } else {
            let names_secret = self.next_pair == Pair::Name && is_secret(inner);
            if let Some(level) = self.open.last_mut().filter(|_| names_secret) {
                level.is_named_secret = true;
            }
            let text = self.content(inner);
            self.out.push_str(&text);
        }
        if is_closed {
            self.out.push('"');
        }
        self.at += 1 + inner.len() + usize::from(is_closed);
    }

    /// The content of a string that is not secret by name: JSON inside it, or text.
    fn content(&self, inner: &str) -> String {
        if !inner.trim_start().starts_with(['{', '[']) || !inner.contains('\\') {
            return redact_text(inner);
        }
        let Ok(plain) = serde_json::from_str::<String>(&format!("\"{inner}\"")) else {
            return redact_text(inner);
        };
        if self.depth == 0 {
            return REDACTED.to_owned();
        }
        let clean = redact_nested(&plain, self.depth - 1);
        if clean == plain {
            return inner.to_owned();
        }
        let quoted = serde_json::to_string(&clean).unwrap_or_default();
        quoted.get(1..quoted.len() - 1).unwrap_or_default().to_owned()
    }
}

/// Where a JSON string that has been opened ends.
fn string_end(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return Some(at),
            _ => {}
        }
    }
    None
}

/// Removes `name=value`, `name%3Dvalue` and `name: value` where the name is that of a secret.
fn redact_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((end, separator)) = next_separator(rest) {
        let (before, after) = rest.split_at(end + separator.len());
        out.push_str(before);
        let name = rest.get(..end).unwrap_or_default();
        let name = name.rsplit(|it: char| !is_name_char(it)).next().unwrap_or_default();
        let is_header = separator == ":";
        let len = if is_secret_text(name) { value_len(after, is_header) } else { 0 };
        if len > 0 {
            out.push_str(if is_header { " " } else { "" });
            out.push_str(REDACTED);
        }
        rest = after.get(len..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

/// In text a signature and a credential are secrets under their short names too: authorization headers
/// and the older signed URLs call them so.
fn is_secret_text(name: &str) -> bool {
    is_secret(name) || ["signature", "credential"].iter().any(|it| name.eq_ignore_ascii_case(it))
}

/// The first `=`, `:` or `%3D` and its place.
fn next_separator(text: &str) -> Option<(usize, &str)> {
    text.match_indices(['=', ':', '%']).find_map(|(at, found)| match found {
        "%" => {
            let escape = text.get(at..at + 3)?;
            escape.eq_ignore_ascii_case("%3d").then_some((at, escape))
        }
        _ => Some((at, found)),
    })
}

/// Length of the value: of a header to the end of the line, else to the next delimiter.
fn value_len(text: &str, is_header: bool) -> usize {
    if is_header {
        return text.find(['\r', '\n', '"', '\\']).unwrap_or(text.len());
    }
    let end = text.find(|it: char| it.is_whitespace() || "&\"'\\;,<>".contains(it));
    let end = end.unwrap_or(text.len());
    let escaped = text.get(..end).and_then(|it| it.find("%26"));
    escaped.unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(record: &str, expected: &str) {
        assert_eq!(redact(record), expected);
    }

    #[test]
    fn secret_members_are_removed_and_key_ids_kept() {
        check(
            concat!(
                r#"{"credentials":{"accessKeyId":"ASIAEXAMPLE","secretAccessKey":"abc","sessionToke"#,
                r#"n":"x/y=="}}"#,
            ),
            concat!(
                r#"{"credentials":{"accessKeyId":"ASIAEXAMPLE","secretAccessKey":"[redacted]","sess"#,
                r#"ionToken":"[redacted]"}}"#,
            ),
        );
        check(
            r#"{"masterUserPassword": "a\"b", "X-Amz-Security-Token":"t", "n":1}"#,
            r#"{"masterUserPassword": "[redacted]", "X-Amz-Security-Token":"[redacted]", "n":1}"#,
        );
        check(
            r#"{"userData":"IyEvYmluL3No","pin":{"password":[1234,"x"]}}"#,
            r#"{"userData":"[redacted]","pin":{"password":[[redacted],"[redacted]"]}}"#,
        );
    }

    #[test]
    fn values_that_are_named_beside_are_removed() {
        check(
            r#"{"environment":[{"name":"DB_PASSWORD","value":"x"},{"name":"HOST","value":"db"}]}"#,
            concat!(
                r#"{"environment":[{"name":"DB_PASSWORD","value":"[redacted]"},{"name":"HOST","valu"#,
                r#"e":"db"}]}"#,
            ),
        );
    }

    #[test]
    fn settings_about_secrets_are_kept() {
        let record = concat!(
            r#"{"minimumPasswordLength":8,"passwordResetRequired":true,"password":null,"userDat"#,
            r#"aSize":3,"nextToken":"n","secretId":"prod/db"}"#,
        );
        check(record, record);
    }

    #[test]
    fn signed_urls_lose_signature_and_credential() {
        check(
            concat!(
                r#"{"requestURI":"/b/k?X-Amz-Credential=AKIA%2F2026&X-Amz-Date=20260101&X-Amz-Signa"#,
                r#"ture=deadbeef"}"#,
            ),
            concat!(
                r#"{"requestURI":"/b/k?X-Amz-Credential=[redacted]&X-Amz-Date=20260101&X-Amz-Signat"#,
                r#"ure=[redacted]"}"#,
            ),
        );
        check(
            "u=%2Fk%3FX-Amz-Signature%3Dabc%26y=1",
            "u=%2Fk%3FX-Amz-Signature%3D[redacted]%26y=1",
        );
    }

    #[test]
    fn headers_lose_their_authorization() {
        check(
            "GET / HTTP/1.1\r\nAuthorization: Bearer abc\r\nHost: example.com",
            "GET / HTTP/1.1\r\nAuthorization: [redacted]\r\nHost: example.com",
        );
        check(
            r#"{"headers":{"authorization":"Basic abc","host":"example.com"}}"#,
            r#"{"headers":{"authorization":"[redacted]","host":"example.com"}}"#,
        );
    }

    #[test]
    fn json_inside_a_string_is_scanned() {
        check(
            r#"{"payload":"{\"user\":\"a\",\"password\":\"b\"}"}"#,
            r#"{"payload":"{\"user\":\"a\",\"password\":\"[redacted]\"}"}"#,
        );
        let mut deep = r#"{"password":"hunter2"}"#.to_owned();
        for _ in 0..8 {
            deep = serde_json::json!({ "a": deep }).to_string();
        }
        assert!(!redact(&deep).contains("hunter2"));
    }

    #[test]
    fn records_that_were_cut_do_not_leak() {
        check(r#"{"secretAccessKey":"abc"#, r#"{"secretAccessKey":"[redacted]"#);
        check(r#"{"a":"x","sessionToken": "a\"#, r#"{"a":"x","sessionToken": "[redacted]"#);
    }

    #[test]
    fn every_prefix_of_a_record_is_taken() {
        let record = "{\"päss\":\"é\\u00e9\",\"b\":[1,{\"c\":\"%3\"}],\"d\":\"x=%é:é\"} a=b";
        for (end, _) in record.char_indices() {
            assert!(redact(&record[..end]).len() <= record.len());
            assert!(redact(&record[end..]).len() <= record.len() + REDACTED.len());
        }
    }

    #[test]
    fn flow_lines_are_kept() {
        let line = "2 111122223333 eni-1 192.0.2.1 198.51.100.7 44321 22 6 3 180 1 2 ACCEPT OK";
        check(line, line);
    }
}
