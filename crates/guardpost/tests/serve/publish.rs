//! Findings on their way out: webhooks and a file.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::effect::{ADMIN, LISTED, TALKER, World, flows};

const SECRET: &str = "a secret of thirty-two bytes: ok";

/// A request that came.
#[derive(Clone, Debug)]
struct Request {
    head: String,
    body: String,
}

impl Request {
    fn header(&self, name: &str) -> &str {
        let named = |it: &str| it.to_lowercase().starts_with(&format!("{name}:"));
        let line = self.head.lines().find(|it| named(it)).unwrap_or_else(|| panic!("{name}"));
        line.split_once(':').unwrap().1.trim()
    }

    fn detail(&self) -> Value {
        serde_json::from_str::<Value>(&self.body).unwrap()["detail"].take()
    }

    fn has_signature(&self) -> bool {
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
        let (id, time) = (self.header("webhook-id"), self.header("webhook-timestamp"));
        mac.update(format!("{id}.{time}.{}", self.body).as_bytes());
        let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        self.header("webhook-signature") == expected
    }
}

/// A receiver that answers with these statuses in turn, then with 204.
struct Receiver {
    url: String,
    came: Arc<Mutex<Vec<Request>>>,
}

impl Receiver {
    fn start(answers: Vec<u16>) -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let came = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&came);
        thread::spawn(move || {
            let mut answers = answers.into_iter();
            for connection in listener.incoming() {
                let request = receive(connection.unwrap(), answers.next().unwrap_or(204));
                all.lock().unwrap().push(request);
            }
        });
        Receiver { url, came }
    }

    fn came(&self) -> Vec<Request> {
        self.came.lock().unwrap().clone()
    }
}

fn receive(mut connection: TcpStream, status: u16) -> Request {
    let mut reader = BufReader::new(connection.try_clone().unwrap());
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        reader.read_line(&mut head).unwrap();
    }
    let mut request = Request { head, body: String::new() };
    let length: usize = request.header("content-length").parse().unwrap();
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    request.body = String::from_utf8(body).unwrap();
    let answer = format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    connection.write_all(answer.as_bytes()).unwrap();
    request
}

fn world(receiver: &Receiver) -> World {
    World::start_with(|dir| {
        let secret = dir.join("secret");
        fs::write(&secret, SECRET).unwrap();
        format!(
            "allow_private_locations = true\nallow_http = true\nfindings_file = \"{}\"\n\
             webhooks = [{{ name = \"soc\", url = \"{}\", secret_file = \"{}\" }}]\n",
            dir.join("findings.jsonl").display(),
            receiver.url,
            secret.display()
        )
    })
}

fn lines(world: &World) -> Vec<Value> {
    let text = fs::read_to_string(world.dir.path().join("findings.jsonl")).unwrap_or_default();
    text.lines().map(|it| serde_json::from_str(it).unwrap()).collect()
}

#[test]
fn new_findings_are_published_at_once_signed_and_again_until_they_are_taken() {
    // The receiver is down for two attempts, the second one when the service was killed between.
    let receiver = Receiver::start(vec![503, 503]);
    let world = world(&receiver);
    world.list("threatintelset", LISTED, "ACTIVE");
    world.push(&flows(1, LISTED));
    world.service.wait("the first attempt", |_| !receiver.came().is_empty());
    let world = world.kill();
    world.service.wait("the third attempt", |_| receiver.came().len() >= 3);
    let came = receiver.came();
    assert!(came.iter().all(Request::has_signature), "{came:?}");
    assert!(came.iter().all(|it| it.header("webhook-id") == came[0].header("webhook-id")));
    let event: Value = serde_json::from_str(&came[2].body).unwrap();
    assert_eq!(event["detail-type"], "GuardDuty Finding");
    assert_eq!((&event["source"], &event["version"]), (&json!("aws.guardduty"), &json!("0")));
    assert_eq!(
        (&event["account"], &event["region"]),
        (&json!("111122223333"), &json!("us-east-1"))
    );
    assert_eq!(event["detail"]["type"], TALKER);
    // As the API gives it.
    let target = format!(
        "/detector/{}/findings/get",
        event["detail"]["service"]["detectorId"].as_str().unwrap()
    );
    let ids = json!({ "findingIds": [event["detail"]["id"]] });
    let got = world.service.ok(ADMIN, "POST", &target, &ids);
    assert_eq!(got["findings"][0]["id"], event["detail"]["id"]);
    assert_eq!(got["findings"][0]["arn"], event["detail"]["arn"]);
    // The kill may have come between the line and the note of it.
    world.service.wait("the file", |_| !lines(&world).is_empty());
    world.service.wait("both sinks", |it| it.metric("published_total") >= 1);
    let written = lines(&world);
    assert!(written.iter().all(|it| *it == event["detail"]), "{written:?}");
    // An update waits for the end of its window, six hours by default.
    world.push(&flows(2, LISTED));
    world.expect(TALKER, 2);
    thread::sleep(Duration::from_secs(2));
    assert_eq!((receiver.came().len(), lines(&world).len()), (3, written.len()));
    world.service.end();
}

#[test]
fn what_a_filter_archives_is_not_published_and_what_is_refused_is_kept_apart() {
    let receiver = Receiver::start(vec![400]);
    let world = world(&receiver);
    world.list("threatintelset", LISTED, "ACTIVE");
    let criteria = json!({"criterion": {"type": {"equals": [TALKER]}}});
    let filter = json!({"name": "quiet", "action": "ARCHIVE", "findingCriteria": criteria});
    world.call("POST", "/filter", &filter);
    world.push(&flows(1, LISTED));
    world.service.wait("the finding", |it| it.metric("findings_opened_total") == 1);
    world.call(
        "POST",
        "/findings/create",
        &json!({"findingTypes": ["Policy:S3/BucketPublicAccessGranted"]}),
    );
    world.service.wait("giving up", |it| it.metric("dead_letters_total") == 1);
    world.service.wait("the file", |_| lines(&world).len() == 1);
    let came = receiver.came();
    assert_eq!(came.len(), 1, "{came:?}");
    assert_eq!(came[0].detail()["type"], "Policy:S3/BucketPublicAccessGranted");
    let dead = world.dir.path().join("data/dead-letters.webhook.soc.jsonl");
    let dead: Value = serde_json::from_str(fs::read_to_string(dead).unwrap().trim()).unwrap();
    assert_eq!(dead["event"], serde_json::from_str::<Value>(&came[0].body).unwrap());
    assert_eq!(dead["reason"], "the receiver answered 400");
    world.service.end();
}
