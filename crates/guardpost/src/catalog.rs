//! The whole catalogue of finding types: those that are raised, and the names of those that are not yet.

use std::sync::OnceLock;

use detectors::Settings;
use findings::FindingType;

/// Names of GuardDuty's types that no detector raises, one a line.
const UNSERVED: &str = include_str!("../../detectors/unserved.txt");

/// Names of the types that GuardDuty has retired, one a line, each with those that took its place.
const RETIRED: &str = include_str!("../../detectors/retired.txt");

/// A type that is raised, with where its settings stand.
#[derive(Clone, Copy, Debug)]
pub struct Served {
    /// The type.
    pub finding_type: &'static FindingType,
    /// The detector that raises it, as `group/family`.
    pub family: &'static str,
}

/// The types that are raised, by name.
pub fn served() -> &'static [Served] {
    static SERVED: OnceLock<Vec<Served>> = OnceLock::new();
    SERVED.get_or_init(|| {
        let registry = detectors::registry(&Settings::default());
        let mut served: Vec<Served> = registry
            .specs()
            .flat_map(|spec| {
                let family = spec.name;
                spec.types.iter().map(move |it| Served { finding_type: it, family })
            })
            .collect();
        served.sort_by_key(|it| it.finding_type.name);
        // A type that several detectors raise belongs to the first of them.
        served.dedup_by_key(|it| it.finding_type.name);
        served
    })
}

/// The names of the types that are not raised, as they stand in the list.
pub fn unserved_lines() -> impl Iterator<Item = &'static str> {
    lines(UNSERVED)
}

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().map(str::trim).filter(|it| !it.is_empty() && !it.starts_with('#'))
}

/// A type that GuardDuty no longer raises, and neither do we.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Retired {
    /// Its name.
    pub name: &'static str,
    /// The types that tell of the same activity today; none where no type does.
    pub successors: Vec<&'static str>,
}

/// The types that GuardDuty has retired, by name.
pub fn retired() -> impl Iterator<Item = Retired> {
    lines(RETIRED).map(|line| {
        let mut names = line.split(' ');
        Retired { name: names.next().unwrap_or_default(), successors: names.collect() }
    })
}

impl Retired {
    /// What to ask for instead.
    pub fn advice(&self) -> String {
        let Retired { name, successors } = self;
        if successors.is_empty() {
            return format!("GuardDuty has retired `{name}`, and no type took its place");
        }
        let successors = successors.join("`, `");
        format!("GuardDuty has retired `{name}`; the activity is told by `{successors}`")
    }
}

/// The names of the types that are not raised.
pub fn unserved() -> impl Iterator<Item = &'static str> {
    unserved_lines().filter(|name| find_served(name).is_none())
}

/// The type with exactly this name, if it is raised.
pub fn find_served(name: &str) -> Option<&'static Served> {
    served().iter().find(|it| it.finding_type.name == name)
}

/// Every name, sorted.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<_> =
        served().iter().map(|it| it.finding_type.name).chain(unserved()).collect();
    names.sort_unstable();
    names
}

/// What a name that somebody typed stands for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Lookup {
    /// One type.
    One(&'static str),
    /// Several types hold the text.
    Several(Vec<&'static str>),
    /// One that GuardDuty has retired.
    Retired(Retired),
    /// None does; these are close.
    None(Vec<&'static str>),
}

/// Finds a type by its name, in any case, or by a part that no other has.
pub fn look_up(text: &str) -> Lookup {
    /// Names that are suggested at most.
    const SUGGESTIONS: usize = 3;
    let wanted = text.trim().to_lowercase();
    let names = names();
    if let Some(name) = names.iter().find(|it| it.to_lowercase() == wanted) {
        return Lookup::One(name);
    }
    if let Some(it) = retired().find(|it| it.name.to_lowercase() == wanted) {
        return Lookup::Retired(it);
    }
    let mut holding: Vec<_> = names.clone();
    holding.retain(|it| !wanted.is_empty() && it.to_lowercase().contains(&wanted));
    match holding.as_slice() {
        [name] => return Lookup::One(name),
        [_, ..] => return Lookup::Several(holding),
        [] => {}
    }
    let distance = |name: &str| {
        let name = name.to_lowercase();
        let family = name.split_once('/').map_or(name.as_str(), |(_, it)| it);
        strsim::damerau_levenshtein(&wanted, &name)
            .min(strsim::damerau_levenshtein(&wanted, family))
    };
    let mut close: Vec<_> = names.iter().map(|&name| (distance(name), name)).collect();
    close.sort_unstable();
    let most = wanted.chars().count() / 3 + 1;
    let close = close.into_iter().filter(|(distance, _)| *distance <= most);
    Lookup::None(close.map(|(_, name)| name).take(SUGGESTIONS).collect())
}
