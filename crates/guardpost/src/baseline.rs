//! `--baseline FILE`: what earlier scans learnt, and where this one leaves what it learnt.

use std::fs;
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use engine::{Engine, Learnt, SnapshotError};
use model::Timestamp;

use crate::text::{minutes, visible};

/// First bytes of a file, and the version of its layout.
const MAGIC: &[u8] = b"GPBASE\0";
const LAYOUT: u8 = 1;
/// Largest file that is read, and what it may unpack to.
const FILE_MAX: u64 = 4 << 30;
const UNPACKED_MAX: u64 = 16 << 30;
/// Level of zstd: states of one shape pack well at any.
const LEVEL: i32 = 3;

/// The file that what is learnt is kept in.
pub struct Baseline {
    path: PathBuf,
    content: Option<Content>,
    /// Whether a file is there that this program cannot go on from: it is kept beside the new one.
    is_replaced: bool,
    warnings: Vec<String>,
}

/// What stands in a file.
struct Content {
    /// The version of the program that wrote it.
    program: String,
    /// When its records begin.
    since: Timestamp,
    learnt: Learnt,
}

/// What a scan goes on from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Known {
    /// When the records begin that were learnt.
    pub since: Timestamp,
    /// Records before this time were learnt.
    pub until: Timestamp,
}

impl Baseline {
    /// Reads a file, if it is there. An error if it is something else, which must not be overwritten.
    pub fn open(path: &Path) -> Result<Baseline> {
        let mut baseline = Baseline {
            path: path.to_owned(),
            content: None,
            is_replaced: false,
            warnings: Vec::new(),
        };
        let about = || format!("--baseline `{}`", visible(&path.to_string_lossy()));
        let size = match fs::metadata(path) {
            Ok(it) => it.len(),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                crate::output::check(Some(path)).with_context(about)?;
                return Ok(baseline);
            }
            Err(error) => return Err(error).with_context(about),
        };
        if size > FILE_MAX {
            bail!("{} is larger than any baseline: name another file", about());
        }
        let bytes = fs::read(path).with_context(about)?;
        let Some(body) = bytes.strip_prefix(MAGIC) else {
            bail!("{} is no baseline and stays as it is: name another file or remove it", about());
        };
        match unpack(body) {
            Ok(content) => baseline.content = Some(content),
            Err(cause) => baseline.refuse(&format!("{cause:#}")),
        }
        Ok(baseline)
    }

    fn refuse(&mut self, cause: &str) {
        self.is_replaced = true;
        self.warnings.push(format!(
            "--baseline `{}`: {cause}; this scan learns anew and keeps the file as `{}`. To have the history \
             back, scan the archive that it was learnt from",
            visible(&self.path.to_string_lossy()),
            visible(&self.beside(".old").to_string_lossy())
        ));
    }

    /// What is known before this scan.
    pub fn known(&self) -> Option<Known> {
        let content = self.content.as_ref()?;
        Some(Known { since: content.since, until: content.learnt.until() })
    }

    /// Makes an engine go on from what was learnt. What this program keeps in another form is told, and learnt anew.
    pub fn resume(&mut self, engine: &mut Engine) -> Result<()> {
        let Some(content) = self.content.take() else { return Ok(()) };
        let path = visible(&self.path.to_string_lossy());
        let dropped = engine.resume(content.learnt).with_context(|| {
            format!("--baseline `{path}`: remove the file and scan the archive again")
        })?;
        if !dropped.is_empty() {
            self.warnings.push(format!(
                "--baseline `{path}` was written by guardpost {}: of {} this program keeps another form and \
                 learns anew. To have that history back, scan the archive that it was learnt from",
                content.program,
                dropped.join(", ")
            ));
        }
        Ok(())
    }

    /// What is to be told to the user.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Writes what was learnt since `since`, in one step. Gives the line that says so.
    pub fn keep(
        &self,
        learnt: Result<Vec<u8>, SnapshotError>,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<String> {
        let about = || format!("cannot write `{}`", visible(&self.path.to_string_lossy()));
        let learnt = learnt.with_context(about)?;
        let bytes = pack(env!("CARGO_PKG_VERSION"), since, &learnt).with_context(about)?;
        let fresh = self.beside(".new");
        let mut file = fs::File::create(&fresh).with_context(about)?;
        file.write_all(&bytes).and_then(|()| file.sync_all()).with_context(about)?;
        if self.is_replaced {
            fs::rename(&self.path, self.beside(".old")).with_context(about)?;
        }
        fs::rename(&fresh, &self.path).with_context(about)?;
        Ok(format!(
            "{}: what was learnt from {} to {}",
            visible(&self.path.to_string_lossy()),
            minutes(since),
            minutes(until)
        ))
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.path.as_os_str().to_owned();
        name.push(suffix);
        name.into()
    }
}

