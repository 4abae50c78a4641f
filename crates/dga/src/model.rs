//! The model: a logistic regression over hashed character groups and a few small trees, in integers.

use std::fmt;
use std::sync::OnceLock;

use crate::features::{CHAIN_LEN, FEATURES, features};
use crate::memo;

/// Weights of the regression.
pub const BUCKETS: usize = 1 << 17;
/// Longest group of characters.
const GROUP_MAX: usize = 4;
/// Either part says at most this, in 1/256 of the natural logarithm of odds.
const PART_MAX: i32 = 15 * 256;
/// First bytes of an asset; the last is the version.
const MAGIC: &[u8; 8] = b"GPDGA\0\0\x01";

static SHIPPED: &[u8] = include_bytes!("../assets/model.bin");

/// An inner node of a tree. Children from 128 on are leaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Node {
    /// Number of the feature.
    pub feature: u8,
    /// Values up to this go to the left.
    pub threshold: i16,
    /// The child on the left.
    pub left: u8,
    /// The child on the right.
    pub right: u8,
}

/// What a leaf adds, in 1/256 of the natural logarithm of odds.
pub type Leaf = i16;

/// A tree; its root is the first node.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tree {
    /// Inner nodes.
    pub nodes: Vec<Node>,
    /// Leaves.
    pub leaves: Vec<Leaf>,
}

/// The bytes are no model of this version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotAModel;

impl fmt::Display for NotAModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a model of names made by algorithms")
    }
}

impl std::error::Error for NotAModel {}

/// Scores labels. Equal on every machine: all arithmetic is in integers.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Model {
    /// Weights by bucket.
    pub weights: Vec<i8>,
    /// What a weight of one stands for, in 1/65,536.
    pub weight_scale: i32,
    /// What the regression adds, in 1/256.
    pub weight_base: i32,
    /// Costs of a sign after two others, in sixteenths of a bit.
    pub chain: Vec<u8>,
    /// What the trees begin with, in 1/256.
    pub tree_base: i32,
    /// Trees whose leaves add up.
    pub trees: Vec<Tree>,
    /// By hundredths of the decimal logarithm of rarity: the score that ordinary names reach so rarely.
    pub rarities: Vec<i16>,
    /// By number of names: the sum of rarities, in hundredths, that one of 10,000 hosts with so many ordinary
    /// names reaches; 0 where no number is known.
    pub sums: Vec<u16>,
}

/// Buckets of the groups of one to four characters of a label, its edges marked.
#[inline]
pub fn grams(label: &[u8], mut each: impl FnMut(usize)) {
    let mut last = [0u8; GROUP_MAX];
    let mut held = 0;
    for byte in [b'^'].into_iter().chain(label.iter().copied()).chain([b'$']) {
        last = [byte, last[0], last[1], last[2]];
        held = (held + 1).min(GROUP_MAX);
        let mut hash = 0u32;
        for (length, byte) in last.iter().take(held).enumerate() {
            hash = (hash ^ (u32::from(*byte) + ((length as u32) << 8))).wrapping_mul(0x9e37_79b1);
            hash ^= hash >> 15;
            each(hash as usize % BUCKETS);
        }
    }
}

impl Model {
    /// The model that comes with the program, read when it is first asked for.
    pub fn shipped() -> Option<&'static Model> {
        static MODEL: OnceLock<Option<Model>> = OnceLock::new();
        MODEL.get_or_init(|| Model::from_bytes(SHIPPED).ok()).as_ref()
    }

    /// What the regression says of a label, in 1/256 of the natural logarithm of odds.
    pub fn regression(&self, label: &[u8]) -> i32 {
        let (mut sum, mut groups) = (0i64, 0u64);
        grams(label, |bucket| {
            sum += self.weights.get(bucket).copied().map_or(0, i64::from);
            groups += 1;
        });
        // The root is in 1/256 and the scale in 1/65,536: their quotient is in 1/256.
        let root = (groups << 16).isqrt().max(1) as i64;
        let value = sum * i64::from(self.weight_scale) / root + i64::from(self.weight_base);
        value.clamp(i64::from(-PART_MAX), i64::from(PART_MAX)) as i32
    }

    /// What the trees say of a label, in the same unit.
    pub fn forest(&self, label: &[u8]) -> i32 {
        let features = features(label, &self.chain);
        let sum: i32 = self.trees.iter().map(|it| i32::from(it.leaf(&features))).sum();
        (sum + self.tree_base).clamp(-PART_MAX, PART_MAX)
    }

    /// How much a label in lower case looks made by an algorithm: the mean of both parts.
    pub fn score(&self, label: &[u8]) -> i32 {
        self.regression(label).midpoint(self.forest(label))
    }

    /// How rarely an ordinary name reaches a score: the negative decimal logarithm, in hundredths.
    pub fn rarity(&self, score: i32) -> u8 {
        let reached = self.rarities.partition_point(|it| i32::from(*it) <= score);
        reached.saturating_sub(1).min(usize::from(u8::MAX)) as u8
    }

    /// How rarely an ordinary name looks so much made by an algorithm as a label in lower case, in hundredths of
    /// the decimal logarithm. Only of the model that comes with the program.
    pub fn shipped_rarity(label: &str) -> Option<u8> {
        let model = Model::shipped()?;
        let judge = || model.rarity(model.score(label.as_bytes()));
        Some(memo::recall(label, judge))
    }

    /// The sum of rarities, in hundredths, from which so many names of one host are not ordinary; that of the
    /// largest number known for larger ones.
    pub fn sum_threshold(&self, names: usize) -> Option<u32> {
        let sum = self.sums.get(names).or(self.sums.last())?;
        (*sum > 0).then(|| u32::from(*sum))
    }

    /// The model as bytes; numbers are little-endian.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        for number in [self.weight_scale, self.weight_base, self.tree_base] {
            out.extend(number.to_le_bytes());
        }
        for count in [self.trees.len(), self.rarities.len(), self.sums.len()] {
            out.extend((count as u16).to_le_bytes());
        }
        out.extend(self.weights.iter().map(|it| it.to_le_bytes()[0]));
        out.extend(&self.chain);
        out.extend(self.rarities.iter().flat_map(|it| it.to_le_bytes()));
        out.extend(self.sums.iter().flat_map(|it| it.to_le_bytes()));
        for tree in &self.trees {
            out.push(tree.nodes.len() as u8);
            for node in &tree.nodes {
                out.push(node.feature);
                out.extend(node.threshold.to_le_bytes());
                out.extend([node.left, node.right]);
            }
            out.extend(tree.leaves.iter().flat_map(|it| it.to_le_bytes()));
        }
        out
    }

    /// Reads a model.
    ///
    /// # Errors
    ///
    /// If the bytes are not exactly one model.
    pub fn from_bytes(bytes: &[u8]) -> Result<Model, NotAModel> {
        let mut rest = Reader(bytes);
        if rest.take(MAGIC.len())? != MAGIC {
            return Err(NotAModel);
        }
        let (weight_scale, weight_base) = (rest.i32()?, rest.i32()?);
        let tree_base = rest.i32()?;
        let counts = [rest.u16()?, rest.u16()?, rest.u16()?];
        let weights = rest.take(BUCKETS)?.iter().map(|it| i8::from_le_bytes([*it])).collect();
        let chain = rest.take(CHAIN_LEN)?.to_vec();
        let rarities = (0..counts[1]).map(|_| rest.i16()).collect::<Result<_, _>>()?;
        let sums = (0..counts[2]).map(|_| rest.u16()).collect::<Result<_, _>>()?;
        let trees = (0..counts[0]).map(|_| Tree::read(&mut rest)).collect::<Result<_, _>>()?;
        if !rest.0.is_empty() {
            return Err(NotAModel);
        }
        Ok(Model { weights, weight_scale, weight_base, chain, tree_base, trees, rarities, sums })
    }
}

