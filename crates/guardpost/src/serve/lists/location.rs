//! Where a list may be, and reading it from there within bounds.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use aws::s3::{Place, S3};
use aws::{Client as Aws, Settings};

use crate::config::ServeConfig;
use crate::intel::fetch::{Answer, Bounds, Client, Reach, Validators};
use crate::knowledge::unpacked;
use crate::text::size;

/// The Region that is asked where the environment names none.
const ANY_REGION: &str = "us-east-1";

/// The places that lists may be read from.
pub(in crate::serve) struct Places {
    client: Client,
    bounds: Bounds,
    /// Where `file://` may lead to, without links.
    dir: Option<PathBuf>,
    s3: S3,
    /// The Region that S3 is asked in; it says so where a bucket is in another one.
    region: String,
    /// Buckets that `s3://` may name.
    buckets: Vec<String>,
}

impl Places {
    /// Those that the configuration allows.
    pub(in crate::serve) fn new(config: &ServeConfig) -> Result<Places> {
        Places::with(config, Settings::of_process())
    }

    fn with(config: &ServeConfig, aws: Settings) -> Result<Places> {
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
            region: aws.region().unwrap_or_else(|| ANY_REGION.to_owned()),
            s3: S3::new(Aws::new(aws)),
            buckets: config.list_buckets.clone(),
        })
    }

    /// The content at a location, decompressed.
    pub(super) fn read(&self, location: &str) -> Result<Vec<u8>> {
        let bytes = if let Some(path) = location.strip_prefix("file://") {
            self.file(Path::new(path))?
        } else if let Some(place) = location.strip_prefix("s3://") {
            let (bucket, key) = place.split_once('/').context("a bucket without a key")?;
            if !self.is_named(bucket) {
                bail!("the bucket is not read: the operator names it in serve.list_buckets");
            }
            self.object(bucket, key)?
        } else if let Some((bucket, key)) = object_of(location).filter(|it| self.is_named(it.0)) {
            self.object(bucket, key)?
        } else {
            match self.client.get(location, Validators::default(), self.bounds)? {
                Answer::Content { bytes, .. } => bytes,
                Answer::NotModified => bail!("the server answered without content"),
            }
        };
        unpacked(bytes, self.bounds.bytes)
    }

    fn is_named(&self, bucket: &str) -> bool {
        self.buckets.iter().any(|it| it == bucket)
    }

    /// An object of S3, of a bucket that the operator named: it is read with the service's own credentials.
    fn object(&self, bucket: &str, key: &str) -> Result<Vec<u8>> {
        let place = Place { region: &self.region, bucket, key, version: None };
        let mut bytes = Vec::new();
        self.s3
            .get(&place, self.bounds.bytes, &mut bytes, &mut || {})
            .context("the object cannot be read")?;
        Ok(bytes)
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

/// Bucket and key of an address of S3, in the forms that clients of GuardDuty give: with the bucket in the path or
/// in the name of the host (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html>).
fn object_of(location: &str) -> Option<(&str, &str)> {
    let (host, path) = location.strip_prefix("https://")?.split_once('/')?;
    let front = host.strip_suffix(".amazonaws.com")?;
    if front == "s3" || front.strip_prefix("s3.").is_some_and(aws::is_region) {
        return path.split_once('/');
    }
    let (bucket, region) = front.rsplit_once(".s3")?;
    let is_region = region.strip_prefix('.').is_some_and(aws::is_region);
    (region.is_empty() || is_region).then_some((bucket, path))
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::net::TcpListener;
    use std::{fs, thread};

    use super::*;

    #[test]
    fn objects_are_read_from_the_named_buckets_alone() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", server.local_addr().unwrap());
        let asked = thread::spawn(move || {
            let (mut stream, _) = server.accept().unwrap();
            let mut line = String::new();
            BufReader::new(&stream).read_line(&mut line).unwrap();
            let answer =
                "HTTP/1.1 200 OK\r\ncontent-length: 10\r\nconnection: close\r\n\r\n192.0.2.1\n";
            stream.write_all(answer.as_bytes()).unwrap();
            line
        });
        let aws = Settings::of(&[
            ("AWS_ENDPOINT_URL", &endpoint),
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
        ]);
        let config =
            ServeConfig { list_buckets: vec!["ours".to_owned()], ..ServeConfig::default() };
        let places = Places::with(&config, aws).unwrap();
        for (location, why) in [
            ("s3://theirs/list.txt", "serve.list_buckets"),
            ("s3://ours.evil/list.txt", "serve.list_buckets"),
            ("s3://ours", "without a key"),
        ] {
            let error = places.read(location).unwrap_err().to_string();
            assert!(error.contains(why), "{location}: {error}");
        }
        assert_eq!(places.read("s3://ours/lists/mine.txt").unwrap(), b"192.0.2.1\n");
        assert!(asked.join().unwrap().starts_with("GET /ours/lists/mine.txt "));
    }

    #[test]
    fn addresses_of_s3_are_known_in_each_form() {
        for form in [
            "https://s3.amazonaws.com/ours/a/b.txt",
            "https://s3.eu-west-1.amazonaws.com/ours/a/b.txt",
            "https://ours.s3.amazonaws.com/a/b.txt",
            "https://ours.s3.eu-west-1.amazonaws.com/a/b.txt",
        ] {
            assert_eq!(object_of(form), Some(("ours", "a/b.txt")), "{form}");
        }
        for other in [
            "https://s3.example.com/ours/a",
            "https://s3.amazonaws.com.example.com/ours/a",
            "https://ours.s3.x/y.amazonaws.com/a",
            "https://ec2.amazonaws.com/ours/a",
            "http://s3.amazonaws.com/ours/a",
        ] {
            assert_eq!(object_of(other), None, "{other}");
        }
    }

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
