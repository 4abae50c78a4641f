//! Who calls: people behind users and roles, services, pipelines, and what each is used to.

use crate::calls::{BROWSER, CLI, Caller, SDK};
use crate::random::Random;

use super::network::{Kind, Networks};
use super::vocabulary::{GROUPS, Operation, operations, services};

/// The accounts.
pub(super) const ACCOUNTS: [&str; 4] =
    ["111122223333", "222233334444", "333344445555", "444455556666"];
/// Regions that the population works in, by account.
const REGIONS: [[&str; 2]; 4] = [
    ["us-east-1", "eu-west-1"],
    ["us-east-1", "us-west-2"],
    ["eu-central-1", "us-east-1"],
    ["us-east-1", "eu-central-1"],
];
/// The user agent of Terraform.
pub(super) const TERRAFORM: &str = "APN/1.0 HashiCorp/1.0 Terraform/1.7.4 aws-sdk-go-v2/1.25.0";
/// The user agent of scripts.
pub(super) const PYTHON: &str =
    "Boto3/1.34.51 md/Botocore#1.34.51 ua/2.0 os/linux lang/python#3.12.1";
/// User agents that nobody of the population uses.
pub(super) const STRANGE: [&str; 3] =
    ["aws-sdk-php/3.300.0 OS/Linux", "Pacu/1.5 Botocore/1.20", "python-requests/2.31.0"];

/// What an actor is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sort {
    Person,
    Service,
    Pipeline,
    Seasonal,
    BreakGlass,
}

/// Somebody who calls.
#[derive(Clone, Debug)]
pub(super) struct Actor {
    pub(super) sort: Sort,
    pub(super) account: &'static str,
    pub(super) name: String,
    /// Whether it is a user with a key, else a role; of people, whether the role is shared.
    pub(super) is_user: bool,
    pub(super) group: usize,
    /// The day on which it begins.
    pub(super) first_day: i64,
    /// What it works with, the most used first.
    pub(super) habits: Vec<Operation>,
    /// Networks: the usual ones, the most used first.
    pub(super) networks: Vec<usize>,
    pub(super) agent: &'static str,
    pub(super) regions: [&'static str; 2],
    /// Hour at which a day of work begins, UTC.
    pub(super) begins: i64,
    pub(super) has_vpn: bool,
    pub(super) buckets: Vec<String>,
    /// Days left of a trip, and its network.
    pub(super) trip: Option<(i64, usize)>,
    /// Sessions or calls a day, about.
    pub(super) pace: u64,
    pub(super) launches: Option<&'static str>,
    pub(super) number: u64,
}

impl Actor {
    /// The caller at a time from an address.
    pub(super) fn caller(&self, at: i64, address: &str, agent: &str) -> Caller {
        let key =
            format!("{}EXAMPLE{:09}", if self.is_user { "AKIA" } else { "ASIA" }, self.number);
        let caller = if self.is_user {
            Caller::user(self.account, &self.name, &key, address)
        } else if self.sort == Sort::Person {
            let session = format!("{}@example.com", self.name);
            Caller::role(self.account, (&self.role(), &session, &key), at, address, "")
        } else {
            Caller::role(self.account, (&self.name, "session", &key), at, address, "")
        };
        caller.with_agent(agent)
    }

    fn role(&self) -> String {
        let group = GROUPS.get(self.group).map_or("", |it| it.0);
        format!("AWSReservedSSO_{group}_0123456789abcdef")
    }

