//! `tagpol lsp`, and the processes that it starts.

use std::io::{BufReader, stdin, stdout};
use std::process::ExitCode;

use crate::args::LspArgs;
use crate::failure::{Exit, Failure};
use crate::output::Output;

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

/// Without models there is nothing to rank by, and the server goes on as if there were no inventory.
#[cfg(not(feature = "suggest"))]
pub(crate) fn learn() -> ExitCode {
    ExitCode::FAILURE
}

/// Writes what can be learnt from a snapshot (the second argument) for a project (the first).
#[cfg(feature = "suggest")]
pub(crate) fn learn() -> ExitCode {
    use std::ffi::OsString;

    use clap::Parser as _;

    use crate::args::{Args, Command};
    use crate::commands::learn;

    let mut given = std::env::args_os().skip(2);
    let (Some(project), Some(snapshot)) = (given.next(), given.next()) else { return ExitCode::FAILURE };
    let words = ["tagpol", "learn", "--color", "never", "--inventory"].map(OsString::from);
    let Ok(args) = Args::try_parse_from(words.into_iter().chain([snapshot, OsString::from("--"), project]))
    else {
        return ExitCode::FAILURE;
    };
    let Command::Learn(asked) = &args.command else { return ExitCode::FAILURE };
    let learnt = learn::for_editor(asked, &mut Output::new(args.color));
    // The server has no use for a reason: what it had before is what it goes on with.
    let written = learnt.ok().and_then(|learnt| serde_json::to_writer(stdout().lock(), &learnt).ok());
    written.map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS)
}
