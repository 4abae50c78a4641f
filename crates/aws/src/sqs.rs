//! Messages of SQS, by its JSON protocol.
//!
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/>

use std::collections::BTreeMap;
use std::time::Duration;

use model::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::{Client, Request};
use crate::endpoint::{is_region, origin};
use crate::error::{Error, plain};

/// Messages of one request.
pub const TOGETHER: usize = 10;

/// A queue.
#[derive(Clone)]
pub struct Queue {
    client: Client,
    url: String,
    region: String,
    endpoint: Option<String>,
}

/// A message that was received and is hidden from others for a while.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// Its identifier.
    pub id: String,
    /// What it is deleted by.
    pub receipt: String,
    /// What was sent.
    pub body: String,
    /// When it was sent.
    pub sent: Option<Timestamp>,
    /// How often it was received, this time included.
    pub received: u32,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Received {
    messages: Vec<Wire>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Wire {
    message_id: String,
    receipt_handle: String,
    body: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

impl Queue {
    /// The queue of an address, such as `https://sqs.us-east-1.amazonaws.com/111122223333/logs`. Its Region is in
    /// the address, else the one that is given, else that of the settings.
    pub fn new(client: &Client, url: &str, region: Option<&str>) -> Result<Queue, Error> {
        let own = origin(url).map_err(Error::Settings)?;
        let given = region.filter(|it| !it.is_empty());
        let region = client.region(given.or_else(|| region_of(&own)))?;
        let endpoint = if client.has_custom_endpoint("sqs")? { None } else { Some(own) };
        Ok(Queue { client: client.clone(), url: url.to_owned(), region, endpoint })
    }

    /// Its Region.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// Waits for messages, ten at most, and hides them from others.
    pub fn receive(&self, wait: Duration, hidden: Duration) -> Result<Vec<Message>, Error> {
        let body = json!({
            "QueueUrl": self.url,
            "MaxNumberOfMessages": TOGETHER,
            "WaitTimeSeconds": wait.as_secs(),
            "VisibilityTimeout": hidden.as_secs(),
            "MessageSystemAttributeNames": ["SentTimestamp", "ApproximateReceiveCount"],
        });
        let answer = self.ask("ReceiveMessage", &body, wait)?;
        let received: Received = match answer {
            Value::Null => Received::default(),
            answer => serde_json::from_value(answer).map_err(|it| unexpected(&it))?,
        };
        let message = |it: Wire| {
            let number = |name: &str| it.attributes.get(name)?.parse::<i64>().ok();
            Message {
                sent: number("SentTimestamp").map(Timestamp::from_millis),
                received: number("ApproximateReceiveCount")
                    .and_then(|it| it.try_into().ok())
                    .unwrap_or(1),
                id: it.message_id,
                receipt: it.receipt_handle,
                body: it.body,
            }
        };
        Ok(received.messages.into_iter().take(TOGETHER).map(message).collect())
    }

    /// Deletes messages. Gives how many were not: they come again.
    pub fn delete(&self, receipts: &[&str]) -> Result<usize, Error> {
        self.each("DeleteMessageBatch", receipts, |_| {})
    }

    /// Hides messages for so long from now on; zero gives them back. Gives with how many that failed.
    pub fn hide(&self, receipts: &[&str], hidden: Duration) -> Result<usize, Error> {
        self.each("ChangeMessageVisibilityBatch", receipts, |entry| {
            entry["VisibilityTimeout"] = hidden.as_secs().into();
        })
    }

    /// Attributes, such as `ApproximateNumberOfMessages`.
    pub fn attributes(&self, names: &[&str]) -> Result<BTreeMap<String, String>, Error> {
        let body = json!({ "QueueUrl": self.url, "AttributeNames": names });
        let mut answer = self.ask("GetQueueAttributes", &body, Duration::ZERO)?;
        match answer.get_mut("Attributes").map(Value::take) {
            Some(attributes) => serde_json::from_value(attributes).map_err(|it| unexpected(&it)),
            None => Ok(BTreeMap::new()),
        }
    }

    fn each(
        &self,
        operation: &str,
        receipts: &[&str],
        more: impl Fn(&mut Value),
    ) -> Result<usize, Error> {
        let mut failed = 0;
        for some in receipts.chunks(TOGETHER) {
            let entry = |(at, receipt): (usize, &&str)| {
                let mut entry = json!({ "Id": at.to_string(), "ReceiptHandle": receipt });
                more(&mut entry);
                entry
            };
            let entries: Vec<Value> = some.iter().enumerate().map(entry).collect();
            let body = json!({ "QueueUrl": self.url, "Entries": entries });
            let answer = self.ask(operation, &body, Duration::ZERO)?;
            failed += answer.get("Failed").and_then(Value::as_array).map_or(0, Vec::len);
        }
        Ok(failed)
    }

    fn ask(&self, operation: &str, body: &Value, wait: Duration) -> Result<Value, Error> {
        let mut request = Request::post("sqs", &self.region, body.to_string().into_bytes());
        request.endpoint.clone_from(&self.endpoint);
        request.timeout = wait + Duration::from_secs(10);
        request.total = wait + Duration::from_secs(30);
        self.client.json("1.0", &format!("AmazonSQS.{operation}"), request)
    }
}

fn unexpected(error: &serde_json::Error) -> Error {
    Error::Answer { service: "sqs".to_owned(), what: plain(&error.to_string()) }
}

/// `us-east-1` of `https://sqs.us-east-1.amazonaws.com`, also of an endpoint in a network.
fn region_of(origin: &str) -> Option<&str> {
    let host = origin.split_once("://")?.1;
    let mut parts = host.split('.').skip_while(|it| *it != "sqs").skip(1);
    let found = parts.next().or_else(|| host.strip_suffix(".queue.amazonaws.com"))?;
    is_region(found).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Fake, reply};

    fn queue(fake: &Fake) -> Queue {
        Queue::new(&fake.client(), &format!("{}/111122223333/logs", fake.url), None).unwrap()
    }

    #[test]
    fn messages_are_received_with_when_and_how_often() {
        let fake = Fake::start(vec![
            reply(
                200,
                r#"{"Messages":[{"MessageId":"m","ReceiptHandle":"r","MD5OfBody":"x","Body":"{}",
                "Attributes":{"SentTimestamp":"1767600000000","ApproximateReceiveCount":"3"}}]}"#,
            ),
            reply(200, "{}"),
            reply(200, ""),
        ]);
        let queue = queue(&fake);
        let (wait, hidden) = (Duration::from_secs(1), Duration::from_secs(30));
        let messages = queue.receive(wait, hidden).unwrap();
        assert_eq!((messages[0].receipt.as_str(), messages[0].received), ("r", 3));
        assert_eq!(messages[0].sent, Some(Timestamp::from_secs(1_767_600_000)));
        assert_eq!(queue.receive(wait, hidden).unwrap(), []);
        assert_eq!(queue.receive(wait, hidden).unwrap(), []);
        let sent = &fake.requests()[0];
        assert!(
            sent.contains("AmazonSQS.ReceiveMessage") && sent.contains(r#""VisibilityTimeout":30"#),
            "{sent}"
        );
    }

    #[test]
    fn deletions_go_ten_at_a_time_and_failures_are_counted() {
        let fake = Fake::start(vec![reply(200, r#"{"Failed":[{"Id":"0"}]}"#), reply(200, "{}")]);
        let receipts = ["r"; 11];
        assert_eq!(queue(&fake).delete(&receipts).unwrap(), 1);
        assert_eq!(fake.requests().len(), 2);
    }

    #[test]
    fn the_region_is_in_the_address() {
        for (url, expected) in [
            ("https://sqs.eu-west-1.amazonaws.com", Some("eu-west-1")),
            ("https://vpce-0a-1b.sqs.eu-west-1.vpce.amazonaws.com", Some("eu-west-1")),
            ("https://us-west-2.queue.amazonaws.com", Some("us-west-2")),
            ("http://127.0.0.1:5000", None),
            ("https://sqs.example.com", None),
        ] {
            assert_eq!(region_of(url), expected, "{url}");
        }
    }
}
