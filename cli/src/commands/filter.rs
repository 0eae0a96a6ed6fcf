//! `tagpol filter`

use tagpol_app::Workspace;
use tagpol_app::advising::filter::read;

use crate::args::FilterArgs;
use crate::context::{RunContext, context};
use crate::failure::{Exit, Failure};
use crate::inference;
use crate::inventory::named;
use crate::output::Output;
use crate::project::{self, with_diagnostics};
use crate::state;

pub(crate) fn run(args: &FilterArgs, output: &mut Output) -> Result<Exit, Failure> {
    let context = RunContext { text_limit: args.limits.text_limit(), ..context(args.now) };
    let project = project::open(args.project.as_deref(), &context)?;
    let named = named(&args.source)?;
    let opened = Workspace::open_tags(&project, &named.source, &state::access(&args.state), &context);
    let workspace = with_diagnostics(opened, &project, output)?;
    inference::refresh(workspace.program(), workspace.snapshot(), workspace.options(), &context, output)?;
    let reading = read(&args.words.join(" "), &workspace.vocabulary()?.filter);
    let unknown: Vec<String> = reading.not_understood.iter().map(|word| format!("`{word}`")).collect();
    let Some(condition) = reading.condition else {
        let help = "use names and values of tags, types, accounts and regions of the inventory, as in \
                    `production databases without owner`";
        return Err(Failure::usage("none of the words is a tag, an attribute or a value").help(help));
    };
    if !unknown.is_empty() {
        output.note(&format!("warning: not understood, and left out: {}\n", unknown.join(", ")));
    }
    output.print(&format!("{condition}\n"))?;
    Ok(Exit::Success)
}
