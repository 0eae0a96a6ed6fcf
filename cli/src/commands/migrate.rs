//! `tagpol migrate`

use std::collections::BTreeMap;

use tagpol_app::migration::{self, Construct, Migration, MigrationError, Outcome, Settings};
use tagpol_app::new_folder::{self, NewFolderError};
use tagpol_sink::terminal::line;

use crate::args::MigrateArgs;
use crate::commands::clock;
use crate::failure::{Exit, Failure};
use crate::output::{Output, counted};

/// Days until a waiver ends that had no end in the source.
const WAIVER_DAYS: u64 = 90;

pub(crate) fn run(args: &MigrateArgs, output: &mut Output) -> Result<Exit, Failure> {
    new_folder::check(&args.output)?;
    let today = clock(args.now).date_naive();
    let end = today.checked_add_days(chrono::Days::new(WAIVER_DAYS)).unwrap_or(today);
    let settings = Settings {
        parameters: args.set.iter().cloned().collect::<BTreeMap<String, String>>(),
        waivers_end: end.to_string(),
    };
    let migration = migration::migrate(args.from, &args.files, &settings)?;
    migration::write(&migration, &args.output)?;
    show(&migration, args, output)?;
    let lost = migration.count(Outcome::Lost);
    Ok(if lost > 0 && !args.accept_loss { Exit::Findings } else { Exit::Success })
}

/// Prints what is not exact, and the totals.
fn show(migration: &Migration, args: &MigrateArgs, output: &mut Output) -> Result<(), Failure> {
    for construct in migration.constructs.iter().filter(|one| one.outcome != Outcome::Exact) {
        output.print(&shown(construct))?;
    }
    let files = counted(migration.files.len() + 1, "file", "files");
    output.print(&format!(
        "{}\nwrote {files} to `{}`\n",
        totals(|outcome| migration.count(outcome)),
        line(&args.output.display().to_string())
    ))?;
    for name in &migration.unused_parameters {
        output.note(&format!(
            "note: no document has a parameter `{}`, so that `--set` changes nothing\n",
            line(name)
        ));
    }
    if migration.count(Outcome::Lost) > 0 && !args.accept_loss {
        output.note("everything is written, but some constructs are lost: read the reasons, and add policies by hand; with `--accept-loss` the command succeeds\n");
    }
    Ok(())
}

/// Writes how many constructs have each outcome.
pub(crate) fn totals(count: impl Fn(Outcome) -> usize) -> String {
    let counts: Vec<String> =
        Outcome::ALL.iter().map(|outcome| format!("{} {}", count(*outcome), outcome.as_str())).collect();
    counts.join(", ")
}

/// Writes one construct on a line.
pub(crate) fn shown(construct: &Construct) -> String {
    let reason = construct.reason.as_deref().unwrap_or_default();
    let place = construct.place.short();
    line(&format!("{place}: {}: {} ({reason})", construct.outcome.as_str(), construct.construct)) + "\n"
}

impl From<NewFolderError> for Failure {
    fn from(error: NewFolderError) -> Self {
        let failure = Self::usage(error.to_string());
        match error {
            NewFolderError::NotEmpty { .. } => failure.help("name a new folder: nothing is overwritten"),
            NewFolderError::Write { .. } => failure,
        }
    }
}

impl From<MigrationError> for Failure {
    fn from(error: MigrationError) -> Self {
        match error {
            MigrationError::Folder(error) => error.into(),
            MigrationError::Read(ref file) => {
                let help = file.help();
                let failure = Self::engine(error.to_string());
                match help {
                    Some(help) => failure.help(help),
                    None => failure,
                }
            }
            MigrationError::Migrate(error) => {
                let failure = Self::engine(error.to_string());
                let failure = match error.place() {
                    Some(place) => failure.at(place.short()),
                    None => failure,
                };
                match error.help() {
                    Some(help) => failure.help(help.to_owned()),
                    None => failure,
                }
            }
        }
    }
}
