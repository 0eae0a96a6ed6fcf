//! Remediation: plans that give cloud resources the tags that policies want, and what becomes of them.
//!
//! In: a project with an inventory; later the plan that a person reviewed. Out: a plan; what became of it; a plan that undoes
//! it. Journals are kept next to the folder of the snapshots, in `remediation`.

use std::path::{Path, PathBuf};

use tagpol_collect::CollectError;
use tagpol_eval::program_hash;
use tagpol_files::Jail;
use tagpol_inventory::Snapshot;
use tagpol_sema::program::{Pred, Program};
use tagpol_syntax::similar::closest;

pub use tagpol_remediate::{
    ApplyError, ApplyOptions, ApplyReport, ClosedElsewhere, ClosedFinding, Effect, JournalError, Operation,
    Outcome, Plan, PlanError, PlanKind, PlanSettings, PlannedResource, PlannedSnapshot, PlanningError,
    Provenance, ProvenanceSource, RollbackError, Skip, SkipReason, TagChange, TerraformOwner,
};
use tagpol_remediate::{PlanRequest, apply, check_open, give_up, plan, read_journal, rollback};

use crate::inventory::{InventorySource, newest};
use crate::{AppError, ErrorKind, Notice, Project, RunContext, StateAccess, Workspace};

/// What is requested of a plan.
#[derive(Debug, Clone, Default)]
pub struct RemediationRequest {
    /// Whether values of the model are written.
    pub include_inferred: bool,
    /// Whether values and keys are rewritten that are only spelled differently.
    pub canonical: bool,
    /// The policies whose findings are to be closed. Empty: all, and tags without findings too.
    pub policies: Vec<String>,
    /// A condition of the resources. None: all.
    pub condition: Option<String>,
}

/// What is requested of a plan, understood by the policies of a project.
#[derive(Debug)]
pub struct PreparedRequest {
    settings: PlanSettings,
    condition: Option<Pred>,
    program_hash: String,
}

/// Why a plan is not applied in a project.
#[derive(Debug, thiserror::Error)]
pub enum RemediationError {
    /// The plan itself.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The policies have changed, or a table that they read.
    #[error("the policies have changed since the plan was made, or a table that they read")]
    OtherPolicies,
    /// The manifest protects a key that the plan changes.
    #[error(
        "`tagpol.toml` protects `{protected}`, and the plan changes it on {resources} resource{}",
        if *resources == 1 { "" } else { "s" }
    )]
    Protected {
        /// The key, as the manifest has it.
        protected: String,
        /// How many resources are changed.
        resources: usize,
    },
    /// There is a newer inventory.
    #[error("the plan is for the snapshot {planned}, and the newest one is {newest}")]
    OtherSnapshot {
        /// Id of the snapshot that the plan was made from.
        planned: String,
        /// Id of the newest snapshot.
        newest: String,
    },
    /// The plan cannot be made.
    #[error(transparent)]
    Planning(#[from] PlanningError),
    /// The plan was not applied, or not to its end.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// There is nothing to undo.
    #[error(transparent)]
    Rollback(#[from] RollbackError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl RemediationError {
    /// Returns whose matter it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Plan(_)
            | Self::OtherPolicies
            | Self::OtherSnapshot { .. }
            | Self::Protected { .. }
            | Self::Rollback(_)
            | Self::Planning(PlanningError::OpensElsewhere { .. })
            | Self::Apply(
                ApplyError::AppliedBefore(_)
                | ApplyError::GivenUp(_)
                | ApplyError::Cloud(CollectError::Options(_)),
            ) => ErrorKind::Request,
            Self::Planning(_) | Self::Apply(_) | Self::Journal(_) => ErrorKind::Engine,
        }
    }
}

/// Reads what is requested of a plan. The condition stays among the policies of the project.
///
/// # Errors
/// [`AppError::Policies`], [`AppError::NotACondition`], [`AppError::UnknownPolicy`].
pub fn prepare(
    project: &mut Project,
    request: &RemediationRequest,
    context: &RunContext<'_>,
) -> Result<PreparedRequest, AppError> {
    let program = program(project, context)?;
    let program_hash = program_hash(&program);
    for name in &request.policies {
        let names = || program.policies.iter().map(|policy| policy.name.as_str());
        if !names().any(|policy| policy == name) {
            let closest = closest(name, names()).map(str::to_owned);
            return Err(AppError::UnknownPolicy { name: name.clone(), closest });
        }
    }
    let settings = PlanSettings {
        include_inferred: request.include_inferred,
        canonical: request.canonical,
        policies: sorted(&request.policies),
        condition: request.condition.clone(),
        protect: sorted(&project.manifest().protect),
    };
    let condition = request.condition.as_deref().map(|text| project.condition(text, context)).transpose()?;
    Ok(PreparedRequest { settings, condition, program_hash })
}

fn sorted(names: &[String]) -> Vec<String> {
    let mut names = names.to_vec();
    names.sort();
    names.dedup();
    names
}

/// Opens the inventory that a source names. A project without policies is fine: rules alone give tags.
///
/// # Errors
/// As [`Workspace::open_tags`].
pub fn open<'p>(
    project: &'p Project,
    source: &InventorySource,
    state: &StateAccess,
    context: &RunContext<'_>,
) -> Result<Workspace<'p>, AppError> {
    Workspace::with_program(project, program(project, context)?, source, state, context)
}

