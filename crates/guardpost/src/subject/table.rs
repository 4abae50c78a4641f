//! A summary as text for people.

use std::fmt::Write as _;

use super::shape::{
    ApiView, AssumedView, BytesView, CallsView, CountView, FindingView, Listed, NameView, Place,
    PortView, QueriesView, SourceView, Time, TrafficView, View,
};
use crate::text::{count, minutes, size, thousands, visible};

/// Widest cell, in characters; the last column may be wider.
const CELL_MAX: usize = 72;
/// Widest last cell.
const LAST_MAX: usize = 120;
/// What stands before each line of facts.
const LABEL: usize = 12;

/// Lays a summary out. Text from records is escaped.
pub fn table(view: &View) -> String {
    let mut out = Text::default();
    out.line(&visible(&view.id));
    match (view.first_seen, view.last_seen) {
        (Some(first), Some(last)) => {
            out.fact("Seen", &format!("{} to {} UTC", minutes(first.0), minutes(last.0)));
        }
        _ => out.fact("Seen", "in no record of these logs"),
    }
    if let Some(it) = &view.instance {
        instance(&mut out, it);
    }
    if let Some(it) = &view.calls {
        calls_facts(&mut out, it);
    }
    if let Some(it) = &view.traffic {
        if view.instance.is_none() {
            out.fact("Interfaces", &visible(&it.interfaces.join(", ")));
        }
        traffic_facts(&mut out, it);
    }
    if let Some(it) = &view.queries {
        let of = format!(
            "{}, {} of names that do not exist",
            plural(it.queries, "query", "queries"),
            thousands(it.missing)
        );
        out.fact("Queries", &of);
    }
    if let Some(it) = &view.calls {
        calls_tables(&mut out, it);
    }
    assumed(&mut out, "ROLES AND SESSIONS ASSUMED", "ROLE OR CALL", &view.assumed);
    assumed(&mut out, "ITS SESSIONS WERE GIVEN TO", "PRINCIPAL", &view.assumed_by);
    if let Some(it) = &view.traffic {
        traffic_tables(&mut out, it);
    }
    if let Some(it) = &view.queries {
        queries_table(&mut out, it);
    }
    findings(&mut out, &view.findings);
    out.text
}

fn instance(out: &mut Text, it: &super::Instance) {
    let known = [&it.name, &it.instance_type, &it.image, &it.vpc];
    let known: Vec<&str> =
        known.into_iter().map(String::as_str).filter(|it| !it.is_empty()).collect();
    out.fact("Instance", &visible(&known.join(", ")));
    out.fact("Account", &visible(&format!("{} {}", it.account, it.region)));
    out.fact("Profile", &visible(&it.profile));
    out.fact("Interfaces", &visible(&it.interfaces.join(", ")));
    out.fact("Addresses", &visible(&it.addresses.join(", ")));
}

fn calls_facts(out: &mut Text, it: &CallsView) {
    let mfa = if it.with_mfa > 0 {
        format!("; {} with MFA", thousands(it.with_mfa))
    } else {
        String::new()
    };
    let text = format!(
        "{}: {} succeeded, {} failed{mfa}",
        count(it.calls, "API call"),
        thousands(it.succeeded),
        thousands(it.failed)
    );
    out.fact("Calls", &text);
    out.fact("Trails of", &it.accounts.join(", "));
}

