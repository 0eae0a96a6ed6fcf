//! Tag policies of other tools, as `.tagpol` files.
//!
//! In: the texts of documents and their [`Format`]. Out: a [`Migration`], that is formatted policies with tests, and for
//! each construct of the documents whether what it became is exact, narrower, broader or lost, with its place and the
//! reason. Assumes nothing of the texts. Promises: no files and no terminal; the same input gives the same bytes; the
//! policies check without errors and are formatted; no text of a document becomes syntax; a construct that is not
//! understood is reported, and never left out silently.
//!
//! - `document`: JSON and YAML, as trees whose nodes know their places
//! - `formats`: one file or folder a source format: documents → items and constructs
//! - `policy`: items as data, their text, examples for their tests, and the check of the result
//! - `construct`, `report`: what became of each construct, and `migration.json`

mod construct;
mod document;
mod error;
mod formats;
mod policy;
mod report;

use std::collections::BTreeMap;

pub use construct::{Construct, Outcome, Place};
pub use error::MigrateError;
pub use formats::Format;
pub use policy::finish::File;
pub use report::REPORT_FILE;

/// A document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// Its name, for places; the last part of it names the generated file.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Values that a migration needs and the documents do not have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// Values of parameters, by their names: those of definitions of Azure Policy, and of CloudFormation templates.
    pub parameters: BTreeMap<String, String>,
    /// The last day of waivers that had no end in the source, `2027-01-31`.
    pub waivers_end: String,
}

/// Policies and what they came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// The source format.
    pub format: Format,
    /// The `.tagpol` files, and the tables that they read.
    pub files: Vec<File>,
    /// All constructs of the documents, in their order.
    pub constructs: Vec<Construct>,
    /// Names in [`Settings::parameters`] that no document has.
    pub unused_parameters: Vec<String>,
}

impl Migration {
    /// Returns how many constructs have an outcome.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.constructs.iter().filter(|construct| construct.outcome == outcome).count()
    }

    /// Returns the text of `migration.json`.
    pub fn report(&self) -> String {
        report::json(self)
    }
}

/// Migrates documents together: all that they contain becomes one project.
///
/// # Errors
/// [`MigrateError`], if a document is not one of the format, or contradicts itself.
pub fn migrate(format: Format, inputs: &[Input], settings: &Settings) -> Result<Migration, MigrateError> {
    let mut draft = formats::Draft::new(settings);
    formats::read(format, inputs, &mut draft)?;
    let formats::Draft { mut files, tables, constructs, parameters, .. } = draft;
    let unused = settings.parameters.keys().filter(|name| !parameters.contains(*name));
    let unused_parameters = unused.cloned().collect();
    policy::samples::add_tests(&mut files);
    let mut written = policy::finish::finish(files, &tables)?;
    written.extend(tables);
    Ok(Migration { format, files: written, constructs: constructs.0, unused_parameters })
}
