//! Lines of Route 53 Resolver query logs.

use crate::rng::Rng;
use crate::text::Text;
use crate::world::{Place, REGIONS, World};

/// AWS endpoints that instances ask for.
const SERVICES: [&str; 10] =
    ["s3", "sts", "kms", "ssm", "ec2", "logs", "monitoring", "dynamodb", "sqs", "ecr.api"];

/// One query.
#[derive(Debug)]
pub(crate) struct Query<'a> {
    pub instance: u64,
    /// Without the final dot.
    pub name: &'a [u8],
    pub kind: &'a str,
    pub rcode: &'a str,
    pub answers: u64,
}

/// Appends a query of an instance of the account.
pub(crate) fn write(out: &mut Text, world: &World, place: Place, query: &Query, rng: &mut Rng) {
    out.push(r#"{"version":"1.100000","account_id":""#).num(world.account(place.account));
    out.push(r#"","region":""#).push(REGIONS[place.region].0);
    out.push(r#"","vpc_id":"vpc-"#).hex(world.vpc(place.account, place.region), 17);
    out.push(r#"","query_timestamp":""#).time(place.time);
    out.push(r#"","query_name":""#).bytes(query.name);
    out.push(r#".","query_type":""#).push(query.kind);
    out.push(r#"","query_class":"IN","rcode":""#).push(query.rcode);
    out.push(r#"","answers":["#);
    for n in 0..query.answers {
        if n > 0 {
            out.push(",");
        }
        answer(out, world, query.kind, rng);
    }
    out.push(r#"],"srcaddr":""#).ip(world.instance_ip(query.instance));
    out.push(r#"","srcport":""#).num(32_768 + rng.below(28_000));
    out.push(r#"","transport":"UDP","srcids":{"instance":"i-"#);
    out.hex(world.instance_id(query.instance), 17).push("\"}}\n");
}

fn answer(out: &mut Text, world: &World, kind: &str, rng: &mut Rng) {
    out.push(r#"{"Rdata":""#);
    if kind == "AAAA" {
        out.push("2600:1f18:").hex(rng.next(), 4).push(":").hex(rng.next(), 4);
        out.push("::").hex(rng.next(), 3);
    } else {
        out.ip(world.remote_ip(rng.zipf(world.remotes, 1.0)));
    }
    out.push(r#"","Type":""#).push(kind).push(r#"","Class":"IN"}"#);
}

/// Appends one ordinary query of an instance of the account.
pub(crate) fn background(out: &mut Text, world: &World, place: Place, rng: &mut Rng) {
    let instance = rng.zipf(world.instances_per_account(), 0.9) * world.accounts + place.account;
    let mut name = Text::with_capacity(64);
    let mut kind = match rng.chance(0.78) {
        true => "A",
        false if rng.chance(0.85) => "AAAA",
        false => "PTR",
    };
    let mut answers = 1 + rng.below(4);
    match rng.below(100) {
        0..=34 => {
            name.push(rng.pick(&SERVICES)).push(".").push(REGIONS[place.region].0);
            name.push(".amazonaws.com");
        }
        35..=44 => {
            name.push("ip-10-").num(rng.below(255)).push("-").num(rng.below(255));
            name.push("-7.ec2.internal");
            (kind, answers) = ("A", 1);
        }
        _ => world.domain(rng.zipf(world.domains, 1.0), &mut name),
    }
    if kind == "PTR" {
        name.clear();
        name.num(rng.below(255)).push(".").num(rng.below(255)).push(".0.10.in-addr.arpa");
        answers = 0;
    }
    let mut rcode = "NOERROR";
    if rng.chance(0.06) {
        (rcode, answers) = ("NXDOMAIN", 0);
    }
    let query = Query { instance, name: name.as_bytes(), kind, rcode, answers };
    write(out, world, place, &query, rng);
}
