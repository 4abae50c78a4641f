//! `cargo xtask dga`: trains the model of names made by algorithms, and writes it with its card.
//!
//! Run it optimized: `cargo run --release -p xtask -- dga …`. Equal inputs give equal bytes.

mod card;
mod folds;
mod linear;
mod measure;
mod model;
mod names;
mod rng;
mod styles;
mod trees;

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

pub(crate) use model::made;
pub(crate) use rng::Rng;
pub(crate) use styles::{Kind, STYLES, Words};

use model::Ordinary;

/// All random choices follow from it.
const SEED: u64 = 2026;
/// Ordinary names that are put together from words.
const COMPOUNDS: usize = 1000;

const USAGE: &str = "\
cargo xtask dga --names FILE --packages FILE [--names FILE] [--made FILE] [--plain FILE] [--write]

  --names     ordinary names, one a line, in the public domain or under a permissive license
  --packages  a Packages file of Debian, as apt keeps it
  --made      families and names, separated by a tab, for figures alone
  --plain     ordinary names, one a line, for figures alone
  --write     writes crates/dga/assets/model.bin and MODEL_CARD.md";

#[derive(Default)]
struct Options {
    names: Vec<PathBuf>,
    packages: PathBuf,
    made: Option<PathBuf>,
    plain: Option<PathBuf>,
    write: bool,
}

impl Options {
    fn parse(args: &[String]) -> Result<Options> {
        let mut options = Options::default();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            if arg == "--write" {
                options.write = true;
                continue;
            }
            let value = args.next().with_context(|| format!("{arg} takes a value\n\n{USAGE}"))?;
            match arg.as_str() {
                "--names" => options.names.push(value.into()),
                "--packages" => options.packages = value.into(),
                "--made" => options.made = Some(value.into()),
                "--plain" => options.plain = Some(value.into()),
                _ => bail!("cannot understand `{arg}`\n\n{USAGE}"),
            }
        }
        if options.names.is_empty() || options.packages.as_os_str().is_empty() {
            bail!("ordinary names are needed\n\n{USAGE}");
        }
        Ok(options)
    }
}

/// Trains and measures; writes if asked to.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let options = Options::parse(args)?;
    let mut card = card::Card::default();
    let packages = read(&options.packages)?;
    let mut labels = names::package_labels(&packages);
    card.source(
        "Debian package metadata: hosts of home pages and maintainers",
        labels.len(),
        &packages,
    );
    for path in &options.names {
        let text = read(path)?;
        let found = names::labels(&text);
        card.source(&file_name(path), found.len(), &text);
        labels.extend(found);
    }
    let words = Words(names::package_words(&packages));
    let ordinary = Ordinary::deal(labels, SEED);
    let mut rng = Rng::new(SEED ^ 1);
    let compounds = names::compounds(&words.0, COMPOUNDS, &mut rng);
    card.split(&ordinary, compounds.len(), words.0.len());
    let models = folds::models(&ordinary, &compounds, &words, SEED);
    let own = folds::own(&words, SEED);
    card.report(
        "Own families, names of the lists above",
        &folds::measure(&models, &own, &ordinary.test, false),
    );
    if let (Some(made), Some(plain)) = (&options.made, &options.plain) {
        let families = folds::listed(&read(made)?);
        let title = format!("{} against {}", file_name(made), file_name(plain));
        let plain = names::labels(&read(plain)?);
        card.report(&title, &folds::measure(&models, &families, &plain, false));
        let title = format!("{title}, sums taken from the latter");
        card.report(&title, &folds::measure(&models, &families, &plain, true));
    }
    let model = model::train(&ordinary, &compounds, &words, SEED, |_| true);
    let bytes = model.to_bytes();
    card.model(&model, bytes.len(), &ordinary.test);
    println!("{}", card.text());
    if options.write {
        let folder = crate::cargo::root().join("crates/dga/assets");
        fs::write(folder.join("model.bin"), bytes)?;
        fs::write(folder.join("MODEL_CARD.md"), card.text())?;
    }
    Ok(())
}

fn read(path: &Path) -> Result<String> {
    let bytes = fs::read(path).with_context(|| path.display().to_string())?;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut text = String::new();
        flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_string(&mut text)?;
        return Ok(text);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default()
}
