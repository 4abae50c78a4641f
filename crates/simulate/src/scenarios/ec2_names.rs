//! Names that carry data, and names that algorithms make.

use crate::logs::Query;
use crate::scenarios::Scenario;
use crate::stage::Stage;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario::of(
        "Trojan:EC2/DGADomainRequest.B",
        "An instance asks for twenty names of letters by chance, until one exists.",
        |stage| {
            let host = stage.host();
            for number in 0..20 {
                let length = stage.random.between(12, 18);
                let label = signs(stage, b"abcdefghijklmnopqrstuvwxy", length);
                stage.query(stage.at(number * 5), &host, &format!("{label}.com"), &[]);
            }
            let address = stage.stranger();
            stage.query(stage.at(100), &host, "rvqxkdwnbtmhye.com", &[&address]);
            stage.expect_instance(&host);
        },
    ),
    Scenario::of(
        "Trojan:EC2/DNSDataExfiltration",
        "An instance puts a file of six kilobytes into names below one domain.",
        |stage| {
            let (host, domain) = (stage.host(), stage.domain());
            for number in 0..200 {
                let name = format!("{}.{}.{domain}", hex(stage, 6), hex(stage, 60));
                let at = stage.at(number * 3);
                let answers = [("TXT", "\"ok\"")];
                stage.ask(
                    &host,
                    &Query { at, name: &name, kind: "TXT", rcode: "NOERROR", answers: &answers },
                );
            }
            stage.expect_instance(&host);
        },
    ),
];

/// Prepared names as the tester asks for them: two to four labels of up to 63 letters and digits.
pub(super) fn prepared_names(stage: &mut Stage<'_>, domain: &str, count: i64) {
    const SIGNS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let host = stage.host();
    for number in 0..count {
        let labels: Vec<String> = (0..stage.random.between(2, 5))
            .map(|_| {
                let length = stage.random.between(40, 56);
                signs(stage, SIGNS, length)
            })
            .collect();
        let name = format!("{}.{domain}", labels.join("."));
        stage.query(stage.at(number / 8), &host, &name, &[]);
    }
    stage.expect_instance(&host);
}

fn hex(stage: &mut Stage<'_>, length: u64) -> String {
    signs(stage, b"0123456789abcdef", length)
}

/// So many of the signs, by chance.
fn signs(stage: &mut Stage<'_>, of: &[u8], length: u64) -> String {
    (0..length).filter_map(|_| stage.random.pick(of)).map(char::from).collect()
}
