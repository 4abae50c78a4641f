//! The suite over a server of its own, where the programs of PostgreSQL are installed.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::*;
use crate::Store as _;
use crate::suite::{START, all, commit, draft, fill};

/// A server that listens on a socket in a folder of its own.
struct Server {
    child: Child,
    folder: TempDir,
    databases: u32,
}

/// The program with this name, in the search path or where Debian puts it.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    folders.extend(versions.map(|it| it.path().join("bin")));
    folders.into_iter().map(|it| it.join(name)).find(|it| it.is_file())
}

/// The program as a user that PostgreSQL runs as: it refuses to be root.
fn command(name: &str) -> Option<Command> {
    let program = program(name)?;
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|it| it.stdout == b"0\n");
    if !is_root {
        return Some(Command::new(program));
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
    Some(command)
}

impl Server {
    /// Starts a server, if it is installed.
    fn start() -> Option<Server> {
        let (mut init, mut run) = (command("initdb")?, command("postgres")?);
        let folder = tempfile::tempdir().expect("a temporary folder");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let everybody = fs::Permissions::from_mode(0o777);
            fs::set_permissions(folder.path(), everybody).expect("rights of the folder");
        }
        let data = folder.path().join("data");
        init.args(["--auth=trust", "--username=guardpost", "--no-sync", "-D"]).arg(&data);
        let done = init.current_dir("/").output().expect("initdb runs");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        run.arg("-D").arg(&data).arg("-k").arg(folder.path());
        run.args(["-c", "listen_addresses=", "-c", "fsync=off"]).current_dir("/");
        let child = run.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let server = Server { child: child.expect("postgres runs"), folder, databases: 0 };
        let answers = |_| {
            std::thread::sleep(Duration::from_millis(100));
            server.client("postgres").is_ok()
        };
        assert!((0..300).any(answers), "PostgreSQL does not answer");
        Some(server)
    }

    fn address(&self, database: &str) -> String {
        format!("host={} user=guardpost dbname={database}", self.folder.path().display())
    }

    fn client(&self, database: &str) -> Result<Client, ::postgres::Error> {
        Client::connect(&self.address(database), NoTls)
    }

    /// The address of a new, empty database.
    fn empty(&mut self) -> String {
        self.databases += 1;
        let name = format!("test{}", self.databases);
        let mut client = self.client("postgres").expect("the server answers");
        client.batch_execute(&format!("CREATE DATABASE {name}")).expect("a new database");
        self.address(&name)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A fast shutdown, which a kill is not.
        let pid = self.child.id().to_string();
        let told = Command::new("kill").args(["-INT", &pid]).status();
        let ended = self.child.wait();
        assert!(std::thread::panicking() || told.is_ok() && ended.is_ok());
    }
}

/// One test, so that one server does for everything.
#[test]
fn the_suite_passes_over_a_server() {
    let Some(mut server) = Server::start() else {
        println!("not run: PostgreSQL is not installed (Debian: postgresql)");
        return;
    };
    for (name, case) in crate::suite::suite! { @cases list [] } {
        println!("{name}");
        case(&PostgresStore::connect(&server.empty()).unwrap());
    }
    println!("everything_survives_a_restart");
    everything_survives_a_restart(&server.empty());
    println!("tables_of_a_later_version_are_left_alone");
    tables_of_a_later_version_are_left_alone(&server.empty());
    println!("a_connection_that_was_cut_is_replaced");
    a_connection_that_was_cut_is_replaced(&server.empty());
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let error = PostgresStore::connect("host=/nonexistent user=x").err().unwrap().to_string();
    assert!(error.contains("cannot connect in the database PostgreSQL"), "{error}");
    assert!(error.contains("/nonexistent"), "{error}");
}

fn everything_survives_a_restart(address: &str) {
    let store = PostgresStore::connect(address).unwrap();
    fill(&store, 50);
    let findings = all(&store);
    drop(store);
    let store = PostgresStore::connect(address).unwrap();
    assert_eq!(all(&store), findings);
}

fn tables_of_a_later_version_are_left_alone(address: &str) {
    drop(PostgresStore::connect(address).unwrap());
    let mut client = Client::connect(address, NoTls).unwrap();
    client.batch_execute("INSERT INTO guardpost_schema VALUES (99)").unwrap();
    let error = PostgresStore::connect(address).err().unwrap().to_string();
    assert!(error.contains("has schema version 99"), "{error}");
}

fn a_connection_that_was_cut_is_replaced(address: &str) {
    let store = PostgresStore::connect(address).unwrap();
    commit(&store, 0, vec![draft("i-1", START)]);
    let mut other = Client::connect(address, NoTls).unwrap();
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    other.batch_execute(cut).unwrap();
    // The first question may still meet the dead connection, and says so.
    assert!((0..5).any(|_| store.list_findings(&crate::FindingQuery::default()).is_ok()));
}
