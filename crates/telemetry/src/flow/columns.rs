//! Columns of flow log lines: the default order, or what a header line says.

/// A column that the format does not have.
pub(super) const ABSENT: u16 = u16::MAX;

/// Longest header and most columns that are looked at; all fields of version 11 are 60.
const HEADER_BYTES_MAX: usize = 8192;
const COLUMNS_MAX: usize = 256;

/// Where each field stands in a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Columns {
    /// Number of fields of a line.
    pub(super) count: u16,
    pub(super) interface: u16,
    pub(super) src: u16,
    pub(super) dst: u16,
    pub(super) src_port: u16,
    pub(super) dst_port: u16,
    pub(super) protocol: u16,
    pub(super) packets: u16,
    pub(super) bytes: u16,
    pub(super) start: u16,
    pub(super) end: u16,
    pub(super) action: u16,
    // What follows may be absent.
    pub(super) account: u16,
    pub(super) status: u16,
    pub(super) tcp_flags: u16,
    pub(super) direction: u16,
    pub(super) traffic_path: u16,
    pub(super) region: u16,
    pub(super) instance: u16,
    pub(super) vpc: u16,
    pub(super) subnet: u16,
    pub(super) packet_src: u16,
    pub(super) packet_dst: u16,
}

/// What lines are like.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Layout {
    /// Lines with these columns.
    Known(Columns),
    /// Lines without fields that a row needs, which are named.
    Lacking(String),
    /// Lines of another log, such as a transit gateway's.
    Foreign,
}

type Member = fn(&mut Columns) -> &mut u16;

/// Fields without which a row means nothing.
const NEEDED: [(&str, Member); 11] = [
    ("interface-id", |it| &mut it.interface),
    ("srcaddr", |it| &mut it.src),
    ("dstaddr", |it| &mut it.dst),
    ("srcport", |it| &mut it.src_port),
    ("dstport", |it| &mut it.dst_port),
    ("protocol", |it| &mut it.protocol),
    ("packets", |it| &mut it.packets),
    ("bytes", |it| &mut it.bytes),
    ("start", |it| &mut it.start),
    ("end", |it| &mut it.end),
    ("action", |it| &mut it.action),
];

/// Fields that a row takes when they are there.
const OPTIONAL: [(&str, Member); 11] = [
    ("account-id", |it| &mut it.account),
    ("log-status", |it| &mut it.status),
    ("tcp-flags", |it| &mut it.tcp_flags),
    ("flow-direction", |it| &mut it.direction),
    ("traffic-path", |it| &mut it.traffic_path),
    ("region", |it| &mut it.region),
    ("instance-id", |it| &mut it.instance),
    ("vpc-id", |it| &mut it.vpc),
    ("subnet-id", |it| &mut it.subnet),
    ("pkt-srcaddr", |it| &mut it.packet_src),
    ("pkt-dstaddr", |it| &mut it.packet_dst),
];

/// Fields that are not read but tell a header.
const OTHER: [&str; 6] =
    ["version", "type", "az-id", "pkt-src-aws-service", "pkt-dst-aws-service", "resource-type"];

impl Columns {
    /// The fourteen fields of version 2 in their order.
    pub(super) const DEFAULT: Columns = Columns {
        count: 14,
        account: 1,
        interface: 2,
        src: 3,
        dst: 4,
        src_port: 5,
        dst_port: 6,
        protocol: 7,
        packets: 8,
        bytes: 9,
        start: 10,
        end: 11,
        action: 12,
        status: 13,
        ..Columns::NONE
    };

    const NONE: Columns = Columns {
        count: 0,
        interface: ABSENT,
        src: ABSENT,
        dst: ABSENT,
        src_port: ABSENT,
        dst_port: ABSENT,
        protocol: ABSENT,
        packets: ABSENT,
        bytes: ABSENT,
        start: ABSENT,
        end: ABSENT,
        action: ABSENT,
        account: ABSENT,
        status: ABSENT,
        tcp_flags: ABSENT,
        direction: ABSENT,
        traffic_path: ABSENT,
        region: ABSENT,
        instance: ABSENT,
        vpc: ABSENT,
        subnet: ABSENT,
        packet_src: ABSENT,
        packet_dst: ABSENT,
    };
}