fn calls_tables(out: &mut Text, it: &CallsView) {
    let place = |it: &SourceView| {
        let mut row = counts(&it.count);
        row.push(place(&it.place));
        row
    };
    let head =
        ["ADDRESS", ">CALLS", ">FAILED", "FIRST SEEN", "LAST SEEN", "COUNTRY, NETWORK, LISTS"];
    out.table("SOURCE ADDRESSES", &it.sources, &head, place);
    let head = ["API", ">CALLS", ">FAILED", "FIRST SEEN", "LAST SEEN", "ERRORS"];
    let api = |it: &ApiView| {
        let mut row = counts(&it.count);
        let errors = it.errors.iter().map(|(code, count)| format!("{code} {}", thousands(*count)));
        row.push(errors.collect::<Vec<_>>().join(", "));
        row
    };
    out.table("APIS", &it.apis, &head, api);
    let named = |out: &mut Text, name: &str, column: &str, it: &Listed<CountView>| {
        let head = [column, ">CALLS", ">FAILED", "FIRST SEEN", "LAST SEEN"];
        out.table(name, it, &head, counts);
    };
    named(out, "REGIONS", "REGION", &it.regions);
    let agent = |it: &CountView| {
        let mut row = counts(it);
        row.rotate_left(1);
        row
    };
    let head = [">CALLS", ">FAILED", "FIRST SEEN", "LAST SEEN", "USER AGENT"];
    out.table("USER AGENTS", &it.user_agents, &head, agent);
    named(out, "ACCESS KEYS", "KEY", &it.access_keys);
    if it.sessions.total > 1 {
        let head = [">CALLS", ">FAILED", "FIRST SEEN", "LAST SEEN", "ARN"];
        out.table("SESSIONS", &it.sessions, &head, agent);
    }
}

fn counts(it: &CountView) -> Vec<String> {
    let (name, calls, failed) = (it.name.clone(), thousands(it.calls), thousands(it.failed));
    vec![name, calls, failed, time(it.first_seen), time(it.last_seen)]
}

fn time(time: Option<Time>) -> String {
    time.map(|it| minutes(it.0)).unwrap_or_default()
}

fn place(it: &Place) -> String {
    let network = it.asn.map(|asn| format!("AS{asn} {}", it.organization));
    let parts = [it.country.clone(), network.unwrap_or_default(), it.lists.join(", ")];
    parts.into_iter().filter(|it| !it.is_empty()).collect::<Vec<_>>().join(", ")
}

fn assumed(out: &mut Text, name: &str, column: &str, list: &Listed<AssumedView>) {
    let head = [">CALLS", ">FAILED", "FIRST SEEN", "LAST SEEN", "LATEST FROM", column];
    out.table(name, list, &head, |it| {
        let mut row = counts(&it.count);
        row.rotate_left(1);
        row.insert(4, it.source.clone());
        row
    });
}

fn traffic_facts(out: &mut Text, it: &TrafficView) {
    let bytes = &it.bytes;
    let text = format!(
        "{} received, {} sent, {}, {} rejected",
        size(bytes.received),
        size(bytes.sent),
        count(bytes.records, "flow record"),
        thousands(bytes.rejected)
    );
    out.fact("Traffic", &text);
}

fn traffic_tables(out: &mut Text, it: &TrafficView) {
    let bytes = |it: &BytesView| {
        let times = [time(it.first_seen), time(it.last_seen)];
        let [first, last] = times;
        vec![
            size(it.received),
            size(it.sent),
            thousands(it.records),
            thousands(it.rejected),
            first,
            last,
        ]
    };
    let head = [
        "ADDRESS",
        ">RECEIVED",
        ">SENT",
        ">RECORDS",
        ">REJECTED",
        "FIRST SEEN",
        "LAST SEEN",
        "COUNTRY, NETWORK, LISTS",
    ];
    out.table("REMOTE ADDRESSES", &it.remotes, &head, |it| {
        let mut row = vec![it.address.clone()];
        row.extend(bytes(&it.bytes));
        row.push(place(&it.place));
        row
    });
    let head = [
        "PORT",
        "SERVICE",
        ">PEERS",
        ">RECEIVED",
        ">SENT",
        ">RECORDS",
        ">REJECTED",
        "FIRST SEEN",
        "LAST SEEN",
    ];
    let port = |it: &PortView| {
        let mut row = vec![it.port.clone(), it.service.clone(), thousands(it.peers)];
        row.extend(bytes(&it.bytes));
        row
    };
    out.table("PORTS THAT ANSWERED", &it.served, &head, port);
    out.table("PORTS CALLED", &it.called, &head, port);
}

