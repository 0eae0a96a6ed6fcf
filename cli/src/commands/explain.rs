//! `tagpol explain`

use tagpol_app::Workspace;
use tagpol_app::explanation::resource::{About, about};
use tagpol_app::explanation::{Found, Named};
use tagpol_app::report::explanation::{json, pretty};
use tagpol_sema::program::Program;
use tagpol_syntax::similar::closest;

use crate::args::{ExplainArgs, ExplainFormat};
use crate::context::{RunContext, context};
use crate::failure::{Exit, Failure};
use crate::inference;
use crate::inventory::named;
use crate::output::Output;
use crate::project::{self, with_diagnostics};
use crate::state;

pub(crate) fn run(args: &ExplainArgs, output: &mut Output) -> Result<Exit, Failure> {
    let context = RunContext { text_limit: args.limits.text_limit(), ..context(args.now) };
    let project = project::open(args.project.as_deref(), &context)?;
    let named = named(&args.source)?;
    let opened = Workspace::open(&project, &named.source, &state::access(&args.state), &context);
    let workspace = with_diagnostics(opened, &project, output)?;
    let (program, options) = (workspace.program(), workspace.options());
    let asked = args.about.as_deref().map(|name| asked(program, name)).transpose()?;
    inference::refresh(program, workspace.snapshot(), options, &context, output)?;
    let explanation = match workspace.explain(&args.resource)? {
        Found::One(explanation) => explanation,
        Found::Several(listed, more) => return Err(several(&args.resource, &listed, more)),
        Found::None(similar) => return Err(unknown(&args.resource, &similar)),
    };
    match args.format {
        ExplainFormat::Pretty => output.print_styled(&pretty(&explanation, asked))?,
        ExplainFormat::Json => {
            let text = json(&explanation, asked).map_err(|error| Failure::engine(error.to_string()))?;
            output.print_exactly(&text)?;
        }
    }
    if args.format == ExplainFormat::Pretty {
        let asked = (explanation.resource.id.as_str(), args.about.as_deref());
        output.print(&inference::explain(program, workspace.snapshot(), options.clone(), asked)?)?;
    }
    Ok(Exit::Success)
}

fn asked(program: &Program, name: &str) -> Result<About, Failure> {
    about(program, name).map_err(|names| {
        let failure = Failure::usage(format!("there is no tag, policy or check `{name}`"));
        let close = closest(name, names.iter().map(String::as_str));
        failure.closest_or(close, format!("use one of {}", names.join(", ")))
    })
}

pub(super) fn several(text: &str, listed: &[Named], more: bool) -> Failure {
    let more = if more { "\n  …" } else { "" };
    Failure::usage(format!("several resources are called, or end with, `{text}`:\n{}{more}", list(listed)))
        .help("write the whole id of one")
}

pub(super) fn unknown(text: &str, similar: &[Named]) -> Failure {
    let failure = Failure::usage(format!("there is no resource `{text}` in the snapshot"));
    match similar {
        [] => failure.help("write its id, its name, or the end of its id"),
        similar => failure.help(format!("did you mean one of these?\n{}", list(similar))),
    }
}

/// One line a resource: its id, name and type.
fn list(resources: &[Named]) -> String {
    let line = |named: &Named| {
        let about =
            [&named.name, &named.ty].into_iter().flatten().map(|text| text.escape_debug().to_string());
        let about: Vec<String> = about.collect();
        let about = if about.is_empty() { String::new() } else { format!("  ({})", about.join(", ")) };
        format!("  {}{about}", named.id.escape_debug())
    };
    resources.iter().map(line).collect::<Vec<_>>().join("\n")
}