impl Tree {
    /// Inner nodes of the largest tree.
    const NODES_MAX: usize = 127;

    fn leaf(&self, features: &[i16; FEATURES]) -> Leaf {
        let mut at = 0u8;
        // Children come after their parents, so that a walk ends.
        while let Some(node) = self.nodes.get(usize::from(at)) {
            let value = features.get(usize::from(node.feature)).copied().unwrap_or(0);
            at = if value <= node.threshold { node.left } else { node.right };
        }
        self.leaves.get(usize::from(at & 127)).copied().unwrap_or(0)
    }

    fn read(rest: &mut Reader<'_>) -> Result<Tree, NotAModel> {
        let count = usize::from(rest.take(1)?[0]);
        if count == 0 || count > Self::NODES_MAX {
            return Err(NotAModel);
        }
        let mut nodes = Vec::with_capacity(count);
        for at in 0..count {
            let feature = rest.take(1)?[0];
            let threshold = rest.i16()?;
            let &[left, right] = rest.take(2)? else { return Err(NotAModel) };
            let is_below = |it: u8| it >= 128 || (usize::from(it) > at && usize::from(it) < count);
            if usize::from(feature) >= FEATURES || !is_below(left) || !is_below(right) {
                return Err(NotAModel);
            }
            nodes.push(Node { feature, threshold, left, right });
        }
        let leaves = (0..=count).map(|_| rest.i16()).collect::<Result<_, _>>()?;
        Ok(Tree { nodes, leaves })
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], NotAModel> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(NotAModel)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], NotAModel> {
        self.take(N)?.try_into().map_err(|_| NotAModel)
    }

    fn i32(&mut self) -> Result<i32, NotAModel> {
        self.array().map(i32::from_le_bytes)
    }

    fn i16(&mut self) -> Result<i16, NotAModel> {
        self.array().map(i16::from_le_bytes)
    }

    fn u16(&mut self) -> Result<u16, NotAModel> {
        self.array().map(u16::from_le_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_model_is_read_and_small() {
        let model = Model::shipped().unwrap();
        assert!(SHIPPED.len() <= 300 * 1024, "{}", SHIPPED.len());
        assert_eq!(model.to_bytes(), SHIPPED);
        assert!(model.rarities.is_sorted());
        assert!(model.sum_threshold(2).is_none() && model.sum_threshold(3).is_some());
        assert_eq!(model.sum_threshold(64), model.sum_threshold(10_000));
    }

    #[test]
    fn made_names_score_above_words() {
        let model = Model::shipped().unwrap();
        for (made, word) in [
            ("xkqjwvhzpgtm", "gardencenter"),
            ("a3f9c27b1d0e4f58", "photo-gallery"),
            ("nvfowikhevmyqz", "musicschool"),
        ] {
            let (made, word) = (model.score(made.as_bytes()), model.score(word.as_bytes()));
            assert!(made > 256 && word < 0, "{made} {word}");
            assert!(model.rarity(made) > model.rarity(word));
        }
    }

    #[test]
    fn damaged_models_are_refused() {
        assert!(Model::from_bytes(&SHIPPED[..SHIPPED.len() - 1]).is_err());
        assert!(Model::from_bytes(&[SHIPPED, &[0]].concat()).is_err());
        assert!(Model::from_bytes(b"").is_err());
        let mut bytes = SHIPPED.to_vec();
        let last_tree = bytes.len() - 31 * 2 - 30 * 5;
        bytes[last_tree] = 200;
        assert!(Model::from_bytes(&bytes).is_err());
    }
}