fn queries_table(out: &mut Text, it: &QueriesView) {
    let head = [">QUERIES", ">MISSING", ">BLOCKED", "FIRST SEEN", "LAST SEEN", "NAME", "LISTS"];
    let row = |it: &NameView| {
        let numbers = [it.queries, it.missing, it.blocked].map(thousands);
        let mut row: Vec<String> = numbers.into();
        let texts = [time(it.first_seen), time(it.last_seen), it.name.clone(), it.lists.join(", ")];
        row.extend(texts);
        row
    };
    out.table("NAMES ASKED FOR", &it.names, &head, row);
}

fn findings(out: &mut Text, findings: &[FindingView]) {
    if findings.is_empty() {
        out.line("\nFINDINGS\n  none");
        return;
    }
    let list = Listed { total: findings.len() as u64, is_exact: true, top: findings.to_vec() };
    let head = ["SEVERITY", ">COUNT", "FIRST SEEN", "LAST SEEN", "TYPE", "TITLE"];
    out.table("FINDINGS", &list, &head, |it| {
        let texts = [it.finding_type.clone(), it.title.clone()];
        let times = [minutes(it.first_seen.0), minutes(it.last_seen.0)];
        let mut row = vec![it.band.clone(), thousands(it.count)];
        row.extend(times.into_iter().chain(texts));
        row
    });
}

fn plural(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", thousands(number), if number == 1 { one } else { many })
}

#[derive(Default)]
struct Text {
    text: String,
}

impl Text {
    fn line(&mut self, text: &str) {
        // Writing to a string cannot fail.
        let _ok = writeln!(self.text, "{}", text.trim_end());
    }

    fn fact(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.line(&format!("{name:<LABEL$}{value}"));
        }
    }

    /// A table under a title that says how many there are; `>` before a name stands for numbers.
    fn table<T>(
        &mut self,
        title: &str,
        list: &Listed<T>,
        head: &[&str],
        row: impl Fn(&T) -> Vec<String>,
    ) {
        if list.top.is_empty() {
            return;
        }
        let shown = list.top.len() as u64;
        let about = if list.is_exact { "" } else { "about " };
        let of = if shown < list.total {
            format!(" ({} of {about}{})", thousands(shown), thousands(list.total))
        } else {
            String::new()
        };
        self.line("");
        self.line(&format!("{title}{of}"));
        let mut rows = vec![head.iter().map(|it| it.trim_start_matches('>').to_owned()).collect()];
        rows.extend(list.top.iter().map(row));
        let cells = |it: &Vec<String>| {
            let last = it.len().saturating_sub(1);
            let max = |at| if at == last { LAST_MAX } else { CELL_MAX };
            it.iter().enumerate().map(|(at, it)| fit(it, max(at))).collect::<Vec<String>>()
        };
        let rows: Vec<Vec<String>> = rows.iter().map(cells).collect();
        let width = |at: usize| {
            let cells = rows.iter().filter_map(|it| it.get(at));
            cells.map(|it| it.chars().count()).max().unwrap_or_default()
        };
        let widths: Vec<usize> = (0..head.len()).map(width).collect();
        for row in &rows {
            let mut line = String::new();
            for ((cell, width), name) in row.iter().zip(&widths).zip(head) {
                let _ok = if name.starts_with('>') {
                    write!(line, "  {cell:>width$}")
                } else {
                    write!(line, "  {cell:<width$}")
                };
            }
            self.line(&line);
        }
    }
}

/// Escapes, and cuts with an ellipsis.
fn fit(text: &str, max: usize) -> String {
    let text = visible(text);
    if text.chars().count() <= max {
        return text;
    }
    text.chars().take(max - 1).chain(['…']).collect()
}
