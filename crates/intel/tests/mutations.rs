//! Lists of every format, cut, overwritten, doubled and mixed at random: reading ends, keeps its bounds and
//! counts what it refuses.

use intel::{ListFormat, parse_list, parse_list_as};

/// Lists altered per format.
const ROUNDS: usize = 3000;

const TXT: &str = "# a list\n192.0.2.1\n198.51.100.0/24\n203.0.113.1-203.0.113.9\n2001:db8::/32\nexample.com\n\
    *.example.org\n0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a\n";
const CSV: &str = "first_seen,dst_ip,malware\n2026-01-01,198.51.100.1:443,\"Some, \"\"bot\"\"\"\n2026-01-02,192.0.2.1,x\n";
const STIX_1: &str = "<?xml version=\"1.0\"?>\n<stix:STIX_Package version=\"1.2\"><!-- x --><stix:Indicator>\
    <indicator:Title>A &amp; B</indicator:Title><cybox:Properties xsi:type=\"AddressObj:AddressObjectType\">\
    <AddressObj:Address_Value condition=\"InclusiveBetween\">192.0.2.0##comma##192.0.2.9</AddressObj:Address_Value>\
    </cybox:Properties></stix:Indicator><cybox:Properties xsi:type='DomainNameObj:DomainNameObjectType'>\
    <DomainNameObj:Value><![CDATA[example.com]]></DomainNameObj:Value></cybox:Properties></stix:STIX_Package>";
const STIX_2: &str = "{\"type\":\"bundle\",\"objects\":[{\"type\":\"indicator\",\"name\":\"x\",\"pattern\":\
    \"[ipv4-addr:value = '198.51.100.1' OR file:hashes.'SHA-256' IN ('0a', '0b')]\",\"revoked\":false},\
    {\"type\":\"observed-data\",\"objects\":{\"0\":{\"type\":\"domain-name\",\"value\":\"example.com\"}}},\
    {\"type\":\"file\",\"hashes\":{\"SHA-256\":\"0a0a\"}}]}";
const OTX: &str = "Indicator type, Indicator, Description\nCIDR, 192.0.2.0/24, example\nDomain name, example.net, \"a, b\"\n";
const ALIEN: &str =
    "198.51.100.1#4#2#Malicious Host#KR##37.51,126.97#3\n192.0.2.1#4#2#Scanning Host#KR##1,1#3\n";
const PROOF: &str = "ip, category, score, first_seen, last_seen, ports (|)\n203.0.113.1, 1, 100, 2000-01-01, 2000-01-01, 80|443\n";
const EYE: &str = "reportId, title, threatScape, sha256, cidr, domain, ip, malwareFamily\n1,A,x,,198.51.100.0/24,example.com,203.0.113.9,F\n";

const SAMPLES: [(ListFormat, &str); 8] = [
    (ListFormat::Txt, TXT),
    (ListFormat::Csv, CSV),
    (ListFormat::Stix, STIX_1),
    (ListFormat::Stix, STIX_2),
    (ListFormat::OtxCsv, OTX),
    (ListFormat::AlienVault, ALIEN),
    (ListFormat::ProofPoint, PROOF),
    (ListFormat::FireEye, EYE),
];

/// What is written over bytes: what separates, quotes, opens and closes in some format.
const PIECES: [&[u8]; 24] = [
    b"\n",
    b"\r\n",
    b",",
    b"#",
    b";",
    b"|",
    b"\t",
    b"\"",
    b"'",
    b"<",
    b">",
    b"</a>",
    b"<a b='",
    b"<![CDATA[",
    b"<!--",
    b"&#x110000;",
    b"{",
    b"}",
    b"[",
    b"]",
    b"\\",
    b"\0",
    b"\xff\xfe",
    b"##comma##",
];

/// `SplitMix64` (<https://prng.di.unimi.it/splitmix64.c>): the same numbers in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ mixed >> 31) % end.max(1) as u64) as usize
    }

    /// Alters a list in one to six places.
    fn mutated(&mut self, text: &[u8]) -> Vec<u8> {
        let mut bytes = text.to_vec();
        for _ in 0..=self.below(6) {
            let at = self.below(bytes.len() + 1);
            let end = (at + self.below(40)).min(bytes.len());
            match self.below(6) {
                0 => bytes.truncate(at),
                1 => drop(bytes.drain(at..end)),
                2 => drop(bytes.splice(at..end, PIECES[self.below(PIECES.len())].iter().copied())),
                3 => {
                    let part = bytes[at..end].repeat(1 + self.below(20));
                    drop(bytes.splice(at..at, part));
                }
                4 => {
                    let other = SAMPLES[self.below(SAMPLES.len())].1.as_bytes();
                    let from = self.below(other.len());
                    drop(bytes.splice(at..at, other[from..].iter().copied()));
                }
                _ if at < bytes.len() => bytes[at] = self.below(256) as u8,
                _ => bytes.push(self.below(256) as u8),
            }
        }
        bytes
    }
}

#[test]
fn every_sample_is_told_by_its_content_and_read_whole() {
    for (format, text) in SAMPLES {
        assert_eq!(ListFormat::detect("list", text.as_bytes()), format, "{text}");
        let (list, _) = parse_list("list", text.as_bytes());
        assert!(!list.is_empty(), "{text}");
    }
}

#[test]
fn altered_lists_are_read_within_bounds() {
    for (number, (format, text)) in SAMPLES.into_iter().enumerate() {
        let mut numbers = Numbers(number as u64);
        for round in 0..ROUNDS {
            let bytes = numbers.mutated(text.as_bytes());
            for (list, problems) in [parse_list("list", &bytes), parse_list_as(format, &bytes)] {
                // No byte gives more than one entry or problem.
                assert!(list.len() + list.refused <= bytes.len() as u64 + 1, "{format} {round}");
                assert_eq!(list.causes.values().sum::<u64>(), list.refused, "{format} {round}");
                assert!(problems.len() as u64 <= list.refused.min(100), "{format} {round}");
                assert!(problems.iter().all(|it| !it.text.contains(char::is_control)));
            }
        }
    }
}

#[test]
fn reading_twice_gives_the_same() {
    for (number, (_, text)) in SAMPLES.into_iter().enumerate() {
        let mut numbers = Numbers(100 + number as u64);
        for _ in 0..100 {
            let bytes = numbers.mutated(text.as_bytes());
            let (first, second) = (parse_list("list", &bytes), parse_list("list", &bytes));
            assert_eq!(first.0.content_hash(), second.0.content_hash());
            assert_eq!(first.1, second.1);
        }
    }
}
