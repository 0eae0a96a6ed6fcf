//! `tagpol compile`

use tagpol_app::compile_project;

use crate::args::CompileArgs;
use crate::context::context;
use crate::failure::{Exit, Failure};
use crate::inventory::named;
use crate::output::Output;
use crate::project::{self, with_diagnostics};

pub(crate) fn run(args: &CompileArgs, output: &mut Output) -> Result<Exit, Failure> {
    let context = context(args.now);
    let project = project::open(args.path.as_deref(), &context)?;
    let named = named(&args.source)?;
    let compiled = compile_project(&project, &named.source, args.dialect.into(), &context);
    let (compiled, has_inventory) = with_diagnostics(compiled, &project, output)?;
    if !has_inventory {
        output.note("note: without an inventory, native keys are read as the policies spell them\n");
    }
    let text = if args.plan { compiled.plan.to_string() } else { compiled.script.to_string() };
    output.print(&text)?;
    Ok(Exit::Success)
}
