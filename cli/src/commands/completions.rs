//! `tagpol completions`

use clap::CommandFactory as _;

use crate::args::{Args, CompletionsArgs};
use crate::failure::{Exit, Failure};
use crate::output::Output;

pub(crate) fn run(args: &CompletionsArgs, output: &mut Output) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "tagpol", &mut script);
    output.print_exactly(&script)?;
    Ok(Exit::Success)
}
