//! A resolver query log made of a list of names: every name is asked for once by a host.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::expectations::Names;

/// When the first query is, seconds since 1970: 5 January 2026, 09:00.
const BEGIN: u64 = 1_767_603_600;
/// Seconds between two queries of a host.
const EVERY: u64 = 5;
/// Hosts of the network that asks, 10.0.0.0/16 without the first.
const HOSTS_MAX: usize = 65_000;

/// The log. Comments and lines without the column are passed over.
pub(crate) fn log(names: &Names, text: &str) -> String {
    let mut hosts: Vec<Vec<&str>> = Vec::new();
    let mut by_group: BTreeMap<&str, usize> = BTreeMap::new();
    for line in text.lines().filter(|it| !it.starts_with('#')) {
        let columns: Vec<&str> = line.split('\t').collect();
        let Some(name) = columns.get(names.column.saturating_sub(1)).filter(|it| is_name(it))
        else {
            continue;
        };
        let host = match names.host_column {
            None => hosts.len().saturating_sub(1),
            Some(column) => {
                let group = columns.get(column.saturating_sub(1)).copied().unwrap_or_default();
                *by_group.entry(group).or_insert_with(|| {
                    hosts.push(Vec::new());
                    hosts.len() - 1
                })
            }
        };
        let may_grow = names.host_column.is_none() && hosts.len() < HOSTS_MAX;
        match hosts.get_mut(host) {
            Some(asked) if asked.len() < names.per_host => asked.push(name),
            _ if may_grow => hosts.push(vec![name]),
            _ => {}
        }
    }
    write(&hosts, &names.rcode)
}

/// Whether a text can be asked for; a header has no dot.
fn is_name(text: &str) -> bool {
    let is_plain = |it: char| it.is_ascii_alphanumeric() || matches!(it, '.' | '-' | '_');
    text.contains('.') && text.len() < 250 && text.chars().all(is_plain)
}

/// Queries in the order of their time.
fn write(hosts: &[Vec<&str>], rcode: &str) -> String {
    let mut out = String::new();
    let most = hosts.iter().map(Vec::len).max().unwrap_or(0);
    for at in 0..most {
        let time = clock(BEGIN + at as u64 * EVERY);
        for (host, names) in hosts.iter().enumerate() {
            let Some(name) = names.get(at) else { continue };
            let answers = if rcode == "NOERROR" {
                r#"[{"Rdata":"192.0.2.1","Type":"A","Class":"IN"}]"#
            } else {
                "[]"
            };
            let number = host + 256;
            // Writing to a string cannot fail.
            let _ok = writeln!(
                out,
                "{{\"version\":\"1.100000\",\"account_id\":\"111122223333\",\"region\":\"us-east-1\",\
                 \"vpc_id\":\"vpc-0a1b2c3d4e5f60718\",\"query_timestamp\":\"{time}\",\
                 \"query_name\":\"{name}.\",\"query_type\":\"A\",\"query_class\":\"IN\",\
                 \"rcode\":\"{rcode}\",\"answers\":{answers},\"srcaddr\":\"10.0.{}.{}\",\
                 \"srcport\":\"50000\",\"transport\":\"UDP\",\
                 \"srcids\":{{\"instance\":\"i-{number:017x}\"}}}}",
                number / 256,
                number % 256,
            );
        }
    }
    out
}

/// The time as the log writes it; all queries are in January 2026.
fn clock(seconds: u64) -> String {
    let (day, rest) = ((seconds - BEGIN) / 86_400, seconds % 86_400);
    format!(
        "2026-01-{:02}T{:02}:{:02}:{:02}Z",
        5 + day.min(26),
        rest / 3600,
        rest / 60 % 60,
        rest % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(host_column: Option<usize>, text: &str) -> Vec<(String, String)> {
        let column = if host_column.is_some() { 2 } else { 1 };
        let names = Names { column, host_column, per_host: 2, rcode: "NXDOMAIN".to_owned() };
        let text = log(&names, text);
        let member = |line: &str, name: &str| {
            let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
            line[name].as_str().expect("text").to_owned()
        };
        text.lines().map(|it| (member(it, "srcaddr"), member(it, "query_name"))).collect()
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|&(host, name)| (host.to_owned(), name.to_owned())).collect()
    }

    #[test]
    fn a_host_asks_for_so_many_names() {
        let expected =
            pairs(&[("10.0.1.0", "a.com."), ("10.0.1.1", "c.com."), ("10.0.1.0", "b.com.")]);
        assert_eq!(made(None, "# names\na.com\nb.com\nno name\nc.com\n"), expected);
    }

    #[test]
    fn a_group_has_a_host_of_its_own() {
        let text = "family\tdomain\nx\ta.com\nx\tb.com\nx\tc.com\ny\td.com\n";
        let expected =
            pairs(&[("10.0.1.0", "a.com."), ("10.0.1.1", "d.com."), ("10.0.1.0", "b.com.")]);
        assert_eq!(made(Some(1), text), expected, "the third name of x is too many");
    }

    #[test]
    fn days_pass() {
        assert_eq!(clock(BEGIN), "2026-01-05T09:00:00Z");
        assert_eq!(clock(BEGIN + 61), "2026-01-05T09:01:01Z");
    }
}