    /// What the actor is known by: the ARN of the user or role, of people behind a shared role that of the session.
    pub(super) fn identity(&self) -> String {
        let (account, name) = (self.account, &self.name);
        if self.is_user {
            format!("arn:aws:iam::{account}:user/{name}")
        } else if self.sort == Sort::Person {
            format!("arn:aws:sts::{account}:assumed-role/{}/{name}@example.com", self.role())
        } else {
            format!("arn:aws:iam::{account}:role/{name}")
        }
    }
}

/// Picks some operations, of which the first are used most.
fn habits(random: &mut Random, of: &[&'static str], count: u64) -> Vec<Operation> {
    let mut all: Vec<Operation> = of.iter().flat_map(|it| operations(it)).collect();
    let mut habits = Vec::new();
    while habits.len() < count as usize && !all.is_empty() {
        let at = random.between(0, all.len() as u64) as usize;
        let it = all.swap_remove(at);
        // People and programs read more than they write.
        if super::vocabulary::is_read(&it.1) || random.between(0, 100) < 30 {
            habits.push(it);
        }
    }
    habits
}

/// Everybody.
pub(super) fn everybody(random: &mut Random, networks: &Networks) -> Vec<Actor> {
    let mut actors = Vec::new();
    let pick = |random: &mut Random, kind: Kind| random.pick(&networks.of_kind(kind)).unwrap_or(0);
    for (group, (name, of, count)) in GROUPS.iter().enumerate() {
        for person in 0..*count {
            let account = (random.between(0, 10) * random.between(0, 10) / 25) as usize;
            let count = random.between(18, 45);
            let office = random.between(0, 100) < 70;
            let mut at = vec![pick(random, Kind::Home)];
            at.insert(usize::from(random.between(0, 2) == 0), pick(random, Kind::Office));
            if !office {
                at.reverse();
            }
            let agents = [CLI, BROWSER, BROWSER, PYTHON, TERRAFORM];
            actors.push(Actor {
                sort: Sort::Person,
                account: ACCOUNTS[account.min(3)],
                name: format!("{}-{person}", name.trim_end_matches('s')),
                is_user: random.between(0, 100) < 35,
                group,
                first_day: if random.between(0, 100) < 12 { random.secs(8, 50) } else { 0 },
                habits: habits(random, of, count),
                networks: at,
                agent: random.pick(&agents).unwrap_or(CLI),
                regions: REGIONS[account.min(3)],
                begins: if random.between(0, 3) == 0 { 14 } else { 8 } + random.secs(0, 3) - 1,
                has_vpn: random.between(0, 100) < 12,
                buckets: Vec::new(),
                trip: None,
                pace: random.between(1, 4),
                launches: (group == 1 && random.between(0, 2) == 0).then_some("t3.medium"),
                number: 0,
            });
        }
    }
    let all = services();
    for number in 0..68u64 {
        let sort = match number {
            0..46 => Sort::Service,
            46..58 => Sort::Pipeline,
            58..65 => Sort::Seasonal,
            _ => Sort::BreakGlass,
        };
        let (services, count) = match sort {
            Sort::Service => (2, random.between(3, 9)),
            Sort::Pipeline => (5, random.between(40, 90)),
            Sort::Seasonal => (2, random.between(4, 12)),
            _ => (8, 120),
        };
        let of: Vec<&str> = (0..services).filter_map(|_| random.pick(&all)).collect();
        let account = random.between(0, 4) as usize;
        let kind = if sort == Sort::Pipeline { Kind::Runner } else { Kind::Cloud };
        actors.push(Actor {
            sort,
            account: ACCOUNTS[account],
            name: format!("{}-{number}", format!("{sort:?}").to_lowercase()),
            is_user: sort == Sort::Service && random.between(0, 100) < 15,
            group: 0,
            first_day: if random.between(0, 100) < 10 { random.secs(5, 45) } else { 0 },
            habits: habits(random, &of, count),
            networks: vec![pick(random, kind)],
            agent: match sort {
                Sort::Pipeline => TERRAFORM,
                Sort::BreakGlass => CLI,
                _ => random.pick(&[SDK, PYTHON]).unwrap_or(SDK),
            },
            regions: REGIONS[account],
            begins: random.secs(0, 24),
            has_vpn: false,
            buckets: Vec::new(),
            trip: None,
            pace: random.between(2, 12),
            launches: (sort == Sort::Pipeline && random.between(0, 2) == 0).then_some("m6i.large"),
            number: 0,
        });
    }
    for (number, actor) in (0..).zip(&mut actors) {
        actor.number = number;
        let count = match (actor.sort, actor.group) {
            (Sort::Person, 2) => 4,
            (Sort::Person, 0) => 2,
            (Sort::Service | Sort::Seasonal, _) => 1 + number % 3,
            _ => 0,
        };
        actor.buckets = (0..count)
            .map(|_| format!("example-{}-{}", &actor.account[..4], random.between(0, 24)))
            .collect();
    }
    actors
}