/// The file: version of the program, first time, and what [`Engine::baseline`] gave, packed.
fn pack(program: &str, since: Timestamp, learnt: &[u8]) -> Result<Vec<u8>> {
    let mut bytes = MAGIC.to_vec();
    bytes.push(LAYOUT);
    let mut encoder = zstd::Encoder::new(bytes, LEVEL)?;
    encoder.include_checksum(true)?;
    encoder.write_all(&postcard::to_stdvec(&(program, since))?)?;
    encoder.write_all(learnt)?;
    Ok(encoder.finish()?)
}

fn unpack(body: &[u8]) -> Result<Content> {
    let Some((&layout, packed)) = body.split_first() else { bail!("the file ends at once") };
    if layout != LAYOUT {
        bail!("another version of the program wrote it in a form that this one does not know");
    }
    let mut bytes = Vec::new();
    let decoder = zstd::Decoder::new(packed).context("it is damaged")?;
    decoder.take(UNPACKED_MAX).read_to_end(&mut bytes).context("it is damaged")?;
    let ((program, since), learnt) = postcard::take_from_bytes(&bytes).context("it is damaged")?;
    let learnt = Learnt::read(learnt).context("it is damaged, or of another version")?;
    Ok(Content { program, since, learnt })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn engine() -> Engine {
        let registry = detectors::registry(&detectors::Settings::default()).into();
        Engine::new(
            registry,
            std::sync::Arc::new(intel::IntelBuilder::new().build()),
            engine::EngineOptions::default(),
        )
    }

    fn made(folder: &Path) -> PathBuf {
        let path = folder.join("b");
        let baseline = Baseline::open(&path).expect("a new file");
        let (since, until) = (Timestamp::from_secs(1000), Timestamp::from_secs(2000));
        baseline.keep(engine().baseline(), since, until).expect("it is written");
        path
    }

    #[test]
    fn what_is_kept_is_read_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let baseline = Baseline::open(&made(folder.path())).expect("a baseline");
        let content = baseline.content.expect("its content");
        assert_eq!(content.since, Timestamp::from_secs(1000));
        assert!(baseline.warnings.is_empty());
    }

    #[test]
    fn a_foreign_file_is_an_error_and_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("findings.json");
        fs::write(&path, "{}").expect("a file");
        let error = Baseline::open(&path).err().expect("an error").to_string();
        assert!(error.contains("is no baseline and stays as it is"), "{error}");
    }

    #[test]
    fn a_file_that_cannot_be_read_is_told_and_kept_beside_the_new_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = made(folder.path());
        let whole = fs::read(&path).expect("its bytes");
        let other = |at: usize| {
            let mut bytes = whole.clone();
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 0x55;
            }
            bytes
        };
        for bytes in [other(MAGIC.len()), other(whole.len() - 3), whole[..whole.len() / 2].to_vec()]
        {
            fs::write(&path, &bytes).expect("a file");
            let baseline = Baseline::open(&path).expect("a scan goes on");
            assert!(baseline.content.is_none() && baseline.warnings.len() == 1);
            baseline.keep(Ok(Vec::new()), Timestamp::MIN, Timestamp::MIN).expect("it is written");
            assert_eq!(fs::read(folder.path().join("b.old")).expect("the old file"), bytes);
        }
    }
}
