//! The `tagpol` program: arguments, exit codes, and text for people.
//!
//! Everything that is worth knowing is in the crates below; here it is read from files, run, and
//! shown. Nothing depends on this crate.

// A build without a feature reads the arguments of its commands all the same, to say that it lacks them.
#![cfg_attr(
    not(all(
        feature = "advise-model",
        feature = "collect",
        feature = "remediate",
        feature = "serve",
        feature = "suggest"
    )),
    allow(dead_code, unused_imports, reason = "helpers of the commands that are left out")
)]

mod args;
mod code_scanning;
mod commands;
mod context;
#[cfg(feature = "serve")]
mod demo;
mod diagnostics;
mod excerpt;
mod failure;
mod files;
mod fixes;
mod git;
mod inference;
mod interrupt;
mod inventory;
mod output;
mod progress;
mod project;
mod rows;
mod state;
mod targets;
mod watch;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;
use tagpol_app::Limits;

use crate::args::{Args, Command};
use crate::failure::Exit;
use crate::output::Output;

/// How long a statement may take whose answer an editor shows.
const EDITOR_TIMEOUT: Duration = Duration::from_secs(120);

/// Adds what to do if the shell replaced a pattern behind `--inventory` by several files, which look like
/// arguments that nobody expects.
fn with_hint(mut error: clap::Error) -> clap::Error {
    let words: Vec<_> = std::env::args_os().collect();
    let names_inventory = |word: &std::ffi::OsString| word == "-i" || word == "--inventory";
    let is_file =
        |word: Option<&std::ffi::OsString>| word.is_some_and(|word| std::path::Path::new(word).exists());
    let at = words.iter().position(names_inventory);
    let several = at.is_some_and(|at| is_file(words.get(at + 1)) && is_file(words.get(at + 2)));
    if several && error.kind() == clap::error::ErrorKind::UnknownArgument {
        let hint =
            "quote the pattern, as in `-i 'exports/*.csv'`, specify the folder, or repeat `-i` for each file";
        let hint = clap::builder::StyledStr::from(hint);
        error.insert(clap::error::ContextKind::Suggested, clap::error::ContextValue::StyledStrs(vec![hint]));
    }
    error
}

fn main() -> ExitCode {
    // What the language server starts; no commands for people. Nobody waits long for it.
    Limits { memory: None, timeout: Some(EDITOR_TIMEOUT) }.set_usual();
    match std::env::args_os().nth(1) {
        Some(argument) if argument == "lsp-worker" => return commands::lsp::work(),
        Some(argument) if argument == "lsp-learner" => return commands::lsp::learn(),
        Some(argument) if argument == commands::serve::WORKER => return commands::serve::work(),
        _ => {}
    }
    let args = Args::try_parse().unwrap_or_else(|error| with_hint(error).exit());
    interrupt::listen();
    args.database.limits().set_usual();
    let mut output = Output::new(args.color);
    let result = match &args.command {
        Command::Init(args) => commands::init::run(args, &mut output),
        Command::Check(args) => commands::check::run(args, &mut output),
        Command::Eval(args) => commands::eval::run(args, &mut output),
        Command::Cost(args) => commands::cost::run(args, &mut output),
        Command::Advise(args) => commands::advise::run(args, &mut output),
        Command::Filter(args) => commands::filter::run(args, &mut output),
        Command::Diff(args) => commands::diff::run(args, &mut output),
        Command::Explain(args) => commands::explain::run(args, &mut output),
        Command::Fmt(args) => commands::fmt::run(args, &mut output),
        Command::Vendor(args) => commands::vendor::run(args, &mut output),
        Command::Doc(args) => commands::doc::run(args, &mut output),
        Command::Test(args) => commands::test::run(args, &mut output),
        Command::Snapshot(args) => commands::snapshot::run(args, &mut output),
        Command::Watch(args) => commands::watch::run(args, &mut output),
        Command::Tags(args) => commands::tags::run(args, &mut output),
        Command::Runs(args) => commands::runs::run(args, &mut output),
        Command::Train(args) => commands::train::run(args, &mut output),
        Command::Suggest(args) => commands::suggest::run(args, &mut output),
        Command::Review(args) => commands::review::run(args, &mut output),
        Command::Feedback(args) => commands::tags::feedback(args, &mut output),
        Command::Model(args) => commands::model::run(args, &mut output),
        Command::Learn(args) => commands::learn::run(args, &mut output),
        Command::Compile(args) => commands::compile::run(args, &mut output),
        Command::Remediate(args) => commands::remediate::run(args, &mut output),
        Command::Enforce(args) => commands::enforce::run(args, &mut output),
        Command::Migrate(args) => commands::migrate::run(args, &mut output),
        Command::ExplainCode(args) => commands::explain_code::run(args, &mut output),
        Command::Lsp(args) => commands::lsp::run(args),
        Command::Serve(args) => commands::serve::run(args, &mut output),
        Command::Own(args) => commands::own::run(args, &mut output),
        Command::Completions(args) => commands::completions::run(args, &mut output),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(failure) => {
            if failure.exit() != Exit::Interrupted || interrupt::is_first_report() {
                output.failure(&failure);
            }
            failure.exit().into()
        }
    }
}
