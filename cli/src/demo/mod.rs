//! `tagpol serve --demo`: a made-up shop with three clouds and thirty days of history, in a folder of its own.
//!
//! In: a folder and the clock. Out: a project with policies, an inventory, a bill, decisions, past evaluations, and a model if
//! this build has models. The same day gives the same project, except for what a model learns.

mod bill;
mod company;
mod history;

use std::path::{Path, PathBuf};

use chrono::{DateTime, Days, NaiveDate, Utc};
use tagpol_app::settings::FILE_NAME;
use tagpol_app::{StateAccess, new_folder};
use tempfile::TempDir;

use crate::context::RunContext;
use crate::failure::Failure;
use crate::progress::Steps;

/// The first line of the manifest, by which a folder is known as a demonstration.
const MANIFEST: &str = include_str!("../templates/demo/tagpol.toml");

/// A demonstration that is ready to be served.
pub(crate) struct Demo {
    /// The folder of its project.
    pub(crate) folder: PathBuf,
    /// Removes the folder at the end. None: it was named, and stays.
    _temporary: Option<TempDir>,
}

/// Makes a demonstration, or takes the one that a folder has. Without a folder it is made in a temporary one.
///
/// # Errors
/// If the folder has something else in it, or cannot be written.
pub(crate) fn prepare(
    folder: Option<&Path>,
    access: &StateAccess,
    context: &RunContext,
    is_watched: bool,
) -> Result<Demo, Failure> {
    let temporary = match folder {
        Some(_) => None,
        None => Some(tempfile::Builder::new().prefix("tagpol-demo-").tempdir().map_err(|error| {
            Failure::engine(format!("cannot make a temporary folder: {error}"))
                .help("specify a folder: `tagpol serve --demo my-demo`")
        })?),
    };
    let folder = match (&temporary, folder) {
        (Some(made), _) => made.path().to_owned(),
        (None, named) => named.map(Path::to_owned).unwrap_or_default(),
    };
    if !is_demo(&folder) {
        new_folder::check(&folder).map_err(|error| {
            Failure::usage(error.to_string())
                .help("specify a new folder, or one that `tagpol serve --demo` has made")
        })?;
        let steps = Steps::new(is_watched, "making the demonstration");
        write_files(&folder, context.now.date_naive())?;
        history::make(&folder, access, context, &mut |part| steps.tell(part))?;
        // Last, so that one that was interrupted is not taken for a whole one.
        write(&folder.join(MARK), "")?;
    }
    Ok(Demo { folder, _temporary: temporary })
}

/// The file in the folder of the state that is written when everything else is there.
const MARK: &str = ".tagpol/demo";

fn is_demo(folder: &Path) -> bool {
    folder.join(MARK).is_file() && folder.join(FILE_NAME).is_file()
}

/// Returns the files of the project on a day.
fn files(today: NaiveDate) -> Result<Vec<(&'static str, String)>, Failure> {
    let resources = company::resources(today);
    let bill = bill::bill(&resources, today)
        .map_err(|error| Failure::engine(format!("cannot write the bill: {error}")))?;
    let list = resources.iter().map(|one| format!("{}\n", one.line(false))).collect();
    Ok(vec![
        (FILE_NAME, MANIFEST.to_owned()),
        ("policies/tags.tagpol", include_str!("../templates/demo/tags.tagpol").to_owned()),
        ("policies/policies.tagpol", include_str!("../templates/demo/policies.tagpol").to_owned()),
        ("policies/policies_test.tagpol", include_str!("../templates/demo/policies_test.tagpol").to_owned()),
        ("policies/waivers.tagpol", waiver(today)),
        ("inventory.ndjson", list),
        ("bill.csv", bill),
        (".gitignore", ".tagpol/\n".to_owned()),
    ])
}

/// A waiver that ends soon, whatever the day is.
fn waiver(today: NaiveDate) -> String {
    let until = today.checked_add_days(Days::new(19)).unwrap_or(today);
    format!(
        "// What need not hold for a while.\n\nexempt prod-tagging-standard/data-classification {{\n  \
         for resource where resource.account == \"insight-prod\"\n  until {until}\n  because \"DATA-118: this \
         data is classified table by table\"\n}}\n"
    )
}

fn write_files(folder: &Path, today: NaiveDate) -> Result<(), Failure> {
    for (name, text) in files(today)? {
        write(&folder.join(name), &text)?;
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| Failure::io("make the folder", folder, &error))?;
    }
    Ok(tagpol_app::files::write_new(path, text)?)
}

/// Returns the time of the nightly evaluation, some days ago.
fn night(now: DateTime<Utc>, days_ago: u64) -> DateTime<Utc> {
    let day = now.date_naive().checked_sub_days(Days::new(days_ago)).unwrap_or_default();
    day.and_hms_opt(2, 0, 0).unwrap_or_default().and_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_day_gives_the_same_files() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 30).unwrap();
        let made = files(day).unwrap();
        assert!(made == files(day).unwrap());
        let bill = &made.iter().find(|(name, _)| *name == "bill.csv").unwrap().1;
        assert!(
            bill.contains("2026-09-01T")
                && bill.contains("2026-11-29T")
                && !bill.contains("2026-11-30T00:00:00Z,2026-12")
        );
        let list = &made.iter().find(|(name, _)| *name == "inventory.ndjson").unwrap().1;
        assert_eq!(list.lines().count() as u64, company::RESOURCES);
        for provider in ["aws", "azure", "gcp"] {
            assert!(list.contains(&format!("\"provider\":\"{provider}\"")), "{provider}");
        }
    }
}
