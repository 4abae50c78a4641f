//! Where a list may be, and reading it from there within bounds.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::config::ServeConfig;
use crate::intel::fetch::{Answer, Bounds, Client, Reach, Validators};
use crate::knowledge::unpacked;
use crate::text::size;

/// The places that lists may be read from.
pub(in crate::serve) struct Places {
    client: Client,
    bounds: Bounds,
    /// Where `file://` may lead to, without links.
    dir: Option<PathBuf>,
}

impl Places {
    /// Those that the configuration allows.
    pub(in crate::serve) fn new(config: &ServeConfig) -> Result<Places> {
        let reach =
            Reach::Client { private: config.allow_private_locations, http: config.allow_http };
        let dir = Some(&config.lists_dir).filter(|it| !it.is_empty());
        let open = |it: &String| {
            Path::new(it).canonicalize().with_context(|| format!("serve.lists_dir `{it}`"))
        };
        Ok(Places {
            client: Client::new(reach),
            bounds: Bounds {
                timeout: Duration::from_secs(config.list_timeout_secs),
                bytes: config.list_bytes,
            },
            dir: dir.map(open).transpose()?,
        })
    }

    /// The content at a location, decompressed.
    pub(super) fn read(&self, location: &str) -> Result<Vec<u8>> {
        let bytes = if let Some(path) = location.strip_prefix("file://") {
            self.file(Path::new(path))?
        } else if location.starts_with("s3://") {
            bail!("objects of S3 cannot be read yet: give an address that begins with https://");
        } else {
            match self.client.get(location, Validators::default(), self.bounds)? {
                Answer::Content { bytes, .. } => bytes,
                Answer::NotModified => bail!("the server answered without content"),
            }
        };
        unpacked(bytes, self.bounds.bytes)
    }

    fn file(&self, path: &Path) -> Result<Vec<u8>> {
        let Some(dir) = &self.dir else {
            bail!("files are not read: the operator sets serve.lists_dir to allow a directory");
        };
        // What is outside is told like what is not there.
        let inside = path.canonicalize().ok().filter(|it| it.starts_with(dir) && it.is_file());
        let Some(path) = inside else { bail!("no such file in serve.lists_dir") };
        let most = self.bounds.bytes;
        let mut bytes = Vec::new();
        let file = File::open(path).context("the file cannot be opened")?;
        file.take(most + 1).read_to_end(&mut bytes).context("the file cannot be read")?;
        if bytes.len() as u64 > most {
            bail!("more than {} of content", size(most));
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn files_are_read_from_one_directory_alone() {
        let outer = tempfile::tempdir().unwrap();
        let (inside, outside) = (outer.path().join("lists"), outer.path().join("secret.txt"));
        fs::create_dir(&inside).unwrap();
        fs::write(&outside, "192.0.2.1\n").unwrap();
        fs::write(inside.join("mine.txt"), "192.0.2.2\n").unwrap();
        std::os::unix::fs::symlink(&outside, inside.join("link.txt")).unwrap();
        let lists_dir = inside.to_string_lossy().into_owned();
        let config = ServeConfig { lists_dir, list_bytes: 1024, ..ServeConfig::default() };
        let places = Places::new(&config).unwrap();
        let read = |path: &Path| places.read(&format!("file://{}", path.display()));
        assert_eq!(read(&inside.join("mine.txt")).unwrap(), b"192.0.2.2\n");
        for path in [
            outside.clone(),
            inside.join("../secret.txt"),
            inside.join("link.txt"),
            inside.join("none.txt"),
            inside.clone(),
        ] {
            let error = read(&path).unwrap_err().to_string();
            assert_eq!(error, "no such file in serve.lists_dir", "{path:?}");
        }
        fs::write(inside.join("large.txt"), "x".repeat(1025)).unwrap();
        let error = read(&inside.join("large.txt")).unwrap_err().to_string();
        assert!(error.contains("more than"), "{error}");
        let none = Places::new(&ServeConfig::default()).unwrap();
        let error = none.read("file:///etc/passwd").unwrap_err().to_string();
        assert!(error.contains("serve.lists_dir"), "{error}");
    }
}
