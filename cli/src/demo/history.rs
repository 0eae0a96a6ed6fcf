//! What has happened in thirty days: nightly evaluations, and what people decided in between.

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use tagpol_app::inventory::InventorySource;
use tagpol_app::state::{Action, Change, StateError, StateStore};
use tagpol_app::{EvaluateRequest, Project, StateAccess, Workspace};
use tagpol_serve_http::audit_past_decisions;

use super::company::{self, Resource, TAGS, random};
use super::{night, write};
use crate::context::RunContext;
use crate::failure::Failure;

/// Nights with an evaluation.
const NIGHTS: u64 = 30;

/// Decisions a day, at least.
const DECISIONS: usize = 3;

/// From the afternoon to the night.
const AFTERNOON: TimeDelta = TimeDelta::hours(12);

/// Who decides.
const PEOPLE: [&str; 3] = ["mira@shop.example", "jonas@shop.example", "ada@shop.example"];

/// Evaluates each night, decides each day, which the audit trail has as well, and trains a model if this build has models.
pub(super) fn make(
    folder: &Path,
    access: &StateAccess,
    context: &RunContext,
    progress: &mut dyn FnMut(&str),
) -> Result<(), Failure> {
    let resources = company::resources(context.now.date_naive());
    let mut project = Project::open(Some(folder))?;
    let store = access.open(project.root(), project.manifest(), context)?;
    let mut undecided = undecided(&resources);
    let scratch = crate::files::scratch()?;
    for days_ago in (0..NIGHTS).rev() {
        progress(&format!("evaluation {} of {NIGHTS}", NIGHTS - days_ago));
        let now = night(context.now, days_ago).min(context.now);
        let there: Vec<&Resource> = resources.iter().filter(|one| one.created_at() <= now).collect();
        let list = scratch.path().join(format!("{days_ago}.ndjson"));
        let text: String = there.iter().map(|one| format!("{}\n", one.line(true))).collect();
        write(&list, &text)?;
        let context = RunContext { now, ..*context };
        project.set_now(now);
        let source = InventorySource { files: vec![list], ..InventorySource::default() };
        let workspace = Workspace::open(&project, &source, access, &context)?;
        workspace.evaluate(&EvaluateRequest { record: true, ..EvaluateRequest::default() })?;
        decide(&store, &mut undecided, now, days_ago)?;
    }
    audit_past_decisions(&store, project.manifest().name.as_deref().unwrap_or_default())?;
    progress("training a model");
    project.set_now(context.now);
    learn(&project, access, context)
}

/// Returns the tags that nobody wrote on resources, as changes that decide them, in an order in which people may come by.
fn undecided(resources: &[Resource]) -> Vec<(DateTime<Utc>, Change)> {
    let missing = |one: &Resource| {
        let change = |(tag, value): (&str, &String)| Change {
            action: Action::Set,
            resource: one.id.clone(),
            tag: tag.to_owned(),
            value: Some(value.clone()),
            note: None,
        };
        let tags = TAGS.into_iter().zip(&one.tags).zip(one.is_missing);
        let changes: Vec<_> = tags
            .filter(|(_, is_missing)| *is_missing)
            .map(|(tag, _)| (one.created_at(), change(tag)))
            .collect();
        changes
    };
    let mut all: Vec<_> = resources.iter().flat_map(missing).collect();
    all.sort_by_cached_key(|(_, change)| {
        let text = change.resource.bytes().chain(change.tag.bytes());
        random(text.fold(7, |sum: u64, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte))), 0)
    });
    all
}

/// Decides about some of what is missing, in the afternoon before a night.
fn decide(
    store: &StateStore,
    undecided: &mut Vec<(DateTime<Utc>, Change)>,
    night: DateTime<Utc>,
    days_ago: u64,
) -> Result<(), Failure> {
    let count = DECISIONS + usize::try_from(random(days_ago, 50) % 5).unwrap_or_default();
    let mut today = Vec::new();
    undecided.retain(|(created, change)| {
        let is_due = today.len() < count && *created < night - AFTERNOON;
        if is_due {
            today.push(change.clone());
        }
        !is_due
    });
    for (n, mut change) in (1_i64..).zip(today) {
        let at = night - AFTERNOON + TimeDelta::minutes(37 * n);
        let actor =
            usize::try_from(random(days_ago, 60 + n.unsigned_abs()) % 3).ok().and_then(|one| PEOPLE.get(one));
        if n == 1 {
            change.note = Some("asked the team".to_owned());
        }
        store
            .write::<_, StateError>(|state| state.decide(at, actor.copied().unwrap_or("demo"), &[change]))?;
    }
    Ok(())
}

/// Trains a model on the inventory, and predicts what is missing.
#[cfg(feature = "suggest")]
fn learn(project: &Project, access: &StateAccess, context: &RunContext) -> Result<(), Failure> {
    use tagpol_app::learning::{About, Options, train};
    use tagpol_app::models::{TrainingContext, refresh, registry};

    let training = TrainingContext::open(project, &InventorySource::default(), access, context)?;
    let data = training.data();
    let labelled = data.labelled()?;
    let options = Options::default();
    let Some(trained) = train(data.targets.clone(), &labelled, &options, &mut |_| {}) else { return Ok(()) };
    let registry = registry(data.store.folder());
    let about = About {
        trained_at: crate::rows::time(context.now),
        snapshot: data.snapshot.id().to_owned(),
        seed: options.seed,
        program: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let id = registry.add(&trained.model, &about, &trained.report)?;
    registry.promote(&id)?;
    refresh(&data, context)?;
    Ok(())
}

/// Without models nothing is suggested.
#[cfg(not(feature = "suggest"))]
fn learn(_: &Project, _: &StateAccess, _: &RunContext) -> Result<(), Failure> {
    Ok(())
}
