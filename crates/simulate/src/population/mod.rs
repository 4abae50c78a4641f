//! Sixty days of CloudTrail of 160 principals in four accounts, with attacks among them: what the detection of
//! anomalous behavior is measured with.
//!
//! People work from offices, homes and hotels, take up new tasks and make mistakes; services and pipelines do
//! what they were built for, and that changes now and then. Rates are assumptions, fixed before anything was
//! measured.

mod actors;
mod attacks;
mod days;
mod network;
mod vocabulary;

use std::collections::BTreeMap;

use crate::places::database;
use crate::random::Random;
use crate::time::DAY;

use actors::{Actor, everybody};
pub use attacks::{Injection, Level};
use network::{Kind, Networks};

/// Days that are made.
pub const DAYS: i64 = 60;
/// 2026-01-05T00:00:00Z, a Monday.
const START: i64 = 1_767_571_200;

/// A population, a day at a time.
#[derive(Debug)]
pub struct Population {
    random: Random,
    networks: Networks,
    actors: Vec<Actor>,
    injections: Vec<Injection>,
    day: i64,
}

impl Population {
    /// The population of a seed.
    pub fn new(seed: u64) -> Population {
        let networks = Networks::new();
        let mut random = Random::new(seed, 7_001);
        let actors = everybody(&mut random, &networks);
        let injections = attacks::plan(&mut Random::new(seed, 7_002), &actors, START, DAYS);
        Population { random, networks, actors, injections, day: 0 }
    }

    /// Number of principals.
    pub fn principals(&self) -> usize {
        self.actors.len()
    }

    /// The attacks.
    pub fn injections(&self) -> &[Injection] {
        &self.injections
    }

    /// A database of places in MaxMind's format.
    pub fn places(&self) -> Vec<u8> {
        database(&self.networks.places)
    }

    /// Addresses on the list of VPNs.
    pub fn vpn_list(&self) -> String {
        self.networks.addresses(Kind::Vpn).join("\n") + "\n"
    }

    /// The files of the next day by key; none after the last.
    pub fn next_day(&mut self) -> Option<BTreeMap<String, String>> {
        if self.day >= DAYS {
            return None;
        }
        let day = self.day;
        self.day += 1;
        Some(self.play(START + day * DAY, day).files())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_population_is_what_it_is_said_to_be() {
        let population = Population::new(1);
        assert_eq!(population.principals(), 160);
        let count = |level| population.injections().iter().filter(|it| it.level == level).count();
        for (number, level) in Level::ALL.into_iter().enumerate() {
            assert_eq!(count(level), if number < Level::LEVELS { 15 } else { 4 }, "{level:?}");
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_day() {
        let day = |seed| Population::new(seed).next_day().unwrap();
        assert_eq!(day(3), day(3));
        assert_ne!(day(3), day(4));
    }
}
