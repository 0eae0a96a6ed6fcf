//! `tagpol remediate emit`

use std::path::PathBuf;

use tagpol_app::emission::{EmissionError, EmitTarget, LeftOut, emit_plan};
use tagpol_sink::terminal::line;

use super::{check_output, read};
use crate::args::RemediateEmitArgs;
use crate::commands::clock;
use crate::failure::{Exit, Failure};
use crate::files::write_whole;
use crate::output::{Output, counted};

pub(crate) fn run(args: &RemediateEmitArgs, output: &mut Output) -> Result<Exit, Failure> {
    let target = args.target.parse::<EmitTarget>().map_err(Failure::usage)?;
    let plan = read(&args.plan)?;
    plan.check_expiry(clock(args.now)).map_err(|error| {
        Failure::usage(error.to_string()).at(args.plan.display().to_string()).help(error.help())
    })?;
    if let Some(path) = &args.output {
        let mut inputs = vec![args.plan.clone()];
        if target == EmitTarget::Terraform {
            let entries = std::fs::read_dir(&args.configuration).into_iter().flatten().flatten();
            inputs.extend(entries.map(|entry| entry.path()));
        }
        check_output(path, inputs.iter().map(PathBuf::as_path))?;
    }
    let emission = emit_plan(&plan, target, &args.configuration)?;
    match &args.output {
        Some(path) => write_whole(path, &emission.text)?,
        None => output.print_exactly(emission.text)?,
    }
    for left in &emission.left_out {
        output.note(&shown(left));
    }
    let written = counted(emission.written as u64, "change", "changes");
    output.note(&format!("{written} written, {} left out\n", emission.left_out.len()));
    if emission.written > 0 {
        output.note(next_step(target));
    }
    let is_whole = emission.left_out.is_empty() || args.accept_loss;
    Ok(if is_whole { Exit::Success } else { Exit::Findings })
}

/// Writes a change that is left out on a line.
fn shown(left: &LeftOut) -> String {
    line(&format!("left out: {} {}: {}", left.resource, left.key, left.reason)) + "\n"
}

fn next_step(target: EmitTarget) -> &'static str {
    match target {
        EmitTarget::Aws | EmitTarget::Az | EmitTarget::Gcloud => {
            "read the script before you run it: it does not check whether tags have changed since the plan\n"
        }
        EmitTarget::Terraform => {
            "apply the patch in the folder of the configuration: `git apply FILE` or `patch -p1 < FILE`\n"
        }
        EmitTarget::C7n => "check the policies with `custodian validate` and `custodian run --dryrun`\n",
    }
}

impl From<EmissionError> for Failure {
    fn from(error: EmissionError) -> Self {
        let help = match &error {
            EmissionError::Read(file) => file.help(),
            EmissionError::Folder { .. } => None,
            EmissionError::NoConfiguration(_) => {
                Some("name the folder of the root module with `--configuration`")
            }
        };
        let failure = Self::usage(error.to_string());
        match help {
            Some(help) => failure.help(help),
            None => failure,
        }
    }
}
