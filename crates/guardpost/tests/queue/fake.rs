//! S3 and SQS as far as the service asks them, in this process.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// The bucket and the queue.
pub(crate) const BUCKET: &str = "logs";
const QUEUE: &str = "111122223333/guardpost";

/// A running server.
pub(crate) struct Fake {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) objects: BTreeMap<String, Vec<u8>>,
    /// Keys that may not be read.
    pub(crate) denied: Vec<String>,
    pub(crate) messages: Vec<Message>,
    /// How often objects were read.
    pub(crate) reads: u64,
    /// Where listings began.
    pub(crate) listed: Vec<String>,
    /// Requests of each kind.
    pub(crate) asked: BTreeMap<String, u64>,
    /// So many requests are answered with an error first.
    pub(crate) failures: u64,
    /// Instead of what is asked for, so that tests need not wait.
    pub(crate) hidden: Option<Duration>,
    next: u64,
}

pub(crate) struct Message {
    id: u64,
    body: String,
    visible: Instant,
    received: u64,
}

impl Fake {
    pub(crate) fn start() -> Fake {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state: Arc<Mutex<State>> = Arc::default();
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let state = Arc::clone(&shared);
                // Whoever asked may be killed meanwhile.
                std::thread::spawn(move || _ = answer(&stream, &state).is_ok());
            }
        });
        Fake { url, state }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn queue_url(&self) -> String {
        format!("{}/{QUEUE}", self.url)
    }

    /// Writes an object without telling anybody.
    pub(crate) fn put(&self, key: &str, bytes: &[u8]) {
        self.state().objects.insert(key.to_owned(), bytes.to_vec());
    }

    pub(crate) fn send(&self, body: &Value) {
        let mut state = self.state();
        state.next += 1;
        let message = Message {
            id: state.next,
            body: body.to_string(),
            visible: Instant::now(),
            received: 0,
        };
        state.messages.push(message);
    }

    /// Messages that are not deleted.
    pub(crate) fn left(&self) -> usize {
        self.state().messages.len()
    }
}

fn answer(stream: &TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length, mut target) = (String::new(), 0, String::new());
    reader.read_line(&mut head)?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let (name, value) = line.split_once(':').unwrap_or_default();
        match name.to_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap(),
            "x-amz-target" => value.trim().clone_into(&mut target),
            _ => {}
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let operation = target.strip_prefix("AmazonSQS.").unwrap_or("GetObject").to_owned();
    let is_failing = {
        let mut state = state.lock().unwrap();
        *state.asked.entry(operation.clone()).or_default() += 1;
        let is_failing = state.failures > 0;
        state.failures = state.failures.saturating_sub(1);
        is_failing
    };
    let (status, answer) = if is_failing {
        (503, b"{\"__type\":\"ServiceUnavailable\"}".to_vec())
    } else if target.is_empty() {
        object(&path, &mut state.lock().unwrap())
    } else {
        let body: Value = serde_json::from_slice(&body).unwrap();
        (200, sqs(&operation, &body, state).to_string().into_bytes())
    };
    let mut stream = stream;
    let head = format!(
        "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        answer.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(&answer)
}