/// The policies as they are evaluated.
fn program(project: &Project, context: &RunContext<'_>) -> Result<Program, AppError> {
    let mut program = project.program(context)?.clone();
    project.apply_overrides(&mut program)?;
    Ok(program)
}

/// Makes a plan.
///
/// # Errors
/// [`RemediationError::Planning`].
pub fn plan_changes(workspace: &Workspace<'_>, request: &PreparedRequest) -> Result<Plan, AppError> {
    let request = PlanRequest {
        program: workspace.program(),
        snapshot: workspace.snapshot(),
        options: workspace.options(),
        condition: request.condition.as_ref(),
        settings: &request.settings,
        program_hash: &request.program_hash,
    };
    plan(&request).map_err(|error| match error {
        PlanningError::Run(error) => error.into(),
        PlanningError::Snapshot(error) => error.into(),
        PlanningError::TemporaryFolder(error) => AppError::TemporaryFolder(error),
        error => RemediationError::Planning(error).into(),
    })
}

/// Applies a plan that a person confirmed by its hash, or goes on with one that was interrupted. `progress` gets how many
/// resources are done, and how many there are.
///
/// What was started is brought to its end, whatever has expired or changed since, with a notice: nothing else would leave the
/// resources in a state that somebody reviewed. Only keys that are protected by now are never changed.
///
/// # Errors
/// [`RemediationError`] for a plan that is not confirmed, changes a protected key, has expired, is for other policies or another
/// snapshot, or was applied or given up before, and if a cloud cannot be asked.
pub fn apply_plan(
    project: &Project,
    plan: &Plan,
    confirmation: &str,
    options: &ApplyOptions,
    context: &RunContext<'_>,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<ApplyReport, AppError> {
    plan.confirm(confirmation).map_err(RemediationError::Plan)?;
    let folder = journals(project)?;
    let recorded = read_journal(&folder, &plan.content_hash).map_err(RemediationError::Journal)?;
    check_open(&recorded).map_err(RemediationError::Apply)?;
    check_protected(project, plan)?;
    match check_current(project, plan, context) {
        Err(error) if recorded.is_started() => {
            context.observer.notice(Notice::StalePlanResumed(error.to_string()));
        }
        checked => checked?,
    }
    Ok(apply(plan, &folder, options, progress).map_err(RemediationError::Apply)?)
}

/// Fails if the plan changes a key that is protected, which may be since it was made.
fn check_protected(project: &Project, plan: &Plan) -> Result<(), RemediationError> {
    let protect = &project.manifest().protect;
    let changing = |protected: &str| {
        let is_meant = |change: &TagChange| change.protected_by(protect) == Some(protected);
        plan.resources.iter().filter(|resource| resource.changes.iter().any(is_meant)).count()
    };
    let mut changes = plan.resources.iter().flat_map(|resource| &resource.changes);
    match changes.find_map(|change| change.protected_by(protect)) {
        Some(protected) => Err(RemediationError::Protected {
            protected: protected.to_owned(),
            resources: changing(protected),
        }),
        None => Ok(()),
    }
}

/// Fails if a plan may not be started any more. One that undoes another restores tags, whatever the policies want.
fn check_current(project: &Project, plan: &Plan, context: &RunContext<'_>) -> Result<(), AppError> {
    plan.check_expiry(context.now).map_err(RemediationError::Plan)?;
    if plan.kind == PlanKind::Remediation {
        if program_hash(&program(project, context)?) != plan.program_hash {
            return Err(RemediationError::OtherPolicies.into());
        }
        check_snapshot(project, plan)?;
    }
    Ok(())
}

/// Fails if the project has a newer snapshot than the one of the plan.
fn check_snapshot(project: &Project, plan: &Plan) -> Result<(), AppError> {
    let folder = project.snapshots_folder()?;
    let Some(newest) = newest(&folder)? else { return Ok(()) };
    let is_listed = |snapshot: &Snapshot| snapshot.manifest().content_hash == plan.snapshot.content_hash;
    // A plan may be made from files, which are no snapshot of the project.
    let is_kept = Snapshot::list(&folder)?.snapshots.iter().any(is_listed);
    let is_newest = is_listed(&newest);
    let is_older = newest.manifest().taken_at > plan.created;
    if is_newest || !(is_kept || is_older) {
        return Ok(());
    }
    let (planned, newest) = (plan.snapshot.id.clone(), newest.id().to_owned());
    Err(RemediationError::OtherSnapshot { planned, newest }.into())
}

/// Makes a plan that undoes what was applied of another. If applying that one was interrupted, it is given up, with a notice:
/// applied to its end afterwards, it would change again what was undone.
///
/// # Errors
/// [`RemediationError::Rollback`], [`RemediationError::Journal`].
pub fn undo_plan(project: &Project, plan: &Plan, context: &RunContext<'_>) -> Result<Plan, AppError> {
    let folder = journals(project)?;
    let recorded = give_up(&folder, &plan.content_hash, context.now).map_err(RemediationError::Journal)?;
    if recorded.given_up.is_some() {
        context.observer.notice(Notice::PlanGivenUp);
    }
    let protect = sorted(&project.manifest().protect);
    Ok(rollback(plan, &recorded, &protect, context.now).map_err(RemediationError::Rollback)?)
}

/// Returns the folder of the journals, which need not exist.
fn journals(project: &Project) -> Result<PathBuf, AppError> {
    let folder = project.snapshots_folder()?.with_file_name("remediation");
    let parent = folder.parent().unwrap_or(Path::new("."));
    Ok(Jail::new(parent).folder(&folder)?)
}
