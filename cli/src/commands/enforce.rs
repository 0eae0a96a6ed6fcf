//! `tagpol enforce`

use tagpol_app::enforcement::{self, Construct, Enforcement, EnforcementError, Outcome, Settings};
use tagpol_app::new_folder;
use tagpol_sink::terminal::line;

use crate::args::EnforceArgs;
use crate::commands::clock;
use crate::commands::migrate::{shown, totals};
use crate::context::context;
use crate::failure::{Exit, Failure};
use crate::output::{Output, counted};
use crate::project::{self, with_diagnostics};

pub(crate) fn run(args: &EnforceArgs, output: &mut Output) -> Result<Exit, Failure> {
    new_folder::check(&args.output)?;
    let context = context(args.now);
    let project = project::open(args.path.as_deref(), &context)?;
    let settings = Settings {
        mode: args.mode,
        organization: args.organization.clone(),
        now: clock(args.now),
        protect: project.manifest().protect.clone(),
    };
    let enforcement = match enforcement::enforce(&project, args.target, &settings, &context) {
        Err(EnforcementError::Project(error)) => with_diagnostics(Err(error), &project, output)?,
        other => other?,
    };
    enforcement::write(&enforcement, &args.output)?;
    show(&enforcement, args, output)?;
    let lost = enforcement.count(Outcome::Lost);
    Ok(if lost > 0 && !args.accept_loss { Exit::Findings } else { Exit::Success })
}

/// Prints what is not exact, the policies that do not apply to the cloud, and the totals.
fn show(enforcement: &Enforcement, args: &EnforceArgs, output: &mut Output) -> Result<(), Failure> {
    let is_shown = |one: &&Construct| one.outcome != Outcome::Exact || one.construct.starts_with("policy ");
    for construct in enforcement.constructs.iter().filter(is_shown) {
        output.print(&shown(construct))?;
    }
    let files = counted(enforcement.files.len() + 1, "file", "files");
    output.print(&format!(
        "{}\nwrote {files} to `{}`\n",
        totals(|outcome| enforcement.count(outcome)),
        line(&args.output.display().to_string())
    ))?;
    if enforcement.files.is_empty() {
        output.note("note: no policy has a guard\n");
    } else {
        output.note(&format!("note: {} describes how to roll the guards out\n", enforcement::ROLLOUT_FILE));
    }
    if enforcement.count(Outcome::Lost) > 0 && !args.accept_loss {
        output.note("everything is written, but some constructs are lost: read the reasons; with `--accept-loss` the command succeeds\n");
    }
    Ok(())
}

impl From<EnforcementError> for Failure {
    fn from(error: EnforcementError) -> Self {
        match error {
            EnforcementError::Project(error) => error.into(),
            EnforcementError::Folder(error) => error.into(),
            EnforcementError::Enforce(error) => {
                let failure = Self::usage(error.to_string()).help(error.help());
                match error.place() {
                    Some(place) => failure.at(place.short()),
                    None => failure,
                }
            }
        }
    }
}
