//! What hosts ask for where nothing is wrong.

use super::world::{Ask, Host};

/// A kind of host.
pub(super) struct Profile {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) hour: fn(&mut Host<'_>),
}

pub(super) const PROFILES: &[Profile] = &[
    Profile {
        name: "workstation",
        about: "browsing, content networks, typing errors, probes of a browser, dead telemetry",
        hour: workstation,
    },
    Profile {
        name: "web server",
        about: "few names of its own, reversed addresses",
        hour: web_server,
    },
    Profile {
        name: "build server",
        about: "registries, storage with hashes in names",
        hour: builds,
    },
    Profile {
        name: "Kubernetes node",
        about: "every name with each ending of the search list",
        hour: kubernetes,
    },
    Profile {
        name: "mail server",
        about: "block lists, keys of senders, senders that do not exist, a quarter of them made at random",
        hour: mail,
    },
    Profile {
        name: "antivirus client",
        about: "hashes below well-known services and UUIDs below an agent's domain",
        hour: antivirus,
    },
    Profile {
        name: "client of an unknown service",
        about: "hashes below a domain that no list names; many hosts do it from the first hour on",
        hour: unknown_service,
    },
];

const DEAD: [&str; 6] = [
    "qx7f3k9pl2tz.com",
    "telemetry-old-product.com",
    "zkwvbnrtqpl.net",
    "update.oldvendor-legacy.net",
    "b81f2ac94e7d.info",
    "stats.closed-startup.io",
];

/// An ordinary site of the network's world: the same for all hosts.
fn site(host: &mut Host<'_>) -> String {
    let (a, b) = (host.word(), host.word());
    format!("{a}{b}.com")
}

fn typo(host: &mut Host<'_>) -> String {
    let mut name = format!("{}{}", host.word(), host.word()).into_bytes();
    let at = host.rng.below(name.len() - 1);
    match host.rng.below(3) {
        0 => name.swap(at, at + 1),
        1 => drop(name.remove(at)),
        _ => name.insert(at, name[at]),
    }
    String::from_utf8_lossy(&name).into_owned() + ".com"
}

fn workstation(host: &mut Host<'_>) {
    for _ in 0..4 {
        let name = format!("www.{}", site(host));
        host.query(&name);
    }
    let shard = host.rng.below(40);
    host.query(&format!("r{shard}---sn-{:08x}.video-content.net", shard * 7_654_321));
    let asset = host.rng.below(60);
    host.query(&format!(
        "{:032x}.assets-delivery.net",
        (asset as u128 + 3) * 0x1234_5678_9abc_def1_2345_6789
    ));
    if host.happens(80) {
        let name = typo(host);
        host.miss(&name);
    }
    if host.hour % 24 == 8 {
        for _ in 0..3 {
            let length = host.rng.within(7, 15);
            let probe = host.signs(b"abcdefghijklmnopqrstuvwxyz", length);
            host.miss(&probe);
            host.miss(&format!("{probe}.corp.internal"));
            host.miss(&format!("{probe}.office.example.com"));
        }
    }
    if host.happens(150) {
        let at = host.rng.below(DEAD.len());
        host.miss(DEAD[at]);
    }
}

fn web_server(host: &mut Host<'_>) {
    let number = host.number;
    host.query("mydb.c9akciq32.eu-west-1.rds.amazonaws.com");
    host.query(&format!("internal-front-{number:010}.eu-west-1.elb.amazonaws.com"));
    for _ in 0..2 {
        let name = format!("{}.{}.0.10.in-addr.arpa", host.rng.below(255), host.rng.below(255));
        let at = host.any_second();
        host.ask(at, Ask { name: &name, kind: "PTR", exists: false });
    }
    if host.happens(20) {
        let name = site(host);
        host.miss(&name);
    }
}

fn builds(host: &mut Host<'_>) {
    for _ in 0..2 {
        let bucket = host.rng.below(300);
        host.query(&format!(
            "{:032x}.storage-objects.net",
            (bucket as u128 + 5) * 0xfedc_ba98_7654_3210_0123
        ));
        let name = format!("{}.registry.example.org", host.word());
        host.query(&name);
    }
    if host.happens(50) {
        let name = format!("{}-{}.io", host.word(), host.word());
        host.miss(&name);
    }
}

fn kubernetes(host: &mut Host<'_>) {
    for _ in 0..2 {
        let name = if host.rng.below(2) == 0 {
            format!("{}-{}-production", host.word(), host.word())
        } else {
            format!("api.{}", site(host))
        };
        for ending in
            ["default.svc.cluster.local", "svc.cluster.local", "cluster.local", "ec2.internal"]
        {
            host.miss(&format!("{name}.{ending}"));
        }
        host.query(&name);
    }
}

fn mail(host: &mut Host<'_>) {
    for _ in 0..6 {
        let address = [(); 4].map(|()| host.rng.below(255).to_string()).join(".");
        host.miss(&format!("{address}.zen.spamhaus.org"));
        let sender = site(host);
        let name = format!("selector{}._domainkey.{sender}", host.rng.below(3));
        let at = host.any_second();
        host.ask(at, Ask { name: &name, kind: "TXT", exists: true });
        let hash = host.hex(32);
        host.query(&format!("{hash}.hash.surbl.org"));
    }
    if host.happens(700) {
        let name = if host.rng.below(4) == 0 {
            let length = host.rng.within(7, 12);
            host.signs(b"abcdefghijklmnopqrstuvwxyz", length) + ".com"
        } else {
            site(host)
        };
        host.miss(&name);
    }
}

fn antivirus(host: &mut Host<'_>) {
    for _ in 0..8 {
        let (a, b) = (host.hex(26), host.hex(26));
        host.query(&format!("{a}.{b}.avts.mcafee.com"));
        let hash = host.base32(40);
        host.query(&format!("{hash}.p.e5.sk"));
    }
    let uuid = [8, 4, 4, 4, 12].map(|it| host.hex(it)).join("-");
    host.query(&format!("{uuid}.collect.agent-telemetry.io"));
}

fn unknown_service(host: &mut Host<'_>) {
    for _ in 0..30 {
        let (a, b) = (host.hex(32), host.hex(32));
        host.query(&format!("{a}.{b}.reputation.vendor-cloud.net"));
    }
}
