//! What edited policies would do, and what a new snapshot has changed: in the process that evaluates.

use tagpol_app::comparison::{Side, compare};
use tagpol_app::evaluation::diff::{CheckDiff, Diff, Limits, TagDiff};
use tagpol_app::inventory::{Snapshot, newest_before};
use tagpol_app::{AppError, Project, RunContext, Silent, StateAccess};
use tagpol_sema::{Diagnostic, Level, LineIndex};

use crate::routes::changes::{CheckImpact, PolicyImpact, TagImpact, ValueMove};
use crate::worker::{ChangeImpact, ChangesTask, ImpactTask, PolicyDiagnostic};

/// Changes of values of each tag that are shown.
const MOVES: usize = 20;

/// Finds out what edited policies would do.
///
/// # Errors
/// What is wrong with the project or the snapshot; mistakes in the edited policies are part of the result.
pub(crate) fn of(task: &ImpactTask) -> Result<ChangeImpact, AppError> {
    let context = RunContext::at(task.now.0, &Silent);
    let mut after = Project::open(Some(&task.folder))?;
    let edits = task.files.iter().map(|(path, text)| (name_of(&after, path), text.clone())).collect();
    after.sync(edits, false);
    let diagnostics = diagnostics(&after);
    let has_errors = diagnostics.iter().any(|one| one.level == "error");
    let mut found = ChangeImpact { diagnostics, has_errors, impact: None };
    let Some(snapshot) = task.snapshot.as_ref().filter(|_| !has_errors) else { return Ok(found) };
    let snapshot = Snapshot::open(snapshot)?;
    let state = StateAccess::default().locate(after.root(), after.manifest())?;
    let state = state.for_project(&task.state_tenant, &task.state_project);
    // What is wrong with the policies now, or makes them empty, has no impact that could be compared.
    let before = Project::open(Some(&task.folder))?;
    let side = |project, name: &str| Side::new(project, name.to_owned(), &context).ok();
    let (Some(before), Some(after)) = (side(before, "before"), side(after, "after")) else {
        return Ok(found);
    };
    let limits = Limits { findings: Some(0), moves: Some(MOVES) };
    let diff = compare((&before, &snapshot), (&after, &snapshot), Some(&state), limits, &context)?;
    found.impact = Some(impact(&diff));
    Ok(found)
}

/// Finds out what changed since the snapshot before the one that is served. None: there is none before it.
///
/// # Errors
/// What is wrong with the project or the snapshots.
pub(crate) fn since_before(task: &ChangesTask) -> Result<Option<PolicyImpact>, AppError> {
    let context = RunContext::at(task.now.0, &Silent);
    let open = || Project::open(Some(&task.folder));
    let (before, after) = (open()?, open()?);
    let Some(now) = &task.snapshot else { return Ok(None) };
    let now = Snapshot::open(now)?;
    let Some(earlier) = newest_before(&after.snapshots_folder()?, &now)? else { return Ok(None) };
    let state = StateAccess::default().locate(after.root(), after.manifest())?;
    let state = state.for_project(&task.state_tenant, &task.state_project);
    let side = |project, name: &str| Side::new(project, name.to_owned(), &context).map_err(|failed| failed.0);
    let (before, after) = (side(before, "before")?, side(after, "after")?);
    let limits = Limits { findings: Some(0), moves: Some(0) };
    let diff = compare((&before, &earlier), (&after, &now), Some(&state), limits, &context)?;
    Ok(Some(impact(&diff)))
}

/// Returns the name under which a project has a file.
fn name_of(project: &Project, path: &str) -> String {
    tagpol_app::settings::shown(&project.root().join(path))
}

fn diagnostics(project: &Project) -> Vec<PolicyDiagnostic> {
    let database = project.database();
    let shown = |found: &Diagnostic| {
        let text = found.file.text(database);
        let lines = LineIndex::new(text);
        let (line, column) = lines.position(text, found.range.start());
        let (end_line, end_column) = lines.position(text, found.range.end());
        let file = found.file.path(database);
        let file = std::path::Path::new(file)
            .strip_prefix(project.root())
            .map_or_else(|_| file.to_string(), |path| path.display().to_string());
        PolicyDiagnostic {
            file,
            code: found.code.as_str().to_owned(),
            level: match found.level() {
                Level::Error => "error".to_owned(),
                Level::Warning => "warning".to_owned(),
            },
            message: found.message.clone(),
            help: found.help.clone(),
            line,
            column,
            end_line,
            end_column,
        }
    };
    project.diagnostics().iter().map(shown).collect()
}

fn impact(diff: &Diff) -> PolicyImpact {
    let sum = |of: fn(&CheckDiff) -> u64| diff.checks.iter().map(of).sum();
    let cost = |of: fn(&CheckDiff) -> Option<tagpol_app::Decimal>| {
        let exact = |cost: tagpol_app::Decimal| {
            rust_decimal::Decimal::try_from_i128_with_scale(cost.unscaled, u32::from(cost.scale)).ok()
        };
        let known: Vec<_> = diff.checks.iter().filter_map(of).filter_map(exact).collect();
        let sum = known.iter().try_fold(rust_decimal::Decimal::ZERO, |sum, one| sum.checked_add(*one));
        sum.filter(|_| !known.is_empty()).map(|sum| sum.normalize().to_string())
    };
    let check = |one: &CheckDiff| CheckImpact {
        policy: one.policy.clone(),
        check: one.check.clone(),
        severity: one.severity().as_str().to_owned(),
        entered: one.entered,
        left: one.left,
    };
    let tag = |one: &TagDiff| TagImpact {
        key: one.tag.clone(),
        resources: one.resources,
        moves: one
            .moves
            .iter()
            .map(|one| ValueMove { from: one.from.clone(), to: one.to.clone(), resources: one.resources })
            .collect(),
    };
    PolicyImpact {
        findings_entered: sum(|one| one.entered),
        findings_left: sum(|one| one.left),
        findings_worsened: sum(|one| one.worsened),
        cost_entered: cost(|one| one.cost_entered),
        cost_left: cost(|one| one.cost_left),
        score_before: diff.before.summary.score / 100.0,
        score_after: diff.after.summary.score / 100.0,
        checks: diff.checks.iter().map(check).collect(),
        tags: diff.tags.iter().map(tag).collect(),
    }
}
