//! Flow logs to judge detection by: attacks of known kinds, what looks like them, and what most hosts do.
//!
//! Each kind of activity is a function that writes one hour of one host; a [`World`] has hosts with an
//! activity each and gives their flow logs hour by hour, so that weeks of hundreds of hosts need no memory.
//! Sizes and rates are those of the tools and services, as far as they are known, and not those of any
//! detector. To add a kind, add an entry to a table; to add another source, add a file.

mod automation;
mod bots;
mod floods;
mod guesses;
mod host;
mod ordinary;
mod scans;
mod services;
mod talk;
mod volumes;
mod wire;
mod world;

pub use bots::LISTED;
pub use wire::Line;
pub use world::{File, Plan, World, interface_id};

use host::Host;

/// What an activity is evidence for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Group {
    /// Scans and sweeps of at least a hundred targets in 15 minutes.
    Scan,
    /// Scans and sweeps of one target a second.
    ScanSecond,
    /// Scans and sweeps of one target in 30 seconds.
    ScanSlow,
    /// Guesses at logins.
    Guess,
    /// Guesses after which somebody gets in.
    Success,
    /// Guesses after which nobody gets in.
    Failure,
    /// Floods.
    Flood,
    /// Spam, mining, Tor.
    Bot,
    /// A port that was never used.
    Port,
    /// Data that are carried away.
    Theft,
    /// The same by a host that sends as much in its ordinary hours.
    HiddenTheft,
    /// What most hosts do.
    Ordinary,
    /// Looks like a scan or sweep.
    Network,
    /// Looks like guesses.
    Logins,
    /// Looks like a flood.
    Volume,
    /// Looks like a bot.
    Bots,
    /// Looks like a theft.
    Transfers,
}

/// What a host does.
pub struct Activity {
    /// Its name in reports.
    pub name: &'static str,
    /// What it is evidence for.
    pub group: Group,
    /// What happens.
    pub about: &'static str,
    /// The types that must be raised for the host; none for what is in order.
    pub expects: &'static [&'static str],
    /// Whether the interface belongs to an instance.
    is_instance: bool,
    hour: fn(&mut Host<'_>),
}

impl Activity {
    const fn attack(
        name: &'static str,
        group: Group,
        about: &'static str,
        expects: &'static [&'static str],
        hour: fn(&mut Host<'_>),
    ) -> Activity {
        Activity { name, group, about, expects, is_instance: true, hour }
    }

    const fn quiet(
        name: &'static str,
        group: Group,
        about: &'static str,
        hour: fn(&mut Host<'_>),
    ) -> Activity {
        Activity { name, group, about, expects: &[], is_instance: true, hour }
    }

    const fn without_instance(self) -> Activity {
        Activity { is_instance: false, ..self }
    }
}

impl std::fmt::Debug for Activity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// All attacks.
pub fn attacks() -> impl Iterator<Item = &'static Activity> {
    let all = [scans::ATTACKS, guesses::ATTACKS, floods::ATTACKS, bots::ATTACKS, volumes::ATTACKS];
    all.into_iter().flatten()
}

/// What most hosts do.
pub fn ordinary() -> impl Iterator<Item = &'static Activity> {
    ordinary::ORDINARY.iter()
}

/// What looks like attacks.
pub fn look_alikes() -> impl Iterator<Item = &'static Activity> {
    let all = [
        services::LOOK_ALIKES,
        automation::LOOK_ALIKES,
        floods::LOOK_ALIKES,
        bots::LOOK_ALIKES,
        volumes::LOOK_ALIKES,
    ];
    all.into_iter().flatten()
}

/// The address that stands on a list under a number of [`LISTED`].
pub fn listed_address(number: u64) -> String {
    host::listed(number).to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_only_attacks_expect_something() {
        let all = || attacks().chain(look_alikes()).chain(ordinary());
        assert_eq!(all().map(|it| it.name).collect::<BTreeSet<_>>().len(), all().count());
        assert!(attacks().all(|it| !it.expects.is_empty()));
        assert!(look_alikes().chain(ordinary()).all(|it| it.expects.is_empty()));
    }
}
