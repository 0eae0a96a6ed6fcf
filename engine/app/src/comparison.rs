//! Two versions of policies over one inventory, or one over two.

use tagpol_eval::Options;
use tagpol_eval::diff::{Diff, Limits, Subject, diff};
use tagpol_files::Scratch;
use tagpol_inventory::Snapshot;
use tagpol_sema::program::Program;
use tagpol_state::StateStore;

use crate::workspace::options;
use crate::{AppError, Project, RunContext};

/// One of the two sides.
#[derive(Debug)]
pub struct Side {
    label: String,
    program: Program,
    project: Project,
}

impl Side {
    /// Checks the policies of a side. `label` is what reports call it.
    ///
    /// # Errors
    /// [`AppError::Policies`] or [`AppError::NoPolicies`], with the project, whose database diagnostics
    /// point into.
    pub fn new(
        project: Project,
        label: String,
        context: &RunContext<'_>,
    ) -> Result<Self, Box<(AppError, Project)>> {
        match project.program_to_evaluate(context) {
            Ok(program) => Ok(Self { label, program, project }),
            Err(error) => Err(Box::new((error, project))),
        }
    }

    /// Returns the project.
    pub fn project(&self) -> &Project {
        &self.project
    }

    /// Calls it something else.
    pub fn set_label(&mut self, label: String) {
        self.label = label;
    }
}

/// Compares two sides, each over its snapshot. Both are judged with the same state store: if they were not,
/// differences would not be those of the policies.
///
/// # Errors
/// [`AppError::Run`].
pub fn compare(
    (before, first): (&Side, &Snapshot),
    (after, second): (&Side, &Snapshot),
    state: Option<&StateStore>,
    limits: Limits,
    context: &RunContext<'_>,
) -> Result<Diff, AppError> {
    let scratch = Scratch::new().map_err(AppError::TemporaryFolder)?;
    let options = |side: &Side| Options {
        temp_dir: Some(scratch.path().to_owned()),
        state: state.cloned(),
        ..options(&side.project, context)
    };
    let (before_options, after_options) = (options(before), options(after));
    Ok(diff(
        Subject { label: &before.label, program: &before.program, snapshot: first, options: &before_options },
        Subject { label: &after.label, program: &after.program, snapshot: second, options: &after_options },
        limits,
    )?)
}
