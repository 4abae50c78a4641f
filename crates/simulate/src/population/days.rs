//! What happens on a day.

use crate::calls::{Api, BROWSER, CLI, call};
use crate::logs::Logs;
use crate::random::Random;
use crate::time::{DAY, HOUR};

use super::Population;
use super::actors::{Actor, PYTHON, STRANGE, Sort, TERRAFORM};
use super::attacks::{Injection, Level};
use super::network::{Kind, Networks};
use super::vocabulary::{CHAINS, GROUPS, Operation, is_global, is_read, operations, services};

/// Regions that people look into by mistake.
const ODD_REGIONS: [&str; 4] = ["us-east-2", "us-west-2", "eu-west-1", "ap-southeast-1"];
/// A Region that nobody works in.
const UNUSED_REGIONS: [&str; 3] = ["sa-east-1", "af-south-1", "me-south-1"];

/// Where and with what somebody works for an hour or two.
struct Session<'a> {
    at: i64,
    secs: i64,
    address: String,
    agent: &'a str,
    region: &'static str,
}

fn chance(random: &mut Random, per_mille: u64) -> bool {
    random.between(0, 1000) < per_mille
}

impl Population {
    /// Plays a day.
    pub(super) fn play(&mut self, midnight: i64, day: i64) -> Logs {
        let mut logs = Logs::new(midnight, DAY);
        let Population { random, networks, actors, injections, .. } = self;
        for actor in actors.iter_mut().filter(|it| it.first_day <= day) {
            match actor.sort {
                Sort::Person => person(&mut logs, actor, networks, midnight, random),
                Sort::Service => service(&mut logs, actor, networks, midnight, random),
                Sort::Pipeline => pipeline(&mut logs, actor, networks, midnight, random),
                Sort::Seasonal => {
                    let every = if actor.number.is_multiple_of(2) { 7 } else { 30 };
                    if day % every == i64::from(actor.number as u32) % every {
                        service(&mut logs, actor, networks, midnight, random);
                    }
                }
                Sort::BreakGlass => {
                    if chance(random, 50) {
                        let session = Session {
                            at: midnight + random.secs(0, 80_000),
                            secs: HOUR,
                            address: networks.address(0, random.bits()),
                            agent: CLI,
                            region: actor.regions[0],
                        };
                        work(&mut logs, actor, &session, 30, random);
                    }
                }
            }
        }
        for it in injections.iter().filter(|it| (midnight..midnight + DAY).contains(&it.at)) {
            if let Some(actor) = actors.get(it.actor) {
                inject(&mut logs, actor, it, networks, random);
            }
        }
        logs
    }
}

fn person(
    logs: &mut Logs,
    actor: &mut Actor,
    networks: &Networks,
    midnight: i64,
    random: &mut Random,
) {
    let is_weekend = (midnight / DAY + 3).rem_euclid(7) >= 5;
    drift(actor, networks, random);
    if is_weekend && !chance(random, 40) || !is_weekend && chance(random, 80) {
        return;
    }
    for _ in 0..actor.pace {
        let late = chance(random, 15);
        let hour = if late { random.secs(10, 15) } else { random.secs(0, 9) };
        let at = midnight + (actor.begins + hour) * HOUR + random.secs(0, 3000);
        let network = match actor.trip {
            Some((_, network)) => network,
            None if chance(random, 30) => random.pick(&networks.of_kind(Kind::Mobile)).unwrap_or(0),
            None => {
                let first = usize::from(chance(random, 300));
                actor.networks.get(first).or(actor.networks.first()).copied().unwrap_or(0)
            }
        };
        let mut number = actor.number * 31 + u64::from(chance(random, 100));
        let mut from = network;
        if actor.has_vpn && chance(random, 150) {
            from = random.pick(&networks.of_kind(Kind::Vpn)).unwrap_or(0);
            number = random.bits();
        }
        let agent = match random.between(0, 1000) {
            0..4 => random.pick(&[CLI, BROWSER, PYTHON, TERRAFORM]).unwrap_or(CLI),
            4..150 => {
                if actor.agent == BROWSER {
                    CLI
                } else {
                    BROWSER
                }
            }
            _ => actor.agent,
        };
        let region = match random.between(0, 1000) {
            0..4 => random.pick(&ODD_REGIONS).unwrap_or("us-east-2"),
            4..200 => actor.regions[1],
            _ => actor.regions[0],
        };
        let session = Session {
            at,
            secs: random.secs(600, 6000),
            address: networks.address(from, number),
            agent,
            region,
        };
        let calls = random.between(4, 22);
        if agent == BROWSER {
            let caller = actor.caller(at, &session.address, agent);
            call(logs, "us-east-1", at, &caller, Api::sign_in(true));
        }
        work(logs, actor, &session, calls, random);
        if let Some(kind) = actor.launches.filter(|_| chance(random, 120)) {
            launch(logs, actor, &session, (kind, "ami-0123456789abcdef0", 1), random);
        }
        objects(logs, actor, &session, random.between(0, 9), random);
    }
}

