//! Resolver query logs: positions of all quotes first, then values by their rank in AWS's order of the members.

use crate::count::{Counts, hash};
use crate::positions;
use anyhow::{Result, bail};

/// Quotes of a line up to the answers: four of each member that has a string, two of the last name.
const ANSWERS: usize = 38;
/// Quotes of one answer: `{"Rdata":"…","Type":"…","Class":"…"}`.
const ANSWER: usize = 12;
/// Quotes behind the answers, and the end of the line.
const TAIL: usize = 19;

/// Counts the queries of a file by name.
pub(crate) fn count(raw: &[u8], counts: &mut Counts) -> Result<()> {
    let mut buffer = std::mem::take(&mut counts.positions);
    let len = positions::of(raw, [b'"', b'\n'], &mut buffer);
    let mut rest = &buffer[..len];
    while rest.len() >= ANSWERS + TAIL {
        let used = add(raw, rest, counts)?;
        rest = &rest[used..];
    }
    counts.positions = buffer;
    Ok(())
}

/// Counts one query and returns how many positions it took.
#[inline]
fn add(raw: &[u8], positions: &[u32], counts: &mut Counts) -> Result<usize> {
    let at = |n: usize| positions[n] as usize;
    // What stands between a quote and the next.
    let text = |n: usize| &raw[at(n) + 1..at(n + 1)];
    let (time, name, kind, code) = (text(18), text(22), text(26), text(34));
    let (mut tail, mut answers) = (ANSWERS, 0);
    while raw[at(tail) + 1] == b'R' {
        answers += text(tail + 2).len();
        tail += ANSWER;
    }
    if text(20) != b"query_name" || text(tail) != b"srcaddr" || raw[at(tail + TAIL - 1)] != b'\n' {
        bail!("a line is not in AWS's order");
    }
    let (source, instance) = (text(tail + 2), text(tail + 16));
    let fields = [time.len(), kind.len(), code.len(), instance.len(), source.len(), answers];
    let fields = fields.iter().sum::<usize>() as u64;
    counts.add(hash(name), fields, fields, 0);
    Ok(tail + TAIL)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str, answers: &str) -> String {
        let parts = [
            r#"{"version":"1.100000","account_id":"111122223333","region":"us-east-1","vpc_id":"vpc-1","#,
            r#""query_timestamp":"2026-01-05T00:00:00Z","query_name":""#,
            name,
            r#"","query_type":"A","query_class":"IN","rcode":"NOERROR","answers":["#,
            answers,
            r#"],"srcaddr":"192.0.2.1","srcport":"40000","transport":"UDP","srcids":{"instance":"i-1"}}"#,
        ];
        parts.concat() + "\n"
    }

    const ANSWER_TEXT: &str = r#"{"Rdata":"198.51.100.1","Type":"A","Class":"IN"}"#;

    #[test]
    fn queries_are_counted_by_name() {
        let two = format!("{ANSWER_TEXT},{ANSWER_TEXT}");
        let lines = [
            line("example.com.", ""),
            line("example.com.", &two),
            line("example.org.", ANSWER_TEXT),
        ];
        let mut counts = Counts::default();
        count(lines.concat().as_bytes(), &mut counts).unwrap();
        let json = counts.to_json();
        assert!(json.starts_with(r#"{"events":3,"keys":2,"#), "{json}");
        // Time 20, type 1, code 7, instance 3, source 9 of each; three answers of 12.
        assert_eq!(counts.checksum, 3 * 40 + 3 * 12);
    }

    #[test]
    fn another_order_is_refused() {
        let text = line("example.com.", "").replace("query_name", "other_name");
        assert!(count(text.as_bytes(), &mut Counts::default()).is_err());
    }
}
