//! Putting lists and tables together.

use model::Hasher64;

use crate::addresses::Addresses;
use crate::category::{Categories, Category};
use crate::files::Files;
use crate::intel::{Intel, Set, trusted_wins};
use crate::list::{List, Owner};
use crate::names::{NameEntry, Names};
use crate::parse::{ListedName, ParsedList};
use crate::places::Places;
use crate::ranges::Flattener;
use crate::sets::Sets;

/// Collects lists and tables; [`build`](IntelBuilder::build) makes them searchable. A clone shares the tables of
/// places.
#[derive(Clone, Default)]
pub struct IntelBuilder {
    builtin: Vec<(List, ParsedList)>,
    customers: Vec<(List, ParsedList)>,
    places: Places,
}

impl IntelBuilder {
    /// Nothing is known.
    pub fn new() -> IntelBuilder {
        IntelBuilder::default()
    }

    /// Adds a list. Without owners it applies to everyone.
    pub fn add_list(
        &mut self,
        name: &str,
        category: Category,
        owners: Option<Vec<Owner>>,
        entries: ParsedList,
    ) {
        self.customers.push((List::new(name, category, owners, &entries), entries));
    }

    /// Adds the lists and the table of places that come with the program.
    #[must_use]
    pub fn with_builtin(mut self) -> IntelBuilder {
        self.builtin.clear();
        for (name, category, entries) in crate::builtin::lists() {
            let mut list = List::new(name, category, None, &entries);
            list.builtin = true;
            self.builtin.push((list, entries));
        }
        self.places.use_builtin();
        self
    }

    /// Adds a table of places. Of several tables that know an address, the first added is asked first;
    /// the built-in one is asked last.
    #[must_use]
    pub fn with_places(mut self, places: Places) -> IntelBuilder {
        self.places.append(places);
        self
    }

    /// Makes everything searchable.
    pub fn build(self) -> Intel {
        let builtin_lists = self.builtin.len() as u32;
        let mut lists = Vec::new();
        let (mut v4, mut v6) = (Flattener::new(), Flattener::new());
        let (mut names, mut files) = (Vec::new(), Vec::new());
        for (number, (list, entries)) in self.builtin.into_iter().chain(self.customers).enumerate()
        {
            let number = number as u32;
            v4.add(number, &entries.v4);
            v6.add(number, &entries.v6);
            files.extend(entries.files.iter().map(|it| (it.0, number)));
            // GuardDuty's rule for customers' lists: a name stands for itself alone.
            let exact = matches!(list.category, Category::Threat | Category::Trusted);
            let entry = |it: ListedName| NameEntry::new(it.text, number, it.wildcard, exact);
            names.extend(entries.names.into_iter().map(entry));
            lists.push(list);
        }
        let mut sets = Sets::new();
        let addresses = Addresses::new(&v4.finish(&mut sets), &v6.finish(&mut sets));
        let names = Names::new(names, builtin_lists, &mut sets);
        let files = Files::new(files, &mut sets);
        let version = version(&lists, &self.places);
        let sets = sets.into_members().into_iter().map(|it| set(it, &lists)).collect();
        Intel { lists, sets, addresses, names, files, places: self.places, version }
    }
}

fn set(numbers: Box<[u32]>, lists: &[List]) -> Set {
    let members = || numbers.iter().filter_map(|&it| lists.get(it as usize));
    let for_everyone = members().all(|it| it.owners.is_none());
    let categories = || trusted_wins(members().map(|it| it.category).collect::<Categories>());
    Set { shared: for_everyone.then(categories), lists: numbers }
}

fn version(lists: &[List], places: &Places) -> u64 {
    let mut hash = Hasher64::default().number(places.content_hash());
    for list in lists {
        hash = hash.bytes(list.name.as_bytes()).bytes(list.category.as_str().as_bytes());
        hash = hash.number(list.content_hash).number(u64::from(list.builtin));
        for owner in list.owners.iter().flatten() {
            hash = hash.number(owner.account.number()).bytes(owner.region.as_str().as_bytes());
        }
    }
    hash.finish()
}
