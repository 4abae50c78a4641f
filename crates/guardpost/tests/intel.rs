//! `guardpost intel` against a server of its own: what is taken over, and what never replaces good data.
#![expect(
    clippy::unwrap_used,
    reason = "the program, the folder and the server of a test are there"
)]

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;
use tempfile::TempDir;

/// What a path answers.
#[derive(Clone)]
enum Answer {
    /// 200 with an `ETag`; 304 to whoever names it.
    Content(Vec<u8>),
    /// A status and a header line.
    Status(&'static str, String),
    /// A `Content-Length` that is never fulfilled.
    Stalled,
    /// Content without end or length.
    Endless,
}

/// Request heads by path.
type Heads = Arc<Mutex<Vec<(String, String)>>>;
type Answers = Arc<Mutex<HashMap<String, Answer>>>;

struct Server {
    address: SocketAddr,
    answers: Answers,
    heads: Heads,
}

impl Server {
    fn new() -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (answers, heads) = (Answers::default(), Heads::default());
        let (of_thread, seen) = (Arc::clone(&answers), Arc::clone(&heads));
        // The thread ends with the process of the test.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (answers, seen) = (Arc::clone(&of_thread), Arc::clone(&seen));
                thread::spawn(move || serve(stream.unwrap(), &answers, &seen));
            }
        });
        Server { address, answers, heads }
    }

    fn answer(&self, path: &str, answer: Answer) {
        self.answers.lock().unwrap().insert(path.to_owned(), answer);
    }

    fn text(&self, path: &str, text: &str) {
        self.answer(path, Answer::Content(text.as_bytes().to_vec()));
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// How often a path was asked, and the last head.
    fn asked(&self, path: &str) -> (usize, String) {
        let heads = self.heads.lock().unwrap();
        let of_path: Vec<_> = heads.iter().filter(|it| it.0 == path).collect();
        (of_path.len(), of_path.last().map(|it| it.1.clone()).unwrap_or_default())
    }
}

fn serve(mut stream: TcpStream, answers: &Answers, heads: &Heads) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut head = String::new();
    while reader.read_line(&mut head).unwrap_or(0) > 0 && !head.ends_with("\r\n\r\n") {}
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let head = head.to_ascii_lowercase();
    heads.lock().unwrap().push((path.clone(), head.clone()));
    let answer = answers.lock().unwrap().get(&path).cloned();
    let missing = Answer::Status("404 Not Found", String::new());
    // The client may close before everything is written.
    let _closed = match answer.unwrap_or(missing) {
        Answer::Content(body) => {
            let etag =
                format!("\"{}-{}\"", body.len(), body.iter().map(|it| u32::from(*it)).sum::<u32>());
            if head.contains(&format!("if-none-match: {etag}")) {
                stream.write_all(b"HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n")
            } else {
                let length = body.len();
                let head = format!(
                    "HTTP/1.1 200 OK\r\nETag: {etag}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
                );
                stream.write_all(&[head.as_bytes(), &body].concat())
            }
        }
        Answer::Status(status, header) => {
            let text = format!(
                "HTTP/1.1 {status}\r\n{header}Content-Length: 0\r\nConnection: close\r\n\r\n"
            );
            stream.write_all(text.as_bytes())
        }
        Answer::Stalled => {
            let sent =
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n192.0.2.1\n");
            // Until the client gives up.
            let _gone = reader.read_line(&mut String::new());
            sent
        }
        Answer::Endless => {
            let mut sent = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
            while sent.is_ok() {
                sent = stream.write_all(&b"192.0.2.1\n".repeat(1000));
            }
            sent
        }
    };
}

struct Place {
    folder: TempDir,
    server: Server,
    feeds: String,
}

struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Place {
    fn new() -> Place {
        Place { folder: tempfile::tempdir().unwrap(), server: Server::new(), feeds: String::new() }
    }

    /// Adds a feed that the server answers.
    fn feed(&mut self, name: &str, category: &str, more: &str) {
        let url = self.server.url(&format!("/{name}"));
        let section =
            format!("[intel.feeds.{name}]\nurl = \"{url}\"\ncategory = \"{category}\"\n{more}\n");
        self.feeds.push_str(&section);
    }

    fn intel(&self) -> PathBuf {
        self.folder.path().join("intel")
    }

    fn run(&self, args: &[&str]) -> Ran {
        let output = Command::new(env!("CARGO_BIN_EXE_guardpost"))
            .args(args)
            .current_dir(self.folder.path())
            .env("XDG_DATA_HOME", self.folder.path().join("data"))
            .output()
            .unwrap();
        Ran {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Asks the feeds of the test; those that come with the program are left alone.
    fn update(&self, more: &[&str]) -> Ran {
        let text = format!("[intel]\ntimeout_secs = 1\nfeed_bytes = 65536\n{}", self.feeds);
        std::fs::write(self.folder.path().join("c.toml"), text).unwrap();
        let names: Vec<&str> = self
            .feeds
            .lines()
            .filter_map(|it| it.strip_prefix("[intel.feeds.")?.strip_suffix(']'))
            .collect();
        let args = ["intel", "update", "--dir", "intel", "-c", "c.toml"];
        self.run(&[&args[..], &names, more].concat())
    }

    fn index(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.intel().join("index.json")).unwrap()).unwrap()
    }

    fn entry(&self, name: &str) -> Value {
        let index = self.index();
        let lists = index["lists"].as_array().unwrap();
        lists.iter().find(|it| it["name"] == name).cloned().unwrap_or(Value::Null)
    }

    fn lookup(&self, value: &str) -> Value {
        let ran = self.run(&["intel", "lookup", value, "--dir", "intel", "-f", "json"]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        serde_json::from_str(&ran.out).unwrap()
    }

    /// Sets the times of a list back.
    fn age(&self, name: &str, time: &str) {
        let mut index = self.index();
        for list in index["lists"].as_array_mut().unwrap() {
            if list["name"] == name {
                list["checked"] = Value::from(time);
            }
        }
        std::fs::write(self.intel().join("index.json"), index.to_string()).unwrap();
    }

    /// Answers the feed anew, and expects that its list stays as it is and the reason is told.
    fn keeps(&self, answer: Answer, reason: &str) {
        let before = self.entry("exits");
        self.server.answer("/exits", answer);
        self.age("exits", "2026-01-01T00:00:00Z");
        let ran = self.update(&[]);
        assert_eq!(ran.code, 1, "{}", ran.err);
        assert!(ran.err.contains("FAILED") && ran.err.contains(reason), "{}", ran.err);
        assert!(ran.err.contains("20 entries") && ran.err.contains("in use"), "{}", ran.err);
        let after = self.entry("exits");
        for member in ["sha256", "entries", "file", "fetched"] {
            assert_eq!(before[member], after[member], "{member}");
        }
        assert!(after["last_error"].as_str().unwrap().contains(reason));
        assert_eq!(self.lookup("198.51.100.7")["categories"][0], "tor-exit");
    }
}

fn addresses(number: usize) -> String {
    (0..number).map(|it| format!("198.51.100.{it}")).collect::<Vec<_>>().join("\n") + "\n"
}

fn with_exits() -> Place {
    let mut place = Place::new();
    place.feed("exits", "tor-exit", "license = \"own work\"");
    place.server.text("/exits", &addresses(20));
    let ran = place.update(&[]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("20 entries (new), SHA-256 "), "{}", ran.err);
    place
}

#[test]
fn a_new_feed_is_loaded_listed_and_looked_up() {
    let place = with_exits();
    let entry = place.entry("exits");
    assert_eq!((&entry["category"], &entry["license"]), (&"tor-exit".into(), &"own work".into()));
    assert_eq!(entry["entries"], 20);
    let listed = place.run(&["intel", "list", "--dir", "intel", "-c", "c.toml"]);
    let line = listed.out.lines().find(|it| it.starts_with("exits ")).unwrap();
    for part in ["tor-exit", "on", "20", "0 min", "own work", "http://127.0.0.1"] {
        assert!(line.contains(part), "{line}");
    }
    let line = listed.out.lines().find(|it| it.starts_with("dshield ")).unwrap();
    assert!(line.contains("off") && line.contains("not for commercial use"), "{line}");
    let json = place.run(&["intel", "list", "--dir", "intel", "-c", "c.toml", "-f", "json"]);
    let rows: Value = serde_json::from_str(&json.out).unwrap();
    let row = rows.as_array().unwrap().iter().find(|it| it["name"] == "exits").unwrap();
    assert_eq!(
        (&row["entries"], &row["enabled"], &row["stale"]),
        (&20.into(), &true.into(), &false.into())
    );

    let answer = place.lookup("198.51.100.7");
    assert_eq!(answer["categories"], serde_json::json!(["tor-exit"]));
    let hit = &answer["hits"][0];
    assert_eq!((&hit["list"], &hit["confidence"]), (&"exits".into(), &"medium".into()));
    assert_eq!((&hit["line"], &hit["fetched"]), (&"198.51.100.7".into(), &entry["fetched"]));
    assert!(place.lookup("198.51.100.77")["hits"].as_array().unwrap().is_empty());
    assert!(!place.run(&["intel", "lookup", "a b", "--dir", "intel"]).err.is_empty());
}

#[test]
fn feeds_in_the_shapes_of_the_public_ones_are_read() {
    let mut place = Place::new();
    place.feed("relays", "tor-relay", "");
    place.feed("tracker", "command-and-control", "confidence = \"high\"");
    place.feed("drop", "malicious-caller", "");
    place.feed("miners", "mining-pool", "format = \"hosts\"");
    place.feed("blocks", "scanner", "format = \"dshield\"");
    place.feed("packed", "phishing", "");
    place.server.text(
        "/relays",
        "fingerprint, ipaddr, port\n00AA11, 192.0.2.10, 9001\n00AA11, 2001:db8::10, 9001\n",
    );
    place.server.text(
        "/tracker",
        "# comment\r\n# \"first_seen_utc\",\"dst_ip\",\"dst_port\",\"c2_status\",\"malware\"\r\n\
         \"2026-01-05 10:00:00\",\"192.0.2.20\",\"443\",\"online\",\"ExampleBot\"\r\n\
         \"2026-01-06 10:00:00\",\"192.0.2.21\",\"443\",\"offline\",\"ExampleBot\"\r\n# END 2 entries\r\n",
    );
    place
        .server
        .text("/drop", "; comment\n192.0.2.64/28 ; SBL000001\n203.0.113.0/25 ; SBL000002\n");
    place.server.text("/miners", "# list\n0.0.0.0 pool.example.com\n0.0.0.0 miner.example.org\n");
    place.server.text("/blocks", "# c\nStart\tEnd\tNetmask\n203.0.113.128\t203.0.113.255\t25\t9\n");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(b"login.example.net\nbank.example.net\n").unwrap();
    place.server.answer("/packed", Answer::Content(packed.finish().unwrap()));
    let ran = place.update(&[]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    for (value, category) in [
        ("192.0.2.10", "tor-relay"),
        ("2001:db8::10", "tor-relay"),
        ("192.0.2.20", "command-and-control"),
        ("192.0.2.70", "malicious-caller"),
        ("x.pool.example.com", "mining-pool"),
        ("203.0.113.200", "scanner"),
        ("https://login.example.net/x", "phishing"),
    ] {
        assert_eq!(place.lookup(value)["categories"][0], category, "{value}");
    }
    let hit = &place.lookup("192.0.2.20")["hits"][0];
    assert_eq!((&hit["threat"], &hit["confidence"]), (&"ExampleBot".into(), &"high".into()));
    assert!(hit["line"].as_str().unwrap().contains("2026-01-05"));
}

#[test]
fn a_feed_that_is_not_modified_is_not_sent_again() {
    let place = with_exits();
    let before = place.entry("exits");
    assert!(place.update(&[]).err.contains("not due"));
    assert_eq!(place.server.asked("/exits").0, 1);
    place.age("exits", "2026-01-01T00:00:00Z");
    let ran = place.update(&[]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("same"), "{}", ran.err);
    let (times, head) = place.server.asked("/exits");
    assert!(times == 2 && head.contains("if-none-match: \""), "{head}");
    let after = place.entry("exits");
    assert_eq!((&after["fetched"], &after["sha256"]), (&before["fetched"], &before["sha256"]));
    assert!(after["checked"].as_str().unwrap() > "2026-01-01T00:00:00Z");
}

#[test]
fn other_content_replaces_the_list_and_its_file() {
    let place = with_exits();
    let before = place.entry("exits");
    place.server.text("/exits", &addresses(30));
    let ran = place.update(&["--force"]);
    assert!(ran.err.contains("30 entries (20 before)"), "{}", ran.err);
    assert_eq!(place.entry("exits")["added"], before["added"]);
    assert_ne!(place.entry("exits")["sha256"], before["sha256"]);
    let lists = std::fs::read_dir(place.intel()).unwrap();
    let lists =
        lists.filter(|it| it.as_ref().unwrap().path().extension().is_some_and(|it| it == "list"));
    assert_eq!(lists.count(), 1);
}

#[test]
fn bad_answers_do_not_replace_good_data() {
    let place = with_exits();
    let page = "<html>\n<body>\n<h1>Please log in</h1>\n</body>\n</html>\n";
    place.keeps(Answer::Content(page.into()), "no usable entry");
    place.keeps(Answer::Content(Vec::new()), "no usable entry");
    place.keeps(Answer::Content([0x1f, 0x8b, 8, 0, 1, 2].into()), "damaged gzip");
    place.keeps(Answer::Content(addresses(1).into()), "too few to be believed");
    place.keeps(Answer::Status("503 Service Unavailable", String::new()), "503");
}

#[test]
fn too_large_too_slow_and_endless_answers_are_broken_off() {
    let place = with_exits();
    place.keeps(Answer::Content(addresses(20).repeat(400).into()), "more than 65.5 kB");
    place.keeps(Answer::Endless, "more than 65.5 kB");
    place.keeps(Answer::Stalled, "no complete answer within 1 s");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(&b"192.0.2.1\n".repeat(100_000)).unwrap();
    place.keeps(Answer::Content(packed.finish().unwrap()), "more than 65.5 kB");
}

#[test]
fn redirects_are_followed_within_bounds() {
    let mut place = with_exits();
    let to = |url: &str| Answer::Status("302 Found", format!("Location: {url}\r\n"));
    place.keeps(to("/exits"), "redirects");
    place.keeps(to("http://example.com/list"), "use https://");
    place.keeps(to("file:///etc/hosts"), "not allowed");
    place.feed("moved", "scanner", "");
    place.server.answer("/exits", to(&place.server.url("/there")));
    place.server.text("/there", &addresses(25));
    place.server.answer("/moved", to("there"));
    let ran = place.update(&["--force"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(
        (&place.entry("exits")["entries"], &place.entry("moved")["entries"]),
        (&25.into(), &25.into())
    );
}

#[test]
fn one_feed_that_fails_leaves_the_others_alone() {
    let mut place = with_exits();
    place.feed("absent", "scanner", "");
    let ran = place.update(&["--force"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("404") && ran.err.contains("there is no list of it"), "{}", ran.err);
    assert!(ran.out.contains("2 feeds: 0 loaded, 1 failed"), "{}", ran.out);
    assert_eq!(place.entry("exits")["entries"], 20);
    assert_eq!(place.entry("absent"), Value::Null);
    let off = place.run(&["intel", "update", "dshield", "--dir", "intel"]);
    assert!(off.code == 1 && off.err.contains("enabled = true"), "{}", off.err);
    assert!(place.run(&["intel", "update", "nonsense", "--dir", "intel"]).err.contains("no feed"));
}

#[test]
fn files_are_kept_under_a_name() {
    let place = Place::new();
    std::fs::write(place.folder.path().join("Own List.txt"), "192.0.2.5\nnonsense here\n").unwrap();
    let ran = place.run(&["intel", "add", "scanner=Own List.txt", "--dir", "intel"]);
    assert!(ran.code == 0 && ran.out.starts_with("own-list (scanner): 1 entry"), "{}", ran.out);
    assert!(ran.err.contains("1 line not used"), "{}", ran.err);
    assert_eq!(place.lookup("192.0.2.5")["categories"], serde_json::json!(["scanner"]));
    let again = ["intel", "add", "Own List.txt", "--name", "own-list", "--dir", "intel"];
    assert_eq!(place.run(&again).code, 0);
    assert_eq!(place.lookup("192.0.2.5")["categories"], serde_json::json!(["threat"]));
    std::fs::write(place.folder.path().join("empty.txt"), "# nothing\n").unwrap();
    for (args, expected) in [
        (["intel", "add", "empty.txt", "--dir", "intel"], "no usable entry"),
        (["intel", "add", "absent.txt", "--dir", "intel"], "absent.txt"),
        (["intel", "add", "nonsense=empty.txt", "--dir", "intel"], "give one of"),
    ] {
        let ran = place.run(&args);
        assert!(ran.code == 1 && ran.err.contains(expected), "{}", ran.err);
    }
    let taken = ["intel", "add", "Own List.txt", "--name", "ipsum", "--dir", "intel"];
    assert!(place.run(&taken).err.contains("name of a feed"));
}

/// Query logs of a name on a list of the intel directory.
fn with_queries() -> Place {
    let mut place = Place::new();
    place.feed("c2", "command-and-control", "");
    place.server.text("/c2", "c2.example.net\n");
    assert_eq!(place.update(&[]).code, 0);
    let query = |second: u32| {
        format!(
            r#"{{"version":"1.100000","account_id":"111122223333","region":"us-east-1","vpc_id":"vpc-0a1b2c3d","query_timestamp":"2026-01-05T10:00:{second:02}Z","query_name":"c2.example.net.","query_type":"A","query_class":"IN","rcode":"NOERROR","answers":[],"srcaddr":"10.0.0.5","srcport":"40000","transport":"UDP","srcids":{{"instance":"i-0aaaaaaaaaaaaaaa1"}}}}"#
        ) + "\n"
    };
    let logs = place.folder.path().join("logs");
    std::fs::create_dir(&logs).unwrap();
    std::fs::write(logs.join("queries.log"), (0..5).map(query).collect::<String>()).unwrap();
    place
}

#[test]
fn a_scan_uses_the_directory_and_says_so() {
    let place = with_queries();
    let scan = |more: &[&str]| place.run(&[&["scan", "logs", "-f", "json"], more].concat());
    let ran = scan(&["--intel-dir", "intel"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("C&CActivity.B!DNS"), "{}{}", ran.out, ran.err);
    let line = ran.err.lines().find(|it| it.starts_with("Lists ")).unwrap();
    assert!(line.contains("c2 (command-and-control): 1 entry, 0 min old"), "{line}");
    assert!(!ran.err.contains("stale"));

    let standard = place.folder.path().join("data/guardpost");
    std::fs::create_dir_all(&standard).unwrap();
    std::fs::rename(place.intel(), standard.join("intel")).unwrap();
    assert!(scan(&[]).out.contains("C&CActivity.B!DNS"));
    let without = scan(&["--no-intel-dir"]);
    assert!(without.out.is_empty() && !without.err.contains("Lists "), "{}", without.err);
    let coverage =
        |more: &[&str]| place.run(&[&["coverage", "logs", "-f", "json"], more].concat()).out;
    assert_ne!(coverage(&[]), "");
    let missing = scan(&["--intel-dir", "absent"]);
    assert!(missing.code == 1 && missing.err.contains("guardpost intel update"), "{}", missing.err);
}

#[test]
fn stale_and_damaged_lists_are_told() {
    let place = with_queries();
    let scan = || place.run(&["scan", "logs", "-f", "json", "--intel-dir", "intel"]);
    place.age("c2", "2026-01-01T00:00:00Z");
    let ran = scan();
    assert!(ran.out.contains("C&CActivity.B!DNS"));
    assert!(
        ran.err.contains("stale lists: c2") && ran.err.contains("guardpost intel update"),
        "{}",
        ran.err
    );
    let coverage = place.run(&["coverage", "logs", "--intel-dir", "intel"]).out;
    let of_type = |name: &str| coverage.lines().find(|it| it.starts_with(name)).unwrap().to_owned();
    let row = of_type("Backdoor:EC2/C&CActivity.B!DNS");
    assert!(row.contains("limited") && row.contains("are stale: c2 is "), "{row}");
    assert!(coverage.contains("Change    run `guardpost intel update`"), "{coverage}");

    let file = place.entry("c2")["file"].as_str().unwrap().to_owned();
    std::fs::write(place.intel().join(file), "other.example.net\n").unwrap();
    let ran = scan();
    assert!(ran.code == 0 && ran.out.is_empty(), "{}", ran.out);
    assert!(ran.err.contains("SHA-256 differs"), "{}", ran.err);
    // What is damaged is fetched anew, without asking whether it changed.
    assert!(place.update(&[]).err.contains("loaded"));
    assert!(scan().out.contains("C&CActivity.B!DNS"));

    std::fs::write(place.intel().join("index.json"), "{").unwrap();
    let ran = scan();
    assert!(ran.code == 1 && ran.err.contains("--no-intel-dir"), "{}", ran.err);
}

#[test]
fn lists_that_are_turned_off_are_not_used() {
    let place = with_queries();
    std::fs::write(place.folder.path().join("off.toml"), "[intel.feeds.c2]\nenabled = false\n")
        .unwrap();
    let ran = place.run(&["scan", "logs", "-f", "json", "--intel-dir", "intel", "-c", "off.toml"]);
    assert!(ran.code == 0 && ran.out.is_empty(), "{}{}", ran.out, ran.err);
}
