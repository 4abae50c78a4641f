//! How the names of malware families look: alphabet, length, endings and structure by published analyses (the
//! public descriptions of each family's algorithm; no code was taken over). The names made here train and
//! measure the model; they are not the names that a sample makes on a day.

use super::rng::Rng;

/// What the names look like, for the two kinds of figures.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Kind {
    /// Letters and digits by chance, or hexadecimal digits of a hash.
    Random,
    /// Words, or syllables that sound like words.
    Words,
}

/// A family.
pub(crate) struct Style {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    make: fn(&mut Rng, &Words) -> String,
}

impl Style {
    /// A label.
    pub(crate) fn label(&self, rng: &mut Rng, words: &Words) -> String {
        (self.make)(rng, words)
    }
}

/// Words to make names of.
pub(crate) struct Words(pub(crate) Vec<String>);

impl Words {
    /// A word of so many letters.
    fn of(&self, rng: &mut Rng, low: usize, high: usize) -> &str {
        for _ in 0..200 {
            let word = &self.0[rng.below(self.0.len())];
            if (low..=high).contains(&word.len()) {
                return word;
            }
        }
        "name"
    }

    /// A word of a family's own list of so many words.
    fn few(&self, rng: &mut Rng, count: usize, offset: usize) -> &str {
        &self.0[(rng.below(count) * 7 + offset) % self.0.len()]
    }
}

const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
const NO_Z: &[u8] = b"abcdefghijklmnopqrstuvwxy";
const DIGITS: &[u8] = b"0123456789";
const ALNUM: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const HEX: &[u8] = b"0123456789abcdef";
const CONSONANTS: &[u8] = b"bcdfghjklmnpqrstvwxz";
const VOWELS: &[u8] = b"aeiouy";

fn signs(rng: &mut Rng, of: &[u8], low: usize, high: usize) -> String {
    let length = rng.within(low, high);
    (0..length).map(|_| char::from(of[rng.below(of.len())])).collect()
}

/// Consonants and vowels by turns; `swap` in a hundred of the signs break the turn.
fn syllables(
    rng: &mut Rng,
    (consonants, vowels): (&[u8], &[u8]),
    length: usize,
    swap: usize,
) -> String {
    let mut is_vowel = rng.below(2) == 0;
    (0..length)
        .map(|_| {
            if rng.below(100) >= swap {
                is_vowel = !is_vowel;
            }
            let of = if is_vowel { vowels } else { consonants };
            char::from(of[rng.below(of.len())])
        })
        .collect()
}

const fn random(name: &'static str, make: fn(&mut Rng, &Words) -> String) -> Style {
    Style { name, kind: Kind::Random, make }
}

const fn words(name: &'static str, make: fn(&mut Rng, &Words) -> String) -> Style {
    Style { name, kind: Kind::Words, make }
}

