//! What the tests start as a child: `work` does its task, `fail` does not, `hang` never ends, `grow` takes more and more memory, and
//! `stop` ends without an answer.

use std::io::{Write as _, stdin, stdout};
use std::process::ExitCode;
use std::time::Duration;

use tagpol_app::Limits;
use tagpol_serve_data::child::answer;

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
        Some("fail") => ended(answer(stdin(), stdout(), |task: String| Err::<(), _>(format!("no {task}")))),
        _ => ended(answer(stdin(), stdout(), |task: String| {
            let Limits { memory, timeout } = Limits::default();
            Ok(format!("{task} with {memory:?} bytes in {timeout:?}"))
        })),
    }
}

fn ended(done: std::io::Result<bool>) -> ExitCode {
    if matches!(done, Ok(true)) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
