//! `tagpol lsp`, and the worker that it starts.

use std::io::{BufReader, stdin, stdout};
use std::process::ExitCode;

use crate::args::LspArgs;
use crate::failure::{Exit, Failure};

pub(crate) fn run(_: &LspArgs) -> Result<Exit, Failure> {
    // The worker is this program too. Where the system does not tell which that is, there is none.
    let clean = tagpol_lsp::run(std::env::current_exe().ok())
        .map_err(|error| Failure::engine(format!("cannot serve: {error}")))?;
    // The protocol asks for 1 where the client ends the server without asking it to shut down.
    Ok(if clean { Exit::Success } else { Exit::Findings })
}

/// Answers what the language server asks of an inventory.
pub(crate) fn work() -> ExitCode {
    match tagpol_worker::run(BufReader::new(stdin()), stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        // Nobody reads the answers any more, and nobody would read why.
        Err(_) => ExitCode::FAILURE,
    }
}
