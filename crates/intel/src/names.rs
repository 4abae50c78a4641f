//! Verdicts on names: the longest listed suffix decides.
//!
//! Every suffix that is listed, and every suffix of those, is a node of one hash table. A look-up walks
//! from the top-level domain down and stops at the first suffix that is no node, so that a name on no
//! list costs one probe of cold memory. Hits are verified against the text.

use hashbrown::HashTable;
use model::hash64;

use crate::sets::{Sets, Verdict};

/// The most bytes a name may have (RFC 1035 section 2.3.4); longer ones are on no list.
pub(crate) const MAX_NAME_BYTES: usize = 255;

/// One entry of a list: a name, the names below it, or both.
pub(crate) struct NameEntry {
    pub(crate) text: Box<str>,
    pub(crate) list: u32,
    /// Whether the entry stands for the name itself.
    pub(crate) itself: bool,
    /// Whether the entry stands for the names below.
    pub(crate) below: bool,
    labels: u8,
    /// Sorting by it is faster than by the text.
    hash: u64,
}

impl NameEntry {
    /// Takes an entry of a list. In an exact list a plain name stands for itself alone.
    pub(crate) fn new(text: Box<str>, list: u32, wildcard: bool, exact: bool) -> NameEntry {
        // A name that has more labels is too long to be kept.
        let labels = u8::try_from(suffixes(&text).count()).unwrap_or(u8::MAX);
        let hash = hash64(text.as_bytes());
        NameEntry { text, list, itself: !wildcard, below: wildcard || !exact, labels, hash }
    }
}

struct Node {
    /// Where the text begins.
    at: u64,
    bytes: u8,
    /// Number of the node in the order of insertion.
    number: u32,
    /// Verdict on the name itself; none if only shorter suffixes are listed.
    itself: Verdict,
    /// Verdict on names below it; none if only shorter suffixes are listed.
    below: Verdict,
}

/// What holds below a node: customers' lists add up over the levels, among the built-in ones the
/// longest suffix alone counts.
#[derive(Clone, Copy, Default)]
struct Inherited {
    customers: Verdict,
    builtin: Verdict,
}

/// The table.
#[derive(Default)]
pub(crate) struct Names {
    nodes: HashTable<Node>,
    text: Vec<u8>,
}

impl Names {
    /// Takes entries in any order. Lists below `builtin_lists` are the built-in ones.
    pub(crate) fn new(mut entries: Vec<NameEntry>, builtin_lists: u32, sets: &mut Sets) -> Names {
        entries.retain(|it| !it.text.is_empty() && it.text.len() <= MAX_NAME_BYTES);
        // Parents before their children: what holds below them is needed there.
        entries.sort_unstable_by(|a, b| {
            let text = || a.text.cmp(&b.text).then(a.list.cmp(&b.list));
            (a.labels, a.hash).cmp(&(b.labels, b.hash)).then_with(text)
        });
        // Growing would hold two of everything for a while and hash all names again. Parents that no list
        // names come on top; room that is not used is never touched.
        let (nodes, bytes) = (entries.len(), entries.iter().map(|it| it.text.len()).sum::<usize>());
        let names =
            Names { nodes: HashTable::with_capacity(nodes), text: Vec::with_capacity(2 * bytes) };
        let inherited = Vec::with_capacity(2 * nodes);
        let mut builder = Builder { names, inherited, builtin_lists };
        for same in entries.chunk_by(|a, b| a.text == b.text) {
            builder.add(same, sets);
        }
        builder.names
    }

    fn text_of<'a>(text: &'a [u8], node: &Node) -> &'a [u8] {
        let at = node.at as usize;
        text.get(at..at + usize::from(node.bytes)).unwrap_or_default()
    }

    #[inline]
    fn find(&self, suffix: &[u8]) -> Option<&Node> {
        self.nodes.find(hash64(suffix), |it| Names::text_of(&self.text, it) == suffix)
    }

    /// The verdict on a name, and where the suffix that gave it begins.
    pub(crate) fn get(&self, name: &[u8]) -> (Verdict, usize) {
        let mut found = (Verdict::NONE, name.len());
        if name.len() > MAX_NAME_BYTES || self.nodes.is_empty() {
            return found;
        }
        for suffix in suffixes_upwards(name) {
            let Some(node) = self.find(suffix) else { break };
            let whole = suffix.len() == name.len();
            let verdict = if whole { node.itself } else { node.below };
            if !verdict.is_none() {
                found = (verdict, name.len() - suffix.len());
            }
        }
        found
    }
}

