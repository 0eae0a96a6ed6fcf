//! Plans of policies and resources that are at hand.

use chrono::{DateTime, Utc};
use tagpol_eval::{Options, program_hash};
use tagpol_inventory::{Import, Resource, Snapshot};
use tagpol_remediate::{Plan, PlanRequest, PlanSettings, PlanningError, plan};
use tagpol_sema::program::Program;
use tagpol_sema::{Database, Level, analysis};

/// The clock of all evaluations.
pub(crate) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_796_000_000, 0).unwrap()
}

/// Checks policies; None if they have a mistake.
pub(crate) fn program(text: &str) -> Option<Program> {
    let db = Database::default();
    let project = db.project([("p.tagpol".to_owned(), text.to_owned())]);
    let analysis = analysis(&db, project);
    let is_wrong = analysis.diagnostics.iter().any(|one| one.level() == Level::Error);
    (!is_wrong).then(|| Program::clone(&analysis.program))
}

/// A resource of a cloud.
pub(crate) fn resource(provider: &str, id: &str, type_: &str, tags: &[(&str, &str)]) -> Resource {
    Resource {
        id: id.to_owned(),
        name: Some(id.to_owned()),
        provider: Some(provider.to_owned()),
        type_: Some(type_.to_owned()),
        account: Some("one".to_owned()),
        tags: tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        ..Resource::default()
    }
}

/// A snapshot that is gone with its folder.
pub(crate) struct Kept {
    pub(crate) snapshot: Snapshot,
    _folder: tempfile::TempDir,
}

pub(crate) fn snapshot(resources: &[Resource]) -> Kept {
    let folder = tempfile::tempdir().unwrap();
    let import = Import::of_resources(resources, None, now());
    Kept { snapshot: import.write(folder.path(), &mut |_| {}).unwrap(), _folder: folder }
}

/// Makes a plan.
pub(crate) fn planned(
    program: &Program,
    resources: &[Resource],
    settings: &PlanSettings,
) -> Result<Plan, PlanningError> {
    let kept = snapshot(resources);
    let options = Options { threads: Some(1), ..Options::at(now()) };
    plan(&PlanRequest {
        program,
        snapshot: &kept.snapshot,
        options: &options,
        condition: None,
        settings,
        program_hash: &program_hash(program),
    })
}

/// Returns the resources with the tags that they have after a plan, as its JSON lists them.
pub(crate) fn applied(resources: &[Resource], plan: &Plan) -> Vec<Resource> {
    let mut after = resources.to_vec();
    for planned in &plan.resources {
        let own = after.iter_mut().find(|resource| resource.id == planned.id).unwrap();
        for change in &planned.changes {
            let old = change.previous_key.as_ref().unwrap_or(&change.key);
            own.tags.retain(|(key, _)| key != old && *key != change.key);
            own.tags.extend(change.after.clone().map(|value| (change.key.clone(), value)));
        }
        own.tags.sort();
    }
    after
}
