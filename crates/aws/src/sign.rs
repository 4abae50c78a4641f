//! Signature version 4: what makes a request one of the holder of a key.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use crate::encode::{encode_path, hex, sha256};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// A request as it is signed.
pub(crate) struct Signable<'a> {
    pub(crate) method: &'a str,
    /// The path as it is sent, encoded.
    pub(crate) path: &'a str,
    /// The query as it is sent: encoded and in order.
    pub(crate) query: &'a str,
    /// Names in lower case, with their values.
    pub(crate) headers: &'a [(String, String)],
    /// SHA-256 of the body in hexadecimal digits.
    pub(crate) payload: &'a str,
}

/// For what a signature holds.
pub(crate) struct Scope<'a> {
    pub(crate) service: &'a str,
    pub(crate) region: &'a str,
    /// Such as `20150830T123600Z`.
    pub(crate) time: &'a str,
}

/// The header `Authorization`.
pub(crate) fn authorization(
    it: &Signable<'_>,
    scope: &Scope<'_>,
    (id, secret): (&str, &str),
) -> String {
    let mut headers = it.headers.to_vec();
    headers.sort();
    let names: Vec<&str> = headers.iter().map(|it| it.0.as_str()).collect();
    let names = names.join(";");
    let day = scope.time.get(..8).unwrap_or_default();
    let credential = format!("{day}/{}/{}/aws4_request", scope.region, scope.service);
    let canonical = sha256(canonical(it, scope.service, &headers, &names).as_bytes());
    let text = format!("{ALGORITHM}\n{}\n{credential}\n{canonical}", scope.time);
    let key = [day, scope.region, scope.service, "aws4_request"]
        .iter()
        .fold(format!("AWS4{secret}").into_bytes(), |key, part| mac(&key, part));
    let signature = hex(&mac(&key, &text));
    format!(
        "{ALGORITHM} Credential={id}/{credential}, SignedHeaders={names}, Signature={signature}"
    )
}

fn canonical(
    it: &Signable<'_>,
    service: &str,
    headers: &[(String, String)],
    names: &str,
) -> String {
    // Every service but S3 signs the path encoded once more.
    let path = if service == "s3" { it.path.to_owned() } else { encode_path(it.path) };
    let path = if path.is_empty() { "/".to_owned() } else { path };
    let mut lines = String::new();
    for (name, value) in headers {
        let words: Vec<&str> = value.split(' ').filter(|it| !it.is_empty()).collect();
        lines.extend([name, ":", &words.join(" "), "\n"]);
    }
    format!("{}\n{path}\n{}\n{lines}\n{names}\n{}", it.method, it.query, it.payload)
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    // Keys of any length are taken.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn headers(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    /// The signature of a request of the suite that AWS published.
    fn suite(method: &str, query: &str, more: &[(&str, &str)]) -> String {
        let mut pairs = vec![("x-amz-date", "20150830T123600Z"), ("host", "example.amazonaws.com")];
        pairs.extend(more);
        let headers = headers(&pairs);
        let request = Signable { method, path: "/", query, headers: &headers, payload: EMPTY };
        let scope = Scope { service: "service", region: "us-east-1", time: "20150830T123600Z" };
        let keys = ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
        let signed = authorization(&request, &scope, keys);
        signed.rsplit_once('=').unwrap().1.to_owned()
    }

    #[test]
    fn the_published_suite_is_signed_alike() {
        for (method, query, more, signature) in [
            (
                "GET",
                "",
                &[][..],
                "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
            ),
            ("POST", "", &[], "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
            (
                "GET",
                "Param1=value1&Param2=value2",
                &[],
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            ),
            (
                "GET",
                "",
                &[("my-header1", " value1"), ("my-header2", " \"a   b   c\"")],
                "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
            ),
        ] {
            assert_eq!(suite(method, query, more), signature, "{method} {query}");
        }
    }

    /// The examples of S3's own guide.
    #[test]
    fn requests_to_s3_are_signed_as_in_its_guide() {
        let scope = Scope { service: "s3", region: "us-east-1", time: "20130524T000000Z" };
        let keys = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
        let sign = |path, query, more: &[(&str, &str)]| {
            let mut pairs = vec![
                ("host", "examplebucket.s3.amazonaws.com"),
                ("x-amz-content-sha256", EMPTY),
                ("x-amz-date", "20130524T000000Z"),
            ];
            pairs.extend(more);
            let headers = headers(&pairs);
            let request =
                Signable { method: "GET", path, query, headers: &headers, payload: EMPTY };
            authorization(&request, &scope, keys)
        };
        let get = sign("/test.txt", "", &[("range", "bytes=0-9")]);
        assert!(
            get.ends_with("f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
            "{get}"
        );
        let list = sign("/", "max-keys=2&prefix=J", &[]);
        assert!(
            list.ends_with("34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
            "{list}"
        );
    }
}
