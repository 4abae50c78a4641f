//! A made-up network whose hosts ask a resolver: one line of a Route 53 Resolver query log for each query.

use std::fmt::Write;

use crate::dga::{Rng, Words};

/// 2026-06-01T00:00:00Z, a Monday.
pub(super) const START: i64 = 1_780_272_000;
pub(super) const HOUR: i64 = 3600;

/// A host and what it writes.
pub(super) struct Host<'a> {
    pub(super) number: usize,
    /// The hour that is written, since the start.
    pub(super) hour: i64,
    pub(super) rng: Rng,
    pub(super) words: &'a Words,
    out: &'a mut Vec<(i64, String)>,
}

/// What a query asks and gets.
#[derive(Clone, Copy)]
pub(super) struct Ask<'a> {
    pub(super) name: &'a str,
    pub(super) kind: &'a str,
    pub(super) exists: bool,
}

impl<'a> Host<'a> {
    pub(super) fn new(
        number: usize,
        hour: i64,
        seed: u64,
        words: &'a Words,
        out: &'a mut Vec<(i64, String)>,
    ) -> Host<'a> {
        let rng = Rng::named(
            seed ^ (hour as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15),
            &number.to_string(),
        );
        Host { number, hour, rng, words, out }
    }

    /// Whether something happens that happens so often in a thousand hours.
    pub(super) fn happens(&mut self, per_mille: usize) -> bool {
        self.rng.below(1000) < per_mille
    }

    /// Seconds of the hour, by chance.
    pub(super) fn any_second(&mut self) -> f64 {
        self.rng.below(3600) as f64
    }

    /// A query for addresses that exists.
    pub(super) fn query(&mut self, name: &str) {
        let at = self.any_second();
        self.ask(at, Ask { name, kind: "A", exists: true });
    }

    /// A query for a name that does not exist.
    pub(super) fn miss(&mut self, name: &str) {
        let at = self.any_second();
        self.ask(at, Ask { name, kind: "A", exists: false });
    }

    /// A query so many seconds after the hour began.
    pub(super) fn ask(&mut self, secs: f64, ask: Ask<'_>) {
        let at = START + self.hour * HOUR + secs as i64;
        let (rcode, answers) = match (ask.exists, ask.kind) {
            (false, _) => ("NXDOMAIN", String::new()),
            (true, "A") => {
                ("NOERROR", r#"{"Rdata":"198.51.100.7","Type":"A","Class":"IN"}"#.to_owned())
            }
            (true, kind) => {
                ("NOERROR", format!(r#"{{"Rdata":"ok","Type":"{kind}","Class":"IN"}}"#))
            }
        };
        let mut line = String::with_capacity(400);
        _ = writeln!(
            line,
            r#"{{"version":"1.100000","account_id":"111122223333","region":"us-east-1","vpc_id":"vpc-0a1b2c3d4e5f60718","query_timestamp":"{}","query_name":"{}.","query_type":"{}","query_class":"IN","rcode":"{rcode}","answers":[{answers}],"srcaddr":"10.{}.{}.{}","srcport":"41234","transport":"UDP","srcids":{{"instance":"{}"}}}}"#,
            simulate::time::time(at),
            ask.name,
            ask.kind,
            self.number >> 16,
            (self.number >> 8) & 255,
            self.number & 255,
            instance(self.number)
        );
        self.out.push((at, line));
    }

    /// Signs by chance.
    pub(super) fn signs(&mut self, of: &[u8], length: usize) -> String {
        (0..length).map(|_| char::from(of[self.rng.below(of.len())])).collect()
    }

    pub(super) fn hex(&mut self, length: usize) -> String {
        self.signs(b"0123456789abcdef", length)
    }

    pub(super) fn base32(&mut self, length: usize) -> String {
        self.signs(b"abcdefghijklmnopqrstuvwxyz234567", length)
    }

    pub(super) fn base64(&mut self, length: usize) -> String {
        let signs = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        self.signs(signs, length)
    }

    pub(super) fn word(&mut self) -> &'a str {
        let at = self.rng.below(self.words.0.len());
        &self.words.0[at]
    }
}

/// The instance of a host.
pub(super) fn instance(number: usize) -> String {
    format!("i-{number:017x}")
}
