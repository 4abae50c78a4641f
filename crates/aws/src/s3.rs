//! Objects of S3: read, listed, written.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/>

use std::io::{self, Read, Write};
use std::time::Duration;

use model::Timestamp;

use crate::client::{Client, Request};
use crate::encode::{decode_plus, encode_path};
use crate::endpoint;
use crate::error::{Error, plain};
use crate::xml::{self, Named as _};

/// How long the body of an object may take.
const OBJECT: Duration = Duration::from_hours(1);
/// Bytes that are handed on at a time.
const PART: usize = 1 << 16;

/// What is asked of S3.
#[derive(Clone)]
pub struct S3 {
    client: Client,
}

/// An object's place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place<'a> {
    /// The Region of its bucket.
    pub region: &'a str,
    /// The bucket.
    pub bucket: &'a str,
    /// The key, as it is.
    pub key: &'a str,
    /// The version; none stands for the latest.
    pub version: Option<&'a str>,
}

/// What is listed.
#[derive(Clone, Debug, Default)]
pub struct Listing<'a> {
    /// The Region of the bucket.
    pub region: &'a str,
    /// The bucket.
    pub bucket: &'a str,
    /// What keys begin with.
    pub prefix: &'a str,
    /// Whether keys that go on behind the next slash are told as their common prefix.
    pub by_folder: bool,
    /// Only keys behind this one.
    pub after: &'a str,
    /// Where the page before ended.
    pub token: Option<&'a str>,
}

/// A page of a listing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Page {
    /// Objects in the order of their keys.
    pub objects: Vec<Listed>,
    /// Common prefixes, with the slash at their end.
    pub folders: Vec<String>,
    /// What the next page is asked with; none after the last one.
    pub next: Option<String>,
}

/// An object of a listing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listed {
    /// Its key.
    pub key: String,
    /// Its size in bytes.
    pub size: u64,
    /// What tells its content from others, without quotation marks.
    pub etag: String,
    /// When it was written, if that is told.
    pub modified: Option<Timestamp>,
}