fn object(path: &str, state: &mut State) -> (u16, Vec<u8>) {
    let (place, query) = path.split_once('?').unwrap_or((path, ""));
    if query.contains("list-type=2") {
        return (200, listing(query, state).into_bytes());
    }
    let path = place;
    let key = path.strip_prefix(&format!("/{BUCKET}/")).map(decoded).unwrap_or_default();
    state.reads += 1;
    if state.denied.contains(&key) {
        return (403, b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>".to_vec());
    }
    match state.objects.get(&key) {
        Some(bytes) => (200, bytes.clone()),
        None => (404, b"<Error><Code>NoSuchKey</Code><Message>no</Message></Error>".to_vec()),
    }
}

/// A page of a listing, of few keys so that there are several.
fn listing(query: &str, state: &mut State) -> String {
    use std::fmt::Write as _;
    let parts: BTreeMap<&str, String> = query
        .split('&')
        .filter_map(|it| it.split_once('='))
        .map(|(k, v)| (k, decoded(v)))
        .collect();
    let part = |name: &str| parts.get(name).cloned().unwrap_or_default();
    let (prefix, after) = (part("prefix"), part("continuation-token").max(part("start-after")));
    state.listed.push(part("start-after"));
    let (mut contents, mut folders, mut last) =
        (String::new(), Vec::<String>::new(), String::new());
    let mut count = 0;
    for (key, bytes) in state.objects.iter().filter(|it| it.0.starts_with(&prefix)) {
        let below = key[prefix.len()..].split_once('/').map(|it| format!("{prefix}{}/", it.0));
        let folder = below.filter(|_| !part("delimiter").is_empty());
        let name = folder.clone().unwrap_or(key.clone());
        if name <= after || folders.last() == Some(&name) {
            continue;
        }
        if count == 4 {
            let token = encoded(&last);
            contents += "<IsTruncated>true</IsTruncated>";
            write!(contents, "<NextContinuationToken>{token}</NextContinuationToken>").unwrap();
            break;
        }
        count += 1;
        last.clone_from(&name);
        if let Some(folder) = folder {
            folders.push(folder);
            continue;
        }
        let tag =
            bytes.iter().fold(7u64, |sum, it| sum.wrapping_mul(31).wrapping_add((*it).into()));
        let (key, size) = (encoded(key), bytes.len());
        write!(contents, "<Contents><Key>{key}</Key><Size>{size}</Size>").unwrap();
        write!(contents, "<ETag>&quot;{tag:x}&quot;</ETag></Contents>").unwrap();
    }
    for folder in folders {
        write!(contents, "<CommonPrefixes><Prefix>{}</Prefix></CommonPrefixes>", encoded(&folder))
            .unwrap();
    }
    format!("<ListBucketResult><EncodingType>url</EncodingType>{contents}</ListBucketResult>")
}

/// As `encoding-type=url` asks for it.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |out, it| match it {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' => {
            out + &(it as char).to_string()
        }
        _ => out + &format!("%{it:02X}"),
    })
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let digits =
            [rest.clone().next(), rest.clone().nth(1)].map(|it| it.unwrap_or_default() as char);
        if byte == b'%' {
            bytes.push(u8::from_str_radix(&String::from_iter(digits), 16).unwrap());
            rest.nth(1);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).unwrap()
}

fn sqs(operation: &str, body: &Value, state: &Mutex<State>) -> Value {
    match operation {
        "ReceiveMessage" => {
            let until =
                Instant::now() + Duration::from_secs(body["WaitTimeSeconds"].as_u64().unwrap());
            loop {
                let messages = receive(body, &mut state.lock().unwrap());
                if !messages.is_empty() || Instant::now() >= until {
                    return json!({ "Messages": messages });
                }
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        "DeleteMessageBatch" => {
            let receipts: Vec<u64> = receipts(body).map(|it| it.0).collect();
            state.lock().unwrap().messages.retain(|it| !receipts.contains(&it.id));
            json!({ "Successful": [], "Failed": [] })
        }
        "ChangeMessageVisibilityBatch" => {
            let mut state = state.lock().unwrap();
            for (id, seconds) in receipts(body) {
                for it in state.messages.iter_mut().filter(|it| it.id == id) {
                    it.visible = Instant::now() + Duration::from_secs(seconds);
                }
            }
            json!({ "Successful": [], "Failed": [] })
        }
        "GetQueueAttributes" => {
            let count = state.lock().unwrap().messages.len().to_string();
            json!({ "Attributes": { "ApproximateNumberOfMessages": count } })
        }
        other => panic!("{other}"),
    }
}

fn receipts(body: &Value) -> impl Iterator<Item = (u64, u64)> {
    body["Entries"].as_array().unwrap().iter().map(|it| {
        let id = it["ReceiptHandle"].as_str().unwrap().parse().unwrap();
        (id, it["VisibilityTimeout"].as_u64().unwrap_or_default())
    })
}

fn receive(body: &Value, state: &mut State) -> Vec<Value> {
    let most = body["MaxNumberOfMessages"].as_u64().unwrap() as usize;
    let asked = Duration::from_secs(body["VisibilityTimeout"].as_u64().unwrap());
    let (now, hidden) = (Instant::now(), state.hidden.unwrap_or(asked));
    let visible = state.messages.iter_mut().filter(|it| it.visible <= now).take(most);
    visible
        .map(|it| {
            it.visible = now + hidden;
            it.received += 1;
            json!({
                "MessageId": format!("m-{}", it.id),
                "ReceiptHandle": it.id.to_string(),
                "Body": it.body,
                "Attributes": {
                    "SentTimestamp": "1767600000000",
                    "ApproximateReceiveCount": it.received.to_string(),
                },
            })
        })
        .collect()
}