struct Builder {
    names: Names,
    inherited: Vec<Inherited>,
    builtin_lists: u32,
}

impl Builder {
    /// Adds the entries of one text.
    fn add(&mut self, same: &[NameEntry], sets: &mut Sets) {
        let Some(text) = same.first().map(|it| it.text.as_bytes()) else { return };
        let mut above = Inherited::default();
        for suffix in suffixes_upwards(text).filter(|it| it.len() < text.len()) {
            above = self.node_or_placeholder(suffix, above);
        }
        let itself = self.holding(same.iter().filter(|it| it.itself), above, sets);
        let below = self.holding(same.iter().filter(|it| it.below), above, sets);
        let [itself, below_all] = [itself, below].map(|it| match it {
            Some(it) => union(sets, it.customers, it.builtin),
            None => Verdict::NONE,
        });
        self.insert(text, itself, below_all, below.unwrap_or(above));
    }

    /// What holds by the entries together with what is inherited; nothing without entries.
    fn holding<'a>(
        &self,
        own: impl Iterator<Item = &'a NameEntry>,
        above: Inherited,
        sets: &mut Sets,
    ) -> Option<Inherited> {
        let mut lists: Vec<u32> = own.map(|it| it.list).collect();
        if lists.is_empty() {
            return None;
        }
        lists.dedup();
        let (builtin, customers): (Vec<u32>, Vec<u32>) =
            lists.into_iter().partition(|it| *it < self.builtin_lists);
        let customers = sets.intern(&customers);
        Some(Inherited {
            customers: union(sets, customers, above.customers),
            builtin: if builtin.is_empty() { above.builtin } else { sets.intern(&builtin) },
        })
    }

    /// What holds below a suffix, which becomes a node if it is none.
    fn node_or_placeholder(&mut self, suffix: &[u8], above: Inherited) -> Inherited {
        if let Some(node) = self.names.find(suffix) {
            return self.inherited.get(node.number as usize).copied().unwrap_or(above);
        }
        self.insert(suffix, Verdict::NONE, Verdict::NONE, above);
        above
    }

    fn insert(&mut self, text: &[u8], itself: Verdict, below: Verdict, inherited: Inherited) {
        // A placeholder cannot be in the way: parents come before their children.
        let node = Node {
            at: self.names.text.len() as u64,
            bytes: text.len() as u8,
            number: self.inherited.len() as u32,
            itself,
            below,
        };
        self.names.text.extend_from_slice(text);
        self.inherited.push(inherited);
        let arena = &self.names.text;
        self.names.nodes.insert_unique(hash64(text), node, |it| hash64(Names::text_of(arena, it)));
    }
}

fn union(sets: &mut Sets, a: Verdict, b: Verdict) -> Verdict {
    if a.is_none() || a == b {
        return b;
    }
    let mut lists = [sets.lists(a), sets.lists(b)].concat();
    lists.sort_unstable();
    lists.dedup();
    sets.intern(&lists)
}

/// The suffixes of a name by whole labels, longest first.
pub(crate) fn suffixes(name: &str) -> impl Iterator<Item = &str> {
    let behind_dots = name.bytes().enumerate().filter(|it| it.1 == b'.').map(|it| it.0 + 1);
    std::iter::once(0).chain(behind_dots).filter_map(|at| name.get(at..))
}

/// The suffixes of a name by whole labels, shortest first.
fn suffixes_upwards(name: &[u8]) -> impl Iterator<Item = &[u8]> {
    let dots = name.iter().enumerate().rev().filter(|it| *it.1 == b'.').map(|it| it.0 + 1);
    dots.chain(std::iter::once(0)).filter_map(|at| name.get(at..)).filter(|it| !it.is_empty())
}
