//! Feeds in columns whose layout is given: `OTX_CSV`, `ALIEN_VAULT`, `PROOF_POINT` and `FIRE_EYE`
//! (<https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_upload-lists.html#prepare_list>).

use crate::formats::csv::{first_row, heading, rows, split};
use crate::parse::Reading;

/// How a feed is written.
pub(crate) struct Layout {
    separator: u8,
    /// Headings of the first columns of the line of headings, by which the feed is known.
    begins: &'static [&'static str],
    /// Headings of columns that hold indicators; without headings their places count.
    indicators: &'static [&'static str],
    /// Heading of the column that says what kind of indicator a row holds.
    kind: Option<&'static str>,
    /// Heading of the column that names the threat.
    label: &'static str,
    /// Stands before the text of that column.
    label_prefix: &'static str,
    /// Headings of a feed without a line of headings.
    fixed: &'static [&'static str],
}

/// Open Threat Exchange: kind, indicator, description.
pub(crate) const OTX_CSV: Layout = Layout {
    separator: b',',
    begins: &["indicator_type", "indicator"],
    indicators: &["indicator"],
    kind: Some("indicator_type"),
    label: "description",
    label_prefix: "",
    fixed: &[],
};

/// The reputation feed of `AlienVault`: `192.0.2.1#4#2#Malicious Host#KR##37.5,126.9#3`.
pub(crate) const ALIEN_VAULT: Layout = Layout {
    separator: b'#',
    begins: &[],
    indicators: &["indicator"],
    kind: None,
    label: "activity",
    label_prefix: "",
    fixed: &[
        "indicator",
        "reliability",
        "risk",
        "activity",
        "country",
        "city",
        "place",
        "revision",
    ],
};

/// Proofpoint's reputation lists of addresses or of names; the category is a number.
pub(crate) const PROOF_POINT: Layout = Layout {
    separator: b',',
    begins: &["", "category", "score"],
    indicators: &["ip", "domain"],
    kind: None,
    label: "category",
    label_prefix: "category ",
    fixed: &["ip", "category", "score", "first_seen", "last_seen", "ports"],
};

/// `FireEye` iSIGHT: 47 columns, four of which hold indicators.
pub(crate) const FIRE_EYE: Layout = Layout {
    separator: b',',
    begins: &["reportid", "title", "threatscape"],
    indicators: &["sha256", "cidr", "domain", "ip"],
    kind: None,
    label: "malwarefamily",
    label_prefix: "",
    fixed: &[],
};

/// Whether the first row holds the feed's headings, or one of its rows where it has none.
pub(crate) fn fits(layout: &Layout, bytes: &[u8]) -> bool {
    let Some(line) = first_row(bytes) else { return false };
    let cells: Vec<String> = split(line, layout.separator).iter().map(|it| heading(it)).collect();
    if layout.begins.is_empty() {
        // Scores are numbers in the feeds without headings.
        let is_score = |at: usize| cells.get(at).is_some_and(|it| it.parse::<u32>().is_ok());
        return cells.len() == layout.fixed.len() && is_score(1) && is_score(2);
    }
    has_headings(layout, &cells)
}

fn has_headings(layout: &Layout, cells: &[String]) -> bool {
    let begins = layout.begins.iter().enumerate();
    let known = |it: &String| layout.indicators.contains(&it.as_str());
    !layout.begins.is_empty()
        && cells.iter().any(known)
        && begins.into_iter().all(|(at, wanted)| {
            cells.get(at).is_some_and(|it| if wanted.is_empty() { known(it) } else { it == wanted })
        })
}

/// Reads all rows.
pub(crate) fn read(layout: &Layout, bytes: &[u8], reading: &mut Reading) {
    let first = first_row(bytes).map(|it| split(it, layout.separator)).unwrap_or_default();
    let first: Vec<String> = first.iter().map(|it| heading(it)).collect();
    let headed = has_headings(layout, &first);
    let headings: Vec<&str> =
        if headed { first.iter().map(String::as_str).collect() } else { layout.fixed.to_vec() };
    if headings.is_empty() {
        return reading.problem(1, "", "the first line is not that of the feed's headings");
    }
    let place = |wanted: &str| headings.iter().position(|it| *it == wanted);
    let indicators: Vec<usize> = layout.indicators.iter().filter_map(|it| place(it)).collect();
    let (kind, label) = (layout.kind.and_then(place), place(layout.label));
    for (number, line) in rows(bytes).skip(usize::from(headed)) {
        let cells = split(line, layout.separator);
        let cell = |at: usize| cells.get(at).map_or("", String::as_str).trim();
        if kind.is_some_and(|it| !is_used(cell(it))) {
            reading.problem(number, kind.map_or("", cell), "a kind of indicator that is not used");
            continue;
        }
        let label = match label.map_or("", cell) {
            "" => String::new(),
            text => format!("{}{text}", layout.label_prefix),
        };
        let mut found = false;
        for text in indicators.iter().map(|&at| cell(at)).filter(|it| !it.is_empty()) {
            found = true;
            reading.entry(number, text, &label);
        }
        if !found {
            reading.problem(number, &String::from_utf8_lossy(line), "no indicator in the row");
        }
    }
}

