//! A server for tests that answers what it is told to.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::{Client, Settings};

/// An answer to one request.
pub(crate) struct Reply {
    status: u16,
    headers: String,
    body: Vec<u8>,
}

pub(crate) fn reply(status: u16, body: &str) -> Reply {
    Reply { status, headers: String::new(), body: body.as_bytes().to_vec() }
}

impl Reply {
    pub(crate) fn header(mut self, line: &str) -> Reply {
        self.headers.push_str(line);
        self.headers.push_str("\r\n");
        self
    }
}

/// Answers one request after the other, then no more.
pub(crate) struct Fake {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Fake {
    pub(crate) fn start(replies: Vec<Reply>) -> Fake {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        thread::spawn(move || {
            for reply in replies {
                let Ok((stream, _)) = listener.accept() else { return };
                let request = read(&stream);
                seen.lock().unwrap().push(request);
                write(stream, &reply);
            }
        });
        Fake { url, requests }
    }

    /// Requests as they came, headers in lower case.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// A client that asks this server.
    pub(crate) fn client(&self) -> Client {
        Client::new(Settings::of(&[
            ("AWS_ENDPOINT_URL", &self.url),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_REGION", "us-east-1"),
        ]))
    }
}

fn read(stream: &TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let (mut text, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        text.push_str(&line);
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    text + &String::from_utf8(body).unwrap()
}

fn write(mut stream: TcpStream, reply: &Reply) {
    let length = reply.body.len();
    let head = format!(
        "HTTP/1.1 {} X\r\ncontent-length: {length}\r\nconnection: close\r\n{}\r\n",
        reply.status, reply.headers
    );
    // Who asked may have heard enough.
    let _gone = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&reply.body));
}
