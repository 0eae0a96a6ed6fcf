//! Why a project cannot be evaluated, on one line: for logs and responses.

use std::path::Path;

use tagpol_app::{AppError, Project};
use tagpol_sema::{Diagnostic, line_index};

/// Returns why a project cannot be evaluated, with the place and what to do about it. Of mistakes in policies it is the
/// first one. Without a project, mistakes in policies have no places.
pub fn reason(project: Option<&Project>, error: &AppError) -> String {
    let (place, message, help) = match error {
        AppError::Policies(mistakes) => match mistakes.as_slice() {
            [first, rest @ ..] => {
                let more =
                    if rest.is_empty() { String::new() } else { format!(" (and {} more)", rest.len()) };
                let place = project.map(|project| place(project, first));
                let place = place.map(|place| format!("{place}: ")).unwrap_or_default();
                (None, format!("{error}: {place}{}{more}", first.message), first.help.clone())
            }
            [] => (None, error.to_string(), None),
        },
        AppError::Project(error) => (error.place(), error.message.clone(), error.help.clone()),
        AppError::Import(error) => (None, error.to_string(), error.help()),
        AppError::State(error) => (None, error.to_string(), error.help()),
        AppError::NoPolicies => (None, error.to_string(), Some("write one into a `.tagpol` file".to_owned())),
        AppError::NoInventory => {
            let help = "list one in `tagpol.toml`, as in `inventory = [\"bill.csv\"]`, or import one with \
                        `tagpol snapshot import FILE`";
            (None, error.to_string(), Some(help.to_owned()))
        }
        other => (None, other.to_string(), None),
    };
    let place = place.map(|place| format!("{place}: ")).unwrap_or_default();
    let help = help.map(|help| format!("; help: {help}")).unwrap_or_default();
    format!("{place}{message}{help}")
}

/// Returns the file in the project, the line and the column of a mistake.
fn place(project: &Project, mistake: &Diagnostic) -> String {
    let (db, file) = (project.database(), mistake.file);
    let path = Path::new(file.path(db));
    let path = path.strip_prefix(project.root()).unwrap_or(path).display();
    let (line, column) = line_index(db, file).position(file.text(db), mistake.range.start());
    format!("{path}:{line}:{column}")
}