/// Whether a kind of indicator, as OTX names it, is one that lists hold.
fn is_used(kind: &str) -> bool {
    matches!(
        heading(kind).as_str(),
        "ipv4"
            | "ipv6"
            | "cidr"
            | "domain"
            | "domain_name"
            | "hostname"
            | "sha256"
            | "filehash_sha256"
    )
}

#[cfg(test)]
mod tests {
    use crate::format::ListFormat;
    use crate::parse::parse_list;

    /// Reads a list of a format; gives its number of entries, refused rows and threat names.
    fn check(format: ListFormat, text: &str) -> (u64, u64, Vec<String>) {
        assert_eq!(ListFormat::detect("list", text.as_bytes()), format, "{text}");
        assert_eq!(ListFormat::detect("list.csv", text.as_bytes()), format, "{text}");
        let (list, _) = parse_list("list", text.as_bytes());
        (list.len(), list.refused, list.labels.clone())
    }

    #[test]
    fn otx_names_the_kind_of_each_indicator() {
        let text = "Indicator type, Indicator, Description\nCIDR, 192.0.2.0/24, example\n\
                    IPv4, 198.51.100.1, \"one, two\"\nDomain name, example.net, example\n\
                    URL, http://example.com/, x\nFileHash-MD5, 0a, x\n";
        let labels = vec!["example".into(), "one, two".into()];
        assert_eq!(check(ListFormat::OtxCsv, text), (3, 2, labels));
    }

    #[test]
    fn alien_vault_has_no_headings() {
        let text = "198.51.100.1#4#2#Malicious Host#KR##37.51,126.97#3\n\
                    192.0.2.0/24#4#2#Scanning Host#US#Town#37.5,-122.1#3\nnothing#1#1##KR##0,0#3\n";
        let labels = vec!["Malicious Host".into(), "Scanning Host".into()];
        assert_eq!(check(ListFormat::AlienVault, text), (2, 1, labels));
    }

    #[test]
    fn proof_point_lists_addresses_or_names() {
        let text = "ip, category, score, first_seen, last_seen, ports (|)\n\
                    198.51.100.1, 1, 100, 2000-01-01, 2000-01-01, \n\
                    203.0.113.1, 1, 100, 2000-01-01, 2000-01-01, 80|443\n";
        assert_eq!(check(ListFormat::ProofPoint, text), (2, 0, vec!["category 1".into()]));
        let text = "domain, category, score, first_seen, last_seen, ports (|)\n\
                    example.net, 7, 100, 2000-01-01, 2000-01-01, 80\n\
                    198.51.100.1, 7, 100, 2000-01-01, 2000-01-01,\n,,,,,\n";
        assert_eq!(check(ListFormat::ProofPoint, text), (2, 1, vec!["category 7".into()]));
    }

    #[test]
    fn fire_eye_holds_up_to_four_indicators_a_row() {
        let text = "reportId, title, threatScape, audience, sha256, description, cidr, domain, ip, url, malwareFamily\n\
                    1,A title,x,y,,,198.51.100.0/24,bad.example.com,203.0.113.9,http://example.com/,Family\n\
                    2,\"A, title\",x,y,,,,,,,\n";
        assert_eq!(check(ListFormat::FireEye, text), (3, 1, vec!["Family".into()]));
    }

    #[test]
    fn a_format_that_was_named_needs_its_headings() {
        let (list, problems) =
            crate::parse_list_as(ListFormat::FireEye, b"198.51.100.1\n198.51.100.2\n");
        assert!(list.is_empty());
        assert_eq!(problems.len(), 1);
    }
}
