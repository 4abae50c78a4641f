//! The worlds that are scanned: how many hosts of which activity, for how long, with which seeds.

use simulate::traffic::{Activity, Group, Plan, attacks, look_alikes, ordinary};

/// 2026-06-01T00:00:00Z, a Monday.
pub(super) const START: i64 = 1_780_272_000;
const DAY: u32 = 24;
/// Aggregation intervals.
const INTERVALS: [u32; 2] = [60, 600];
/// First seeds. No detector was tuned on them, nor on others of these generators.
const ATTACK_SEED: u64 = 70_001;
const PORT_SEED: u64 = 71_001;
const QUIET_SEED: u64 = 72_001;
/// Seeds of attacks, each in both intervals.
const ATTACK_SEEDS: u64 = 10;
/// Days before and after the hour in which attacks begin.
const LEARNING_HOURS: u32 = 26;
const ATTACK_HOURS: u32 = 27;
const PORT_LEARNING_DAYS: u32 = 8;
const PORT_HOSTS: usize = 30;
/// Hosts of each ordinary activity and of each look-alike in a quiet world.
const ORDINARY_HOSTS: usize = 17;
const QUIET_DAYS: u32 = 7;
const SHORT_QUIET_DAYS: u32 = 2;

/// How much is run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    /// Figures to publish.
    Long,
    /// As long as a check may take: the same attacks, little exposure.
    Short,
}

impl Form {
    const fn quiet_worlds(self) -> u64 {
        match self {
            Form::Long => 24,
            Form::Short => 1,
        }
    }

    const fn quiet_days(self) -> u32 {
        match self {
            Form::Long => QUIET_DAYS,
            Form::Short => SHORT_QUIET_DAYS,
        }
    }

    const fn attack_seeds(self) -> u64 {
        match self {
            Form::Long => ATTACK_SEEDS,
            Form::Short => 2,
        }
    }
}

/// Worlds with attacks in them, in order.
pub(super) fn attacked(form: Form) -> Vec<Plan> {
    let mut plans = Vec::new();
    for number in 0..form.attack_seeds() {
        for interval in INTERVALS {
            let hosts = attacks().filter(|it| it.group != Group::Port && !is_of_volumes(it));
            let hosts = hosts.flat_map(|it| vec![it; hosts_of(it)]).collect();
            let (seed, attack) = (ATTACK_SEED + number, LEARNING_HOURS);
            let hours = LEARNING_HOURS + ATTACK_HOURS;
            plans.push(Plan { seed, start: START, hours, attack, interval, hosts });
        }
    }
    for (seed, interval) in (PORT_SEED..).zip(INTERVALS) {
        let hosts = attacks().filter(|it| it.group == Group::Port);
        let hosts = hosts.flat_map(|it| vec![it; PORT_HOSTS]).collect();
        let attack = PORT_LEARNING_DAYS * DAY;
        plans.push(Plan { seed, start: START, hours: attack + DAY, attack, interval, hosts });
    }
    plans
}

/// Whether an activity is judged by [`volumes`](super::volumes).
fn is_of_volumes(activity: &Activity) -> bool {
    matches!(activity.group, Group::Theft | Group::HiddenTheft | Group::Transfers)
}

/// Hosts of an attack in a world. Floods have many lines; successes are seldom beside failures.
fn hosts_of(activity: &Activity) -> usize {
    match activity.group {
        Group::Flood | Group::Success => 1,
        Group::Guess => 5,
        _ => 3,
    }
}

/// Worlds in which everything is in order.
pub(super) fn quiet(form: Form) -> Vec<Plan> {
    let plan = |number: u64| {
        let many = ordinary().flat_map(|it| vec![it; ORDINARY_HOSTS]);
        let hosts = many.chain(look_alikes().filter(|it| !is_of_volumes(it))).collect();
        let interval = INTERVALS[(number % 2) as usize];
        let (seed, hours) = (QUIET_SEED + number, form.quiet_days() * DAY);
        Plan { seed, start: START, hours, attack: u32::MAX, interval, hosts }
    };
    (0..form.quiet_worlds()).map(plan).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_long_form_has_the_exposure_that_the_targets_need() {
        let hours: usize =
            quiet(Form::Long).iter().map(|it| it.hosts.len() * it.hours as usize).sum();
        // A rate of 1e-5 with no false finding at 95 %: 3e5 host-hours.
        assert!(hours >= 300_000, "{hours}");
        let seeds: BTreeSet<u64> = attacked(Form::Long).iter().map(|it| it.seed).collect();
        assert!(seeds.len() >= 10);
    }

    #[test]
    fn the_short_form_is_a_part_of_the_long_one() {
        let seeds = |form| -> Vec<(u64, u32, usize)> {
            attacked(form).iter().map(|it| (it.seed, it.interval, it.hosts.len())).collect()
        };
        assert!(seeds(Form::Short).iter().all(|it| seeds(Form::Long).contains(it)));
        assert_eq!(quiet(Form::Short)[0].seed, quiet(Form::Long)[0].seed);
    }
}
