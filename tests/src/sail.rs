//! Sail, an engine that speaks Spark Connect, in a process of its own.

#![expect(clippy::print_stderr, reason = "whoever runs tests must see which are skipped")]

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long it may take to listen.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running engine, which ends with this.
pub struct Sail {
    /// Its address: `sc://HOST:PORT`.
    pub address: String,
    process: Child,
}

impl Sail {
    /// Starts the program that `TAGPOL_TEST_SAIL` names, and waits until it listens. None, with a message: it names none.
    ///
    /// # Panics
    /// If it does not start.
    pub fn start() -> Option<Self> {
        let Some(program) = std::env::var_os("TAGPOL_TEST_SAIL") else {
            eprintln!("SKIPPED: TAGPOL_TEST_SAIL does not name the program of Sail");
            return None;
        };
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = free.expect("a free port").port();
        let process = Command::new(program)
            .args(["spark", "server", "--port", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("Sail starts");
        let sail = Self { address: format!("sc://127.0.0.1:{port}"), process };
        let since = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(since.elapsed() < PATIENCE, "Sail does not listen");
            sleep(Duration::from_millis(100));
        }
        Some(sail)
    }
}

impl Drop for Sail {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