/// The families.
pub(crate) const STYLES: &[Style] = &[
    random("conficker", |r, _| signs(r, LETTERS, 4, 11)),
    random("cryptolocker", |r, _| signs(r, NO_Z, 12, 15)),
    random("ramnit", |r, _| signs(r, NO_Z, 8, 19)),
    random("necurs", |r, _| signs(r, NO_Z, 7, 21)),
    random("qakbot", |r, _| signs(r, LETTERS, 8, 25)),
    random("tinba", |r, _| {
        // Two letters alternate with a run of others; the first two thirds come from a constant seed name.
        signs(r, NO_Z, 10, 12)
    }),
    random("dircrypt", |r, _| signs(r, LETTERS, 8, 20)),
    random("locky", |r, _| signs(r, NO_Z, 5, 18)),
    random("ranbyus", |r, _| signs(r, NO_Z, 14, 17)),
    random("murofet", |r, _| {
        let plain = r.below(2) == 0;
        if plain { signs(r, LETTERS, 12, 26) } else { signs(r, ALNUM, 32, 47) }
    }),
    random("gameover", |r, _| signs(r, ALNUM, 20, 28)),
    random("newgoz", |r, _| signs(r, ALNUM, 21, 28)),
    random("fobber", |r, _| {
        let length = if r.below(2) == 0 { 10 } else { 17 };
        signs(r, LETTERS, length, length)
    }),
    random("kraken", |r, _| {
        // A stem of turns that are often broken, sometimes with an ending of English.
        let length = r.within(5, 10);
        let stem = syllables(r, (CONSONANTS, b"aeiouy"), length, 40);
        let endings = ["", "", "able", "ory", "ly", "ment", "ing", "hood"];
        stem + r.pick(&endings)
    }),
    random("shiotob", |r, _| {
        // Letters with the digits 1 to 5 and 9 among them.
        signs(r, b"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz123459", 10, 15)
    }),
    random("corebot", |r, _| signs(r, b"abcdefghijklmnopqrstuvwxy012345678", 12, 23)),
    random("padcrypt", |r, _| signs(r, b"abcdnfolmk", 16, 16)),
    random("chinad", |r, _| signs(r, ALNUM, 16, 16)),
    random("dyre", |r, _| {
        let first = signs(r, LETTERS, 1, 1);
        first + &signs(r, HEX, 33, 33)
    }),
    random("bamital", |r, _| signs(r, HEX, 32, 32)),
    random("hexhash", |r, _| signs(r, HEX, 8, 16)),
    random("monerohash", |r, _| signs(r, HEX, 12, 13)),
    random("bedep", |r, _| {
        let stem = signs(r, LETTERS, 11, 16);
        let tail = r.below(2) == 0;
        if tail { stem + &signs(r, DIGITS, 1, 2) } else { stem }
    }),
    random("emotet", |r, _| signs(r, NO_Z, 16, 16)),
    random("tempedreve", |r, _| signs(r, LETTERS, 7, 11)),
    random("proslikefan", |r, _| signs(r, LETTERS, 6, 12)),
    random("hesperbot", |r, _| signs(r, LETTERS, 8, 24)),
    random("rovnix", |r, _| signs(r, ALNUM, 18, 18)),
    random("qadars", |r, _| signs(r, ALNUM, 12, 12)),
    random("dnsmiraix", |r, _| signs(r, LETTERS, 12, 12)),
    random("zloader", |r, _| signs(r, LETTERS, 20, 20)),
    random("tofsee", |r, _| {
        // The same three or four letters twice, and one more.
        let part = signs(r, NO_Z, 3, 4);
        let last = signs(r, b"abcdefghij", 1, 1);
        format!("{part}{part}{last}")
    }),
    random("sisron", |r, _| {
        // The date as text in base64, of which only a few signs change.
        let (day, month, year) = (r.within(1, 28), r.within(1, 12), r.within(12, 26));
        base64(format!("{day:02}{month:02}20{year:02}\0").as_bytes())
    }),
    random("nymaim", |r, _| signs(r, LETTERS, 5, 12)),
    random("dmsniff", |r, _| {
        let head = r.pick(&["al", "be", "co", "do"]);
        head.to_owned() + &signs(r, LETTERS, 6, 8)
    }),
    random("sharkbot", |r, _| signs(r, b"abcdefghijklmnopqrstuvwxyz234567", 19, 19)),
    random("qsnatch", |r, _| signs(r, ALNUM, 4, 7)),
    random("virut", |r, _| {
        let length = 6;
        syllables(r, (LETTERS, VOWELS), length, 30)
    }),
    words("pykspa", |r, _| {
        let length = r.within(6, 13);
        syllables(r, (b"bcdfghjklmnpqrstvwxyz", b"aeiou"), length, 28)
    }),
    words("symmi", |r, _| {
        let length = r.within(8, 15);
        syllables(r, (b"bcdfghklmnpqrstvwx", b"aeiou"), length, 8)
    }),
    words("simda", |r, _| {
        let length = r.within(5, 8);
        syllables(r, (b"bcdfghklmnpqrstvwxz", b"aeiouy"), length, 0)
    }),
    words("vawtrak", |r, _| {
        let length = r.within(6, 11);
        syllables(r, (b"bcdfghlmnprstvw", b"aeiou"), length, 22)
    }),
    words("pushdo", |r, _| {
        let length = r.within(8, 12);
        syllables(r, (b"bcdfgjklmnprstvxz", b"aeiou"), length, 12)
    }),
    words("pitou", |r, _| {
        let length = r.within(7, 10);
        syllables(r, (b"bcdfghjklmnpqrstvwxyz", b"aeiou"), length, 18)
    }),
    words("ngioweb", |r, w| {
        let parts = ["re", "mini", "anti", "over", "sub", "un", "mis", "non", "pre", "multi"];
        let ends = ["able", "ess", "ify", "ism", "ful", "ity", "ous", "hood", "ation", "ure"];
        let one = |r: &mut Rng| {
            let length = r.within(4, 8);
            let stem = syllables(r, (b"bcdfghklmnprstvx", b"aeiou"), length, 5);
            r.pick(&parts).to_owned() + &stem + r.pick(&ends)
        };
        let _ = w;
        let first = one(r);
        if r.below(2) == 0 { first } else { format!("{first}-{}", one(r)) }
    }),
    words("suppobox", |r, w| {
        // Two of 384 words.
        w.few(r, 384, 11).to_owned() + w.few(r, 384, 11)
    }),
    words("matsnu", |r, w| {
        // Verb and noun by turns, with or without a hyphen, until it is long enough.
        let hyphen = if r.below(2) == 0 { "-" } else { "" };
        let least = r.within(12, 20);
        let mut name = w.of(r, 3, 9).to_owned();
        while name.len() < least {
            name = name + hyphen + w.of(r, 3, 9);
        }
        name
    }),
    words("gozi", |r, w| {
        // Words of one text put together, at least twelve letters.
        let least = r.within(12, 23);
        let mut name = String::new();
        while name.len() < least {
            name += w.few(r, 900, 401);
        }
        name
    }),
    words("nymaim2", |r, w| {
        let first = w.of(r, 4, 11).to_owned();
        let hyphen = if r.below(2) == 0 { "-" } else { "" };
        first + hyphen + w.of(r, 4, 11)
    }),
    words("bigviktor", |r, w| {
        let first = w.few(r, 60, 3).to_owned();
        first + w.of(r, 3, 8) + w.of(r, 3, 8)
    }),
    words("rovnixtext", |r, w| {
        let least = r.within(15, 25);
        let mut name = String::new();
        while name.len() < least {
            let word = w.few(r, 500, 77);
            // Some words are cut.
            name += &word[..word.len().min(r.within(3, 9))];
        }
        name
    }),
    words("banjori", |r, w| {
        // Four letters change at the head of a fixed text.
        let tail = format!("{}{}", w.few(r, 3, 31), w.few(r, 3, 32));
        signs(r, LETTERS, 4, 4) + &tail
    }),
    words("charbot", |r, w| {
        // Two signs of an ordinary name are replaced.
        let mut name =
            format!("{}{}", w.of(r, 3, 8), if r.below(2) == 0 { "" } else { w.of(r, 3, 7) })
                .into_bytes();
        for _ in 0..2 {
            let at = r.below(name.len());
            name[at] = ALNUM[r.below(ALNUM.len())];
        }
        String::from_utf8(name).unwrap_or_default()
    }),
    words("maskdga", |r, w| {
        // Half of the signs of an ordinary name are replaced.
        let mut name = format!("{}{}", w.of(r, 4, 9), w.of(r, 3, 6)).into_bytes();
        for _ in 0..name.len() / 2 {
            let at = r.below(name.len());
            name[at] = LETTERS[r.below(LETTERS.len())];
        }
        String::from_utf8(name).unwrap_or_default()
    }),
    words("khaos", |r, w| {
        // Pieces of two or three letters of ordinary names.
        let least = r.within(7, 14);
        let mut name = String::new();
        while name.len() < least {
            let word = w.of(r, 4, 11);
            let (length, at) = (r.within(2, 3), r.below(word.len() - 3));
            name += &word[at..at + length];
        }
        name
    }),
    words("deepdga", |r, w| {
        // Halves of words that do not belong together.
        let (a, b) = (w.of(r, 5, 10), w.of(r, 5, 10));
        let (head, tail) = (r.within(2, 4), r.within(2, 4));
        format!("{}{}{}", &a[..head], signs(r, VOWELS, 0, 1), &b[b.len() - tail..])
    }),
    words("beebone", |r, w| {
        let name = format!("{}{}", w.few(r, 40, 9), w.few(r, 40, 90));
        name + &signs(r, DIGITS, 1, 1)
    }),
    words("volatile", |r, w| {
        // The letters of one name change places.
        let mut name = format!("{}{}", w.few(r, 2, 500), w.few(r, 2, 700)).into_bytes();
        for _ in 0..r.within(1, 4) {
            let (a, b) = (r.below(name.len()), r.below(name.len()));
            name.swap(a, b);
        }
        String::from_utf8(name).unwrap_or_default()
    }),
];

/// Base64 without its padding, in lower case as names are.
fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8] = b"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0u32, |bits, it| (bits << 8) | u32::from(*it))
            << (8 * (3 - chunk.len()));
        for at in 0..=chunk.len() {
            out.push(char::from(SIGNS[(bits >> (18 - 6 * at)) as usize & 63]));
        }
    }
    out
}