impl Layout {
    /// Reads a header line: names as in `version account-id …`, `${version} ${account-id} …` or with
    /// underscores. A line is a header if every field has the form of a name and at least half of them are
    /// known: fields of later versions do not hinder.
    pub(super) fn from_header(line: &[u8]) -> Option<Layout> {
        let text = std::str::from_utf8(line).ok().filter(|it| it.len() <= HEADER_BYTES_MAX)?;
        let mut fields = text.trim_start_matches('\u{feff}').split_ascii_whitespace();
        // Asked for every line that cannot be read: a line of data fails at its first number.
        if !fields.clone().all(|it| is_name(&name(it))) || fields.clone().count() > COLUMNS_MAX {
            return None;
        }
        let names: Vec<String> = fields.by_ref().map(name).collect();
        if names.is_empty() {
            return None;
        }
        let is_foreign = names.iter().any(|it| it.starts_with("tgw-"));
        let known = names.iter().filter(|it| is_known(it)).count();
        if known * 2 < names.len() {
            return is_foreign.then_some(Layout::Foreign);
        }
        Some(if is_foreign { Layout::Foreign } else { Layout::of(&names) })
    }

    fn of(names: &[String]) -> Layout {
        let place = |wanted: &str| names.iter().position(|it| it == wanted).map(|at| at as u16);
        let mut columns = Columns { count: names.len() as u16, ..Columns::NONE };
        let mut lacking = Vec::new();
        for (wanted, member) in NEEDED {
            match place(wanted) {
                Some(at) => *member(&mut columns) = at,
                None => lacking.push(wanted),
            }
        }
        for (wanted, member) in OPTIONAL {
            *member(&mut columns) = place(wanted).unwrap_or(ABSENT);
        }
        if lacking.is_empty() {
            Layout::Known(columns)
        } else {
            Layout::Lacking(lacking.join(", "))
        }
    }
}

fn name(field: &str) -> String {
    let bare = field.strip_prefix("${").and_then(|it| it.strip_suffix('}')).unwrap_or(field);
    bare.replace('_', "-")
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn is_known(name: &str) -> bool {
    NEEDED.iter().chain(&OPTIONAL).any(|(it, _)| *it == name)
        || OTHER.contains(&name)
        || ["ecs-", "next-hop-", "sublocation-", "tgw-"].iter().any(|it| name.starts_with(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    const V2: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes \
                      start end action log-status";

    fn header(line: &str) -> Option<Layout> {
        Layout::from_header(line.as_bytes())
    }

    #[test]
    fn the_three_spellings_are_the_same() {
        let default = Some(Layout::Known(Columns::DEFAULT));
        assert_eq!(header(V2), default);
        assert_eq!(header(&V2.replace('-', "_")), default);
        assert_eq!(header(&format!("\u{feff}{V2}\r")), default);
        let braces: Vec<String> = V2.split(' ').map(|it| format!("${{{it}}}")).collect();
        assert_eq!(header(&braces.join(" ")), default);
    }

    #[test]
    fn other_orders_and_fields() {
        let reversed: Vec<&str> = V2.split(' ').rev().collect();
        let line = format!("tcp-flags some-future-field {} region", reversed.join(" "));
        let Some(Layout::Known(columns)) = header(&line) else { panic!("not read") };
        assert_eq!((columns.count, columns.tcp_flags, columns.status), (17, 0, 2));
        assert_eq!((columns.region, columns.vpc), (16, ABSENT));
    }

    #[test]
    fn missing_fields_are_named() {
        let line = V2.replace("srcaddr ", "").replace(" end", "");
        assert_eq!(header(&line), Some(Layout::Lacking("srcaddr, end".to_owned())));
    }

    #[test]
    fn lines_of_data_are_no_header() {
        for line in [
            "",
            "   ",
            "2 111122223333 eni-0a 192.0.2.1 192.0.2.2 1 2 6 1 1 1 1 ACCEPT OK",
            "us-east-1 ingress",
            "ACCEPT OK",
            "hello world",
            "{\"version\":\"1.1\"}",
        ] {
            assert_eq!(header(line), None, "{line}");
        }
        let gateway = "version resource-type account-id tgw-id tgw-attachment-id srcaddr dstaddr";
        assert_eq!(header(gateway), Some(Layout::Foreign));
    }
}