/// People take up new tasks, move, travel.
fn drift(actor: &mut Actor, networks: &Networks, random: &mut Random) {
    actor.trip = actor.trip.and_then(|(days, network)| (days > 1).then_some((days - 1, network)));
    if actor.trip.is_none() && chance(random, 6) {
        let network = random.pick(&networks.of_kind(Kind::Travel)).unwrap_or(0);
        actor.trip = Some((random.secs(2, 5), network));
    }
    if chance(random, 2) {
        let network = random.pick(&networks.of_kind(Kind::Home)).unwrap_or(0);
        actor.networks.insert(0, network);
    }
    if chance(random, 60) {
        let of = GROUPS.get(actor.group).map_or(&[][..], |it| it.1);
        learn(actor, of, random);
    }
    if chance(random, 12) {
        let all = services();
        learn(actor, &[random.pick(&all).unwrap_or("ec2")], random);
    }
}

/// A new task: some operations of one service.
fn learn(actor: &mut Actor, of: &[&'static str], random: &mut Random) {
    let Some(service) = random.pick(of) else { return };
    let all = operations(service);
    for _ in 0..random.between(1, 4) {
        let at = random.between(0, all.len() as u64) as usize;
        let Some(operation) = all.get(at) else { continue };
        let front = random.between(0, actor.habits.len() as u64 + 1) as usize;
        if !actor.habits.contains(operation) {
            actor.habits.insert(front, operation.clone());
        }
    }
}

/// Calls of a session: what is used most comes first, now and then something of the same services that was not
/// used before, and some calls fail.
fn work(logs: &mut Logs, actor: &Actor, session: &Session<'_>, calls: u64, random: &mut Random) {
    let is_mistaken = chance(random, 8);
    for _ in 0..calls {
        let at = session.at + random.secs(0, session.secs.max(1) as u32);
        let known = actor.habits.len() as u64;
        let rank = random.between(0, known + 1) * random.between(0, known + 1) / (known + 1);
        let Some(mut operation) = actor.habits.get(rank as usize).cloned() else { continue };
        if actor.sort == Sort::Person && chance(random, 4) {
            let near = operations(operation.0);
            let number = random.between(0, near.len() as u64) as usize;
            operation = near.get(number).cloned().unwrap_or(operation);
        }
        let failing = if is_mistaken { 500 } else { 15 };
        one(logs, actor, session, (at, failing), &operation, random);
    }
}

fn one(
    logs: &mut Logs,
    actor: &Actor,
    session: &Session<'_>,
    (at, failing_per_mille): (i64, u64),
    (service, name): &Operation,
    random: &mut Random,
) {
    let caller = actor.caller(session.at / DAY * DAY, &session.address, session.agent);
    let region = if is_global(service) { "us-east-1" } else { session.region };
    let request = format!(r#"{{"n":{}}}"#, random.between(0, 1 << 40));
    let mut api =
        Api { is_data: false, is_read: is_read(name), ..Api::writing(service, name, &request) };
    if chance(random, failing_per_mille) {
        api.error = random
            .pick(&[
                "AccessDenied",
                "AccessDenied",
                "ThrottlingException",
                "ValidationException",
                "ResourceNotFoundException",
            ])
            .unwrap_or("AccessDenied");
    }
    call(logs, region, at, &caller, api);
}

fn launch(
    logs: &mut Logs,
    actor: &Actor,
    session: &Session<'_>,
    (kind, image, count): (&str, &str, u32),
    random: &mut Random,
) {
    let caller = actor.caller(session.at / DAY * DAY, &session.address, session.agent);
    let request = format!(
        r#"{{"instancesSet":{{"items":[{{"imageId":"{image}","minCount":{count},"maxCount":{count}}}]}},"instanceType":"{kind}"}}"#
    );
    let at = session.at + random.secs(0, 600);
    call(logs, session.region, at, &caller, Api::writing("ec2", "RunInstances", &request));
}

fn objects(logs: &mut Logs, actor: &Actor, session: &Session<'_>, calls: u64, random: &mut Random) {
    for _ in 0..if actor.buckets.is_empty() { 0 } else { calls } {
        let number = random.between(0, actor.buckets.len() as u64) as usize;
        let Some(bucket) = actor.buckets.get(number) else { continue };
        read(logs, actor, session, bucket, random);
    }
}

fn read(logs: &mut Logs, actor: &Actor, session: &Session<'_>, bucket: &str, random: &mut Random) {
    let caller = actor.caller(session.at / DAY * DAY, &session.address, session.agent);
    let name = random.pick(&["GetObject", "GetObject", "GetObject", "PutObject", "ListObjects"]);
    let name = name.unwrap_or("GetObject");
    let request =
        format!(r#"{{"bucketName":"{bucket}","key":"data/{}"}}"#, random.between(0, 1 << 30));
    let at = session.at + random.secs(0, session.secs.max(1) as u32);
    let api = Api { is_read: name != "PutObject", ..Api::new("s3", name, &request) };
    call(logs, session.region, at, &caller, api);
}

fn service(
    logs: &mut Logs,
    actor: &mut Actor,
    networks: &Networks,
    midnight: i64,
    random: &mut Random,
) {
    // A new version does something new.
    if chance(random, 8) {
        let of: Vec<&'static str> = actor.habits.iter().map(|it| it.0).collect();
        learn(actor, &of, random);
    }
    let network = actor.networks.first().copied().unwrap_or(0);
    let step = if actor.sort == Sort::Seasonal { 2 } else { 1 + actor.number as i64 % 3 };
    for hour in (0..24).step_by(step as usize) {
        let session = Session {
            at: midnight + hour * HOUR,
            secs: 3500,
            address: networks.address(network, actor.number),
            agent: actor.agent,
            region: actor.regions[usize::from(actor.number.is_multiple_of(4))],
        };
        work(logs, actor, &session, random.between(1, 5), random);
        objects(logs, actor, &session, random.between(0, 4), random);
    }
}

fn pipeline(
    logs: &mut Logs,
    actor: &mut Actor,
    networks: &Networks,
    midnight: i64,
    random: &mut Random,
) {
    if chance(random, 150) {
        let of: Vec<&'static str> = actor.habits.iter().map(|it| it.0).collect();
        learn(actor, &of, random);
    }
    let is_weekend = (midnight / DAY + 3).rem_euclid(7) >= 5;
    let runs = if is_weekend { random.between(0, 2) } else { random.between(1, 6) };
    for _ in 0..runs {
        let network = actor.networks.first().copied().unwrap_or(0);
        let session = Session {
            at: midnight + 7 * HOUR + random.secs(0, 50_000),
            secs: 900,
            address: networks.address(network, random.bits()),
            agent: actor.agent,
            region: actor.regions[usize::from(chance(random, 300))],
        };
        work(logs, actor, &session, random.between(20, 90), random);
        if let Some(kind) = actor.launches.filter(|_| chance(random, 300)) {
            // Each release has an image of its own.
            let image = format!("ami-{:017x}", random.between(0, 1 << 60));
            launch(logs, actor, &session, (kind, &image, 2), random);
        }
    }
}

/// An attack.
fn inject(
    logs: &mut Logs,
    actor: &Actor,
    it: &Injection,
    networks: &Networks,
    random: &mut Random,
) {
    let usual = actor.networks.first().copied().unwrap_or(0);
    let network = match it.level {
        Level::Noisy | Level::CredOnly => random.pick(&networks.of_kind(Kind::Hosting)),
        Level::Medium => {
            let others: Vec<usize> = networks
                .of_kind(Kind::Home)
                .into_iter()
                .filter(|it| !actor.networks.contains(it))
                .collect();
            random.pick(&others)
        }
        Level::Country => random.pick(&networks.far_away()),
        Level::Anonymizing => random.pick(&networks.of_kind(Kind::Vpn)),
        _ => Some(usual),
    };
    let network = network.unwrap_or(usual);
    let is_usual = network == usual;
    let number = if is_usual { actor.number * 31 } else { random.bits() };
    let agent = match it.level {
        Level::Noisy => random.pick(&STRANGE).unwrap_or(CLI),
        _ => actor.agent,
    };
    let region = match it.level {
        Level::Region => random.pick(&UNUSED_REGIONS).unwrap_or("sa-east-1"),
        _ => actor.regions[0],
    };
    let address = networks.address(network, number);
    let session = Session { at: it.at, secs: 1500, address, agent, region };
    match it.level {
        Level::Noisy | Level::Medium | Level::Inplace => {
            let chains = CHAINS.len();
            let calls = [it.chain, it.chain + 5].map(|it| CHAINS.get(it % chains).copied());
            let count = if it.level == Level::Inplace { 1 } else { 2 };
            for (service, name) in calls.into_iter().take(count).flatten().flatten() {
                let at = it.at + random.secs(0, 1500);
                let operation = (*service, (*name).to_owned());
                one(logs, actor, &session, (at, 100), &operation, random);
            }
            if it.level == Level::Inplace {
                work(logs, actor, &session, 5, random);
            }
        }
        Level::Launch => {
            launch(logs, actor, &session, ("p4d.24xlarge", "ami-0fedcba9876543210", 16), random);
        }
        Level::Bucket => {
            for _ in 0..8 {
                read(logs, actor, &session, &format!("example-vault-{}", it.actor % 3), random);
            }
        }
        Level::Failures => {
            for _ in 0..random.between(25, 60) {
                let at = it.at + random.secs(0, 1500);
                let rank = random.between(0, actor.habits.len() as u64) as usize;
                if let Some(operation) = actor.habits.get(rank) {
                    one(logs, actor, &session, (at, 1000), operation, random);
                }
            }
        }
        _ => {
            // What the identity does anyway, the most usual calls.
            let habits: Vec<&Operation> = actor
                .habits
                .iter()
                .filter(|habit| it.level != Level::Region || !is_global(habit.0))
                .collect();
            for _ in 0..8 {
                let at = it.at + random.secs(0, 1500);
                let most = (habits.len() as u64 / 3).max(1);
                if let Some(operation) = habits.get(random.between(0, most) as usize) {
                    one(logs, actor, &session, (at, 15), operation, random);
                }
            }
        }
    }
}
