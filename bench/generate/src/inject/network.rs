//! Attacks that show in flow and query logs.

use super::{Scene, Script, source_of};
use crate::dns::{self, Query};
use crate::flow::{self, Flow};
use crate::object::Source;
use crate::rng::Rng;
use crate::text::Text;
use crate::world::{Place, World};
use std::net::Ipv4Addr;

/// Appends the records of an attack on or by the instance of the scene.
pub(super) fn write(out: &mut Text, scene: &Scene, name: &str, rng: &mut Rng) -> Script {
    let world = scene.world;
    let source = source_of(name);
    let records = match source {
        Source::Flow => flows(out, scene, name, rng),
        _ => queries(out, scene, name, rng),
    };
    let subject = format!(
        r#""account":"{}","instance":"i-{:017x}","address":"{}""#,
        world.account(scene.place.account),
        world.instance_id(scene.instance),
        Ipv4Addr::from(world.instance_ip(scene.instance))
    );
    Script { source, records, subject }
}

fn flows(out: &mut Text, scene: &Scene, name: &str, rng: &mut Rng) -> u64 {
    let world = scene.world;
    let account = world.account(scene.place.account);
    let first = scene.place.time;
    let base = Flow {
        instance: scene.instance,
        src: world.instance_ip(scene.instance),
        dst: scene.peer,
        src_port: 0,
        dst_port: 0,
        protocol: 6,
        packets: 1,
        bytes: 40,
        start: first,
        end: first + 10,
        is_accepted: true,
    };
    let (mut records, mut start) = (0, first);
    while let Some((flow, pause)) = step(name, world, base, (records, start), rng) {
        flow::write(out, world, account, &flow);
        records += 1;
        start += pause;
    }
    records
}

/// The `n`-th record of an attack and the seconds until the next, or nothing at its end.
fn step(
    name: &str,
    world: &World,
    base: Flow,
    (n, start): (u64, i64),
    rng: &mut Rng,
) -> Option<(Flow, i64)> {
    let inbound = Flow { src: base.dst, dst: base.src, ..base };
    let minute = Flow { start, end: start + 59, ..base };
    match name {
        "portscan" => (n < 2000).then(|| {
            let start = base.start + n as i64 / 7;
            let src_port = 40_000 + rng.below(9000) as u16;
            let dst_port = 1 + (n * 31 % 65_000) as u16;
            let is_accepted = false;
            (Flow { src_port, dst_port, start, end: start + 1, is_accepted, ..inbound }, 0)
        }),
        "sshbrute" => (n < 600).then(|| {
            let src_port = 40_000 + rng.below(9000) as u16;
            let (packets, bytes) = (18 + rng.below(5), 3000 + rng.below(900));
            let end = start + 3;
            (Flow { src_port, dst_port: 22, packets, bytes, start, end, ..inbound }, 4)
        }),
        "beacon" => (start < world.start + world.seconds && n < 500).then(|| {
            let src_port = 33_000 + rng.below(9000) as u16;
            let (packets, bytes) = (9 + rng.below(2), 1180 + rng.below(40));
            let flow =
                Flow { src_port, dst_port: 443, packets, bytes, start, end: start + 1, ..base };
            (flow, 57 + rng.below(7) as i64)
        }),
        "exfil" => (n < 120).then(|| {
            let bytes = 560_000_000 + rng.below(9_000_000);
            (Flow { src_port: 51_000, dst_port: 443, packets: 400_000, bytes, ..minute }, 60)
        }),
        "mining" => (n < 240).then(|| {
            let bytes = 4000 + rng.below(500);
            (Flow { src_port: 52_000, dst_port: 3333, packets: 30, bytes, ..minute }, 60)
        }),
        _ => None,
    }
}

fn queries(out: &mut Text, scene: &Scene, name: &str, rng: &mut Rng) -> u64 {
    let records = match name {
        "dga" => 500,
        "dnstunnel" => 3000,
        _ => 20,
    };
    let instance = scene.instance;
    for n in 0..records {
        let mut asked = Text::default();
        let (kind, rcode, answers, delay) = match name {
            "dga" => {
                let length = 12 + rng.below(8);
                letters(&mut asked, b"abcdefghijklmnopqrstuvwxyz", length, rng);
                asked.push(".info");
                let is_known = rng.chance(0.01);
                ("A", if is_known { "NOERROR" } else { "NXDOMAIN" }, u64::from(is_known), n)
            }
            "dnstunnel" => {
                for _ in 0..3 {
                    letters(&mut asked, b"abcdefghijklmnopqrstuvwxyz234567", 50, rng);
                    asked.push(".");
                }
                asked.push("t.exfil-zone.net");
                ("TXT", "NOERROR", 0, n / 5)
            }
            _ => {
                asked.push("bad000007.malware-c2.example");
                ("A", "NOERROR", 1, n * 300)
            }
        };
        let place = Place { time: scene.place.time + delay as i64, ..scene.place };
        let query = Query { instance, name: asked.as_bytes(), kind, rcode, answers };
        dns::write(out, scene.world, place, &query, rng);
    }
    records
}

fn letters(out: &mut Text, alphabet: &[u8], count: u64, rng: &mut Rng) {
    for _ in 0..count {
        out.bytes(&[rng.pick(alphabet)]);
    }
}
