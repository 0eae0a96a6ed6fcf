//! `tagpol check`

use tagpol_app::evaluation::check_tables;
use tagpol_sema::Level;
use tagpol_sema::program::Program;

use crate::args::{CheckArgs, CheckFormat};
use crate::code_scanning;
use crate::context::context;
use crate::diagnostics;
use crate::failure::{Exit, Failure};
use crate::fixes;
use crate::output::{Output, counted};
use crate::project;

pub(crate) fn run(args: &CheckArgs, output: &mut Output) -> Result<Exit, Failure> {
    if args.fix {
        fixes::apply(args.path.as_deref(), args.now, args.unsafe_fixes, output)?;
    }
    let project = project::open(args.path.as_deref(), &context(args.now))?;
    project.manifest().check_places(project.root())?;
    let analysis = project.analysis();
    let found = &project.diagnostics();
    if !analysis.has_errors() {
        // What the manifest says of policies can be judged only against policies that are right.
        project.apply_overrides(&mut Program::clone(&analysis.program))?;
    }
    let tables = if analysis.has_errors() { Ok(()) } else { check_tables(&analysis.program) };
    match args.format {
        CheckFormat::Json => {
            let text = diagnostics::json(project.database(), found)
                .map_err(|error| Failure::engine(error.to_string()))?;
            output.print_exactly(&text)?;
        }
        CheckFormat::Github => output.print_exactly(code_scanning::github(project.database(), found))?,
        CheckFormat::Sarif => {
            let text = code_scanning::sarif(project.database(), found)
                .map_err(|error| Failure::engine(error.to_string()))?;
            output.print_exactly(&text)?;
        }
        CheckFormat::Short => output.print(&diagnostics::short(project.database(), found))?,
        CheckFormat::Human if found.is_empty() && tables.is_err() => {}
        CheckFormat::Human if found.is_empty() => {
            let program = &analysis.program;
            let parts = [
                counted(program.tags.len(), "tag", "tags"),
                counted(program.rules.len(), "rule", "rules"),
                counted(program.policies.len(), "policy", "policies"),
                counted(program.tests.len(), "test", "tests"),
            ];
            let files = counted(project.source_files().files(project.database()).len(), "file", "files");
            output.print(&format!("ok: {} in {files}\n", parts.join(", ")))?;
        }
        CheckFormat::Human => {
            let text = diagnostics::human(project.database(), found, output.out_has_color(), output.width());
            output.print_styled(&text)?;
        }
    }
    tables?;
    let gate = if args.deny.is_some() { Level::Warning } else { Level::Error };
    let fails = found.iter().any(|diagnostic| diagnostic.level() <= gate);
    Ok(if fails { Exit::Usage } else { Exit::Success })
}
