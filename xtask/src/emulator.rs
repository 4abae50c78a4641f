//! `cargo xtask check --emulator`: the service under an emulator of S3 and SQS, in an environment of its own.

use crate::cargo::{self, cargo};
use crate::clients::{environment, succeed};
use anyhow::{Context, Result, bail};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The emulator, and the client that sets it up.
const PACKAGES: [&str; 2] = ["moto[server]>=5,<6", "boto3"];
const SCRIPT: &str = "crates/guardpost/tests/emulator/sources.py";
/// How long the emulator may take to start.
const PATIENCE: Duration = Duration::from_mins(1);

/// Starts the emulator and drives the service with it.
pub(crate) fn run() -> Result<()> {
    let target = cargo::metadata()?.target_directory;
    let folder = target.join("emulator");
    let python = environment(&folder, &PACKAGES, "moto_server")?;
    succeed(&mut cargo(&["build", "--quiet", "--package", "guardpost"]))?;
    let emulator = Emulator::start(&folder)?;
    let mut script = Command::new(python);
    script.arg(cargo::root().join(SCRIPT)).arg(target.join("debug/guardpost"));
    script.env("AWS_ENDPOINT_URL", format!("http://{}", emulator.address));
    for (name, value) in [("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "secret")]
    {
        script.env(name, value);
    }
    // Nothing of the user's own settings may play a part.
    for name in ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"] {
        script.env(name, folder.join("none"));
    }
    for name in ["AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_SQS"]
    {
        script.env_remove(name);
    }
    succeed(&mut script)
}

/// The emulator; it ends with this.
struct Emulator {
    child: Child,
    address: SocketAddr,
}

impl Emulator {
    fn start(folder: &Path) -> Result<Emulator> {
        // It takes no port of its own choice.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let program = folder.join("bin/moto_server");
        let child = Command::new(&program)
            .args(["--host", "127.0.0.1", "--port", &address.port().to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot run {}", program.display()))?;
        let emulator = Emulator { child, address };
        let begin = Instant::now();
        while TcpStream::connect(address).is_err() {
            if begin.elapsed() > PATIENCE {
                bail!("the emulator does not listen on {address}");
            }
            thread::sleep(Duration::from_millis(100));
        }
        Ok(emulator)
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        if let Err(error) = self.child.kill().and_then(|()| self.child.wait().map(drop)) {
            eprintln!("xtask: the emulator did not end: {error}");
        }
    }
}
