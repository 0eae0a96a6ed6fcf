//! `tagpol compile`

use tagpol_eval::{Options, compile, compile_for};

use super::clock;
use crate::args::CompileArgs;
use crate::failure::{Exit, Failure};
use crate::inventory;
use crate::output::Output;
use crate::project::Project;

pub(crate) fn run(args: &CompileArgs, output: &mut Output) -> Result<Exit, Failure> {
    let mut project = Project::load(args.path.as_deref())?;
    let now = clock(args.now);
    project.set_now(now);
    let program = project.program_to_evaluate(output)?;
    let compiled = match inventory::find(&project, &args.source, now, output)? {
        Some(opened) => {
            let options = Options { rates: project.manifest.rates.clone(), ..Options::at(now) };
            compile_for(&program, &opened.snapshot, &options)?
        }
        None => {
            output.note("note: without an inventory, native keys are read as the policies spell them\n");
            compile(&program, now)?
        }
    };
    let text = if args.plan { compiled.plan.to_string() } else { compiled.script.to_string() };
    output.print(&text)?;
    Ok(Exit::Success)
}
