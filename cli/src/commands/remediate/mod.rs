//! `tagpol remediate`

mod apply;
mod emit;
mod show;

use std::path::{Path, PathBuf};

use tagpol_app::remediation::{self, Plan, RemediationRequest};

use crate::args::{
    RemediateArgs, RemediateCommand, RemediatePlanArgs, RemediateRollbackArgs, RemediateShowArgs,
};
use crate::context::{RunContext, context};
use crate::diagnostics::one_line;
use crate::failure::{Exit, Failure};
use crate::files::write_whole;
use crate::inference;
use crate::inventory::named;
use crate::output::{Output, counted};
use crate::project::{self, with_diagnostics};
use crate::state;

pub(crate) fn run(args: &RemediateArgs, output: &mut Output) -> Result<Exit, Failure> {
    match &args.command {
        RemediateCommand::Plan(args) => plan(args, output),
        RemediateCommand::Show(args) => show(args, output),
        RemediateCommand::Apply(args) => apply::run(args, output),
        RemediateCommand::Emit(args) => emit::run(args, output),
        RemediateCommand::Rollback(args) => rollback(args, output),
    }
}

fn plan(args: &RemediatePlanArgs, output: &mut Output) -> Result<Exit, Failure> {
    let context = RunContext { text_limit: args.limits.text_limit(), ..context(args.now) };
    let mut project = project::open(args.path.as_deref(), &context)?;
    let request = RemediationRequest {
        include_inferred: args.include_inferred,
        canonical: args.canonical,
        policies: args.policy.clone(),
        condition: args.condition.clone(),
    };
    let prepared = remediation::prepare(&mut project, &request, &context);
    let request = with_diagnostics(prepared, &project, output)?;
    let named = named(&args.source)?;
    if let Some(path) = &args.output {
        let of_project = project.manifest().inventory_in(project.root()).unwrap_or_default();
        let inputs = named.source.files.iter().chain(&named.source.terraform).chain(&of_project);
        check_output(path, inputs.map(PathBuf::as_path))?;
    }
    let opened = remediation::open(&project, &named.source, &state::access(&args.state), &context);
    let workspace = with_diagnostics(opened, &project, output)?;
    inference::refresh(workspace.program(), workspace.snapshot(), workspace.options(), &context, output)?;
    let plan = remediation::plan_changes(&workspace, &request)?;
    output.note(&show::summary(&plan));
    write(&plan, args.output.as_deref(), args.path.as_deref(), output)?;
    Ok(Exit::Success)
}

fn show(args: &RemediateShowArgs, output: &mut Output) -> Result<Exit, Failure> {
    let plan = read(&args.plan)?;
    output.print(&show::pretty(&plan, &args.plan, args.project.as_deref(), args.all))?;
    Ok(Exit::Success)
}

fn rollback(args: &RemediateRollbackArgs, output: &mut Output) -> Result<Exit, Failure> {
    let context = context(None);
    let plan = read(&args.plan)?;
    if let Some(path) = &args.output {
        check_output(path, [args.plan.as_path()])?;
    }
    let project = project::open(args.project.as_deref(), &context)?;
    let undo = remediation::undo_plan(&project, &plan, &context)?;
    output.note(&show::summary(&undo));
    write(&undo, args.output.as_deref(), args.project.as_deref(), output)?;
    Ok(Exit::Success)
}

/// Writes a plan into a file, with what to do next, or to standard output. `project`: as the command line names it.
fn write(
    plan: &Plan,
    path: Option<&Path>,
    project: Option<&Path>,
    output: &mut Output,
) -> Result<(), Failure> {
    let Some(path) = path else { return output.print_exactly(plan.to_text()) };
    write_whole(path, &plan.to_text())?;
    if plan.change_count() > 0 {
        let shown = format!("{}{}", path.display(), project_option(project));
        output
            .note(&format!("review it with `tagpol remediate show {shown}`, which prints how to apply it\n"));
    }
    Ok(())
}

/// Returns the option that names the project, as the command line did: empty for the one of the current folder.
fn project_option(project: Option<&Path>) -> String {
    project.map(|path| format!(" -p {}", one_line(&path.display().to_string()))).unwrap_or_default()
}

/// Fails if an output would replace something that it is made from, or a file of policies.
fn check_output<'p>(output: &Path, inputs: impl IntoIterator<Item = &'p Path>) -> Result<(), Failure> {
    let Ok(real) = output.canonicalize() else { return Ok(()) };
    let is_input = |input: &Path| input.canonicalize().is_ok_and(|input| input == real);
    let is_policy = real.extension().is_some_and(|extension| extension == "tagpol")
        || real.file_name().is_some_and(|name| name == "tagpol.toml");
    if real.is_file() && (is_policy || inputs.into_iter().any(is_input)) {
        let message = format!("the output would replace `{}`", output.display());
        return Err(Failure::usage(message).help("name another file with `-o`"));
    }
    Ok(())
}

fn read(path: &Path) -> Result<Plan, Failure> {
    let text = project::read_text(path)?;
    Plan::parse(&text).map_err(|error| {
        let help = error.help();
        Failure::usage(error.to_string()).at(path.display().to_string()).help(help)
    })
}

/// `3 changes on 2 resources`
fn changes(plan: &Plan) -> String {
    let changes = counted(plan.change_count() as u64, "change", "changes");
    format!("{changes} on {}", counted(plan.resources.len() as u64, "resource", "resources"))
}
