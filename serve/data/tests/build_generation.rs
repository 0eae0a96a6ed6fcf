//! A process that builds a generation, for tests: `build-generation` does what a request asks for, `build-generation hang` never ends,
//! `build-generation grow` takes more and more memory, and
//! `build-generation stop` ends without an answer.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("hang") => loop {
            std::thread::sleep(Duration::from_secs(1));
        },
        Some("grow") => {
            let mut all = Vec::new();
            loop {
                all.push(vec![1_u8; 8 << 20]);
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        Some("stop") => {
            let _ = writeln!(std::io::stderr(), "memory\nexhausted");
            ExitCode::FAILURE
        }
        _ => tagpol_serve_data::child::work(),
    }
}