/// Why an object was not read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The service gave no object.
    #[error(transparent)]
    Service(#[from] Error),
    /// It could not be written where it should be.
    #[error("cannot write: {0}")]
    Write(#[source] io::Error),
}

impl S3 {
    /// With a client.
    pub fn new(client: Client) -> S3 {
        S3 { client }
    }

    /// Reads an object into `out`, at most `most` bytes, and gives its size. Between its parts `pause` is called.
    pub fn get(
        &self,
        place: &Place<'_>,
        most: u64,
        out: &mut dyn Write,
        pause: &mut dyn FnMut(),
    ) -> Result<u64, ReadError> {
        let mut request = self.request("GET", place.region, place.bucket, place.key)?;
        request.query.extend(place.version.map(|it| ("versionId".to_owned(), it.to_owned())));
        request.total = OBJECT;
        let opened = self.in_its_region(request, |it| self.client.open(it))?;
        let length = opened
            .headers
            .get("content-length")
            .and_then(|it| it.to_str().ok()?.parse::<u64>().ok());
        if length.is_some_and(|it| it > most) {
            return Err(Error::TooLarge(most).into());
        }
        let broken = |cause: String| Error::Connection { host: place.bucket.to_owned(), cause };
        let mut body = opened.body.take(most.saturating_add(1));
        let (mut size, mut part) = (0, vec![0; PART]);
        loop {
            let read = body.read(&mut part).map_err(|it| broken(plain(&it.to_string())))?;
            if read == 0 {
                break;
            }
            size += read as u64;
            if size > most {
                return Err(Error::TooLarge(most).into());
            }
            out.write_all(part.get(..read).unwrap_or_default()).map_err(ReadError::Write)?;
            pause();
        }
        if length.is_some_and(|it| it != size) {
            return Err(broken(format!("the object ends after {size} bytes")).into());
        }
        Ok(size)
    }

    /// Writes an object.
    pub fn put(&self, place: &Place<'_>, kind: &str, body: Vec<u8>) -> Result<(), Error> {
        let mut request = self
            .request("PUT", place.region, place.bucket, place.key)?
            .header("content-type", kind);
        request.body = body;
        self.in_its_region(request, |it| self.client.call(it))?;
        Ok(())
    }

    /// A page of a listing.
    pub fn list(&self, listing: &Listing<'_>) -> Result<Page, Error> {
        let mut request = self.request("GET", listing.region, listing.bucket, "")?;
        let mut ask =
            |name: &str, value: &str| request.query.push((name.to_owned(), value.to_owned()));
        ask("list-type", "2");
        // Keys may hold what XML may not.
        ask("encoding-type", "url");
        if !listing.prefix.is_empty() {
            ask("prefix", listing.prefix);
        }
        if listing.by_folder {
            ask("delimiter", "/");
        }
        if !listing.after.is_empty() {
            ask("start-after", listing.after);
        }
        if let Some(token) = listing.token {
            ask("continuation-token", token);
        }
        let answer = self.in_its_region(request, |it| self.client.call(it))?;
        page(&String::from_utf8_lossy(&answer.body))
            .map_err(|what| Error::Answer { service: "s3".to_owned(), what: plain(&what) })
    }

    fn request(
        &self,
        method: &'static str,
        region: &str,
        bucket: &str,
        key: &str,
    ) -> Result<Request, Error> {
        if !is_bucket(bucket) {
            return Err(Error::Settings(format!("`{}` is no name of a bucket", plain(bucket))));
        }
        let endpoint = self.client.endpoint("s3", region)?;
        // Certificates hold for one label before the service's name.
        let is_in_host = !self.client.has_custom_endpoint("s3")? && !bucket.contains('.');
        let (endpoint, folder) = match endpoint.split_once("://") {
            Some((scheme, authority)) if is_in_host => {
                (format!("{scheme}://{bucket}.{authority}"), String::new())
            }
            _ => (endpoint, format!("/{bucket}")),
        };
        let mut request = Request::post("s3", region, Vec::new());
        request.method = method;
        request.endpoint = Some(endpoint);
        request.path = format!("{folder}/{}", encode_path(key));
        Ok(request)
    }

    /// Asks once more where the bucket is said to lie elsewhere.
    fn in_its_region<T>(
        &self,
        mut request: Request,
        ask: impl Fn(&Request) -> Result<T, Error>,
    ) -> Result<T, Error> {
        match ask(&request) {
            Err(Error::Service { status: 301 | 307 | 400, region: Some(region), .. })
                if region != request.region && endpoint::is_region(&region) =>
            {
                if !self.client.has_custom_endpoint("s3")? {
                    let (old, new) = (
                        endpoint::of_aws("s3", &request.region)?,
                        endpoint::of_aws("s3", &region)?,
                    );
                    let (old, new) =
                        (old.trim_start_matches("https://"), new.trim_start_matches("https://"));
                    request.endpoint = request.endpoint.map(|it| it.replace(old, new));
                }
                request.region = region;
                ask(&request)
            }
            done => done,
        }
    }
}

/// Whether a text can be the name of a bucket: it becomes a part of host names and paths.
pub fn is_bucket(name: &str) -> bool {
    let is_in = |it: u8| it.is_ascii_alphanumeric() || b".-_".contains(&it);
    (3..=255).contains(&name.len())
        && name.bytes().all(is_in)
        && name.as_bytes().first() != Some(&b'.')
}

/// A key as it is, of how notifications and listings write it: percent-encoded, a space as `+`.
pub fn decode_key(text: &str) -> Option<String> {
    decode_plus(text)
}

fn page(text: &str) -> Result<Page, String> {
    let document = xml::parse(text)?;
    let root = document.root_element();
    if !root.has_tag_name_of("ListBucketResult") {
        return Err(format!("<{}>", root.tag_name().name()));
    }
    let is_encoded = xml::child(root, "EncodingType") == "url";
    let key = |text: &str| {
        if !is_encoded {
            return Ok(text.to_owned());
        }
        decode_plus(text).ok_or_else(|| format!("key `{text}`"))
    };
    let mut page = Page::default();
    for node in root.children() {
        if node.has_tag_name_of("Contents") {
            page.objects.push(Listed {
                key: key(xml::child(node, "Key"))?,
                size: xml::child(node, "Size")
                    .parse()
                    .map_err(|_| "no size of an object".to_owned())?,
                etag: xml::child(node, "ETag").trim_matches('"').to_owned(),
                modified: Timestamp::parse(xml::child(node, "LastModified")).ok(),
            });
        } else if node.has_tag_name_of("CommonPrefixes") {
            page.folders.push(key(xml::child(node, "Prefix"))?);
        }
    }
    if xml::child(root, "IsTruncated") == "true" {
        let token = xml::child(root, "NextContinuationToken");
        page.next = Some(token.to_owned()).filter(|it| !it.is_empty());
    }
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settings;
    use crate::testing::{Fake, reply};

    const PLACE: Place<'static> =
        Place { region: "us-east-1", bucket: "logs", key: "a b/c+d=é", version: Some("v1") };

    fn get(fake: &Fake, most: u64) -> (Result<u64, ReadError>, Vec<u8>) {
        let mut out = Vec::new();
        let got = S3::new(fake.client()).get(&PLACE, most, &mut out, &mut || {});
        (got, out)
    }

    #[test]
    fn an_object_is_asked_for_by_its_key_and_version() {
        let fake = Fake::start(vec![reply(200, "text")]);
        let (got, out) = get(&fake, 4);
        assert_eq!((got.unwrap(), out.as_slice()), (4, b"text".as_slice()));
        let sent = &fake.requests()[0];
        assert!(sent.starts_with("GET /logs/a%20b/c%2Bd%3D%C3%A9?versionId=v1 "), "{sent}");
        assert!(sent.contains("x-amz-content-sha256: e3b0c442"), "{sent}");
    }

    #[test]
    fn an_object_that_is_too_large_or_missing_is_told() {
        let missing = "<Error><Code>NoSuchKey</Code><Message>no</Message></Error>";
        let fake = Fake::start(vec![reply(200, "text!"), reply(404, missing)]);
        assert!(matches!(get(&fake, 4).0, Err(ReadError::Service(Error::TooLarge(4)))));
        let Err(ReadError::Service(error)) = get(&fake, 4).0 else { panic!() };
        assert!(error.is_missing() && error.code() == "NoSuchKey");
    }

    #[test]
    fn a_bucket_elsewhere_is_asked_there() {
        let moved = "<Error><Code>PermanentRedirect</Code></Error>";
        let fake = Fake::start(vec![
            reply(301, moved).header("x-amz-bucket-region: eu-west-1"),
            reply(200, "text"),
        ]);
        assert_eq!(get(&fake, 9).0.unwrap(), 4);
        assert!(fake.requests()[1].contains("/eu-west-1/s3/aws4_request"));
    }

    #[test]
    fn pages_are_read_with_keys_as_they_are() {
        let text = "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
            <EncodingType>url</EncodingType><IsTruncated>true</IsTruncated><NextContinuationToken>t=</NextContinuationToken>\
            <Contents><Key>a+b%2Bc</Key><Size>7</Size><ETag>&quot;e&quot;</ETag>\
            <LastModified>1970-01-01T00:00:07.000Z</LastModified></Contents>\
            <CommonPrefixes><Prefix>a/</Prefix></CommonPrefixes></ListBucketResult>";
        let fake = Fake::start(vec![reply(200, text), reply(200, "<html/>")]);
        let s3 = S3::new(fake.client());
        let listing = Listing {
            region: "us-east-1",
            bucket: "logs",
            prefix: "a",
            by_folder: true,
            ..Listing::default()
        };
        let page = s3.list(&listing).unwrap();
        let object = Listed {
            key: "a b+c".to_owned(),
            size: 7,
            etag: "e".to_owned(),
            modified: Some(Timestamp::from_secs(7)),
        };
        let expected = Page {
            objects: vec![object],
            folders: vec!["a/".to_owned()],
            next: Some("t=".to_owned()),
        };
        assert_eq!(page, expected);
        let sent = &fake.requests()[0];
        assert!(
            sent.starts_with("GET /logs/?delimiter=%2F&encoding-type=url&list-type=2&prefix=a "),
            "{sent}"
        );
        assert!(s3.list(&listing).unwrap_err().to_string().contains("<html>"));
    }

    #[test]
    fn an_object_is_written_with_its_type() {
        let fake = Fake::start(vec![reply(200, "")]);
        let place = Place { version: None, key: "x.json", ..PLACE };
        S3::new(fake.client()).put(&place, "application/json", b"{}".to_vec()).unwrap();
        let sent = &fake.requests()[0];
        assert!(sent.starts_with("PUT /logs/x.json ") && sent.ends_with("{}"), "{sent}");
    }

    #[test]
    fn buckets_are_in_the_host_name_unless_they_have_dots() {
        let s3 = S3::new(Client::new(Settings::of(&[])));
        let of = |bucket| {
            let request = s3.request("GET", "eu-west-1", bucket, "k").unwrap();
            format!("{}{}", request.endpoint.unwrap(), request.path)
        };
        assert_eq!(of("logs"), "https://logs.s3.eu-west-1.amazonaws.com/k");
        assert_eq!(of("my.logs"), "https://s3.eu-west-1.amazonaws.com/my.logs/k");
        for bucket in ["", "a", "a/b", "evil.example/x", ".ab", "a b c"] {
            assert!(s3.request("GET", "eu-west-1", bucket, "k").is_err(), "{bucket}");
        }
    }
}
