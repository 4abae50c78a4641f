//! Optional attacks, each in a file of its own, so that the ordinary files stay as they are.

mod calls;
mod network;

use crate::cloudtrail::CloudTrail;
use crate::jobs;
use crate::object::{Object, Source};
use crate::rng::{Rng, mix};
use crate::text::Text;
use crate::world::{Place, REGIONS, World, public_ip};
use std::net::Ipv4Addr;

/// The attacks; the place in the list seeds an attack.
const NAMES: [&str; 12] = [
    "portscan",
    "sshbrute",
    "beacon",
    "exfil",
    "mining",
    "dga",
    "dnstunnel",
    "c2domain",
    "logging-off",
    "recon",
    "stolen-instance-role",
    "root-use",
];

/// A file that holds an attack.
#[derive(Debug)]
pub(crate) struct Attack {
    /// One of the names above.
    pub name: &'static str,
    /// Records of the attack.
    pub records: u64,
    /// The whole file before compression.
    pub body: Vec<u8>,
    /// What is true: who, when, from where, as one JSON object.
    pub truth: String,
    source: Source,
    place: Place,
}

/// Who is attacked, from where and when.
struct Scene<'a> {
    world: &'a World,
    place: Place,
    instance: u64,
    peer: u32,
}

/// The records of an attack.
struct Script {
    source: Source,
    records: u64,
    /// Members of the truth that say who.
    subject: String,
}

impl Attack {
    /// Where the file goes.
    pub(crate) fn object(&self) -> Object {
        let unique = mix(self.place.time as u64);
        Object { source: self.source, place: self.place, unique }
    }
}

/// Builds the wanted attacks: `all` or names with commas.
pub(crate) fn build(world: &World, wanted: &str) -> Vec<Attack> {
    let cloudtrail = CloudTrail::new(world);
    let is_wanted = |name: &str| wanted == "all" || wanted.split(',').any(|it| it == name);
    let names = NAMES.into_iter().enumerate().filter(|(_, name)| is_wanted(name));
    names.map(|(n, name)| attack(world, &cloudtrail, n as u64, name)).collect()
}

fn attack(world: &World, cloudtrail: &CloudTrail, n: u64, name: &'static str) -> Attack {
    let mut rng = Rng::new(world.seed, 900, n);
    let account = rng.below(world.accounts);
    let instance = rng.below(world.instances_per_account()) * world.accounts + account;
    let region = world.instance_region(instance);
    let offset = (world.seconds as f64 * (0.3 + 0.4 * rng.unit())) as i64;
    let place = Place { account, region, time: world.start + offset };
    let scene = Scene { world, place, instance, peer: public_ip(rng.next()) };
    let source = source_of(name);
    let mut body = Text::default();
    jobs::open(&mut body, source);
    let script = match source {
        Source::CloudTrail => calls::write(&mut body, &scene, cloudtrail, name, &mut rng),
        Source::Flow | Source::Dns => network::write(&mut body, &scene, name, &mut rng),
    };
    jobs::close(&mut body, source);
    let truth = format!(
        r#"{{"scenario":"{name}","start":{},"peer":"{}","region":"{}","records":{},{}}}"#,
        place.time,
        Ipv4Addr::from(scene.peer),
        REGIONS[region].0,
        script.records,
        script.subject
    );
    let body = body.as_bytes().to_vec();
    Attack { name, records: script.records, body, truth, source: script.source, place }
}

fn source_of(name: &str) -> Source {
    match name {
        "portscan" | "sshbrute" | "beacon" | "exfil" | "mining" => Source::Flow,
        "dga" | "dnstunnel" | "c2domain" => Source::Dns,
        _ => Source::CloudTrail,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;

    #[test]
    fn every_attack_has_records_and_a_truth() {
        let args = ["--out", "unused"].map(str::to_owned);
        let world = Options::parse(&args).unwrap().world;
        let attacks = build(&world, "all");
        assert_eq!(attacks.len(), NAMES.len());
        for attack in attacks {
            assert!(attack.records > 0 && attack.body.len() > 100, "{}", attack.name);
            assert!(attack.truth.contains(&format!(r#""records":{},"account":""#, attack.records)));
        }
        assert_eq!(build(&world, "beacon,dga").len(), 2);
    }
}
