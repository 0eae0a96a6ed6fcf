//! A program and a snapshot become a plan.
//!
//! ```text
//! snapshot -- views --> each resource as it is, with the state of the project and without
//!   wanted   which values the policies want that the cloud does not have
//!   keys     under which native key each is written, legal there and read back
//!   proof    the changes of one resource together, by the reference evaluator
//!   whole    all changes together, by the database
//! ```
//!
//! Unknown is not missing: a resource whose tags were not listed is never planned.

mod keys;
mod proof;
mod views;
mod wanted;
mod whole;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use tagpol_eval::{FindingSelection, Options, RunError, Which, evaluate, observe_with_predictions};
use tagpol_interp::Row;
use tagpol_inventory::{Format, Import, ImportError, Resource, Snapshot};
use tagpol_sema::clouds::Cloud;
use tagpol_sema::program::{Pred, Program, Source, TagId};

use self::keys::Target;
use self::proof::Step;
use self::views::{Views, row};
use self::whole::Expected;
use crate::plan_file::{
    ClosedElsewhere, ClosedFinding, Effect, PLAN_VERSION, Plan, PlanKind, PlanSettings, PlannedResource,
    PlannedSnapshot, Skip, SkipReason, TagChange, TerraformOwner,
};

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanningError {
    /// The program cannot be evaluated over the snapshot.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The snapshot cannot be read.
    #[error(transparent)]
    Snapshot(#[from] ImportError),
    /// The changes would open a finding of a resource, or keep it open, because it is related to a changed one.
    #[error(
        "the changes would open a finding of {policy}/{check} on `{resource}`, which is related to a changed resource"
    )]
    OpensElsewhere {
        /// Name of the policy.
        policy: String,
        /// Id of the check in it.
        check: String,
        /// Id of the other resource.
        resource: String,
    },
    /// The database and the reference evaluator do not agree about the changed inventory: a mistake in this program.
    #[error("the changes are not proved: the database and the reference evaluator disagree ({0})")]
    Disagreement(String),
    /// A temporary folder could not be made.
    #[error("cannot create a temporary folder: {0}")]
    TemporaryFolder(#[source] std::io::Error),
}

/// What a plan is made for.
#[derive(Debug, Clone, Copy)]
pub struct PlanRequest<'a> {
    /// The program.
    pub program: &'a Program,
    /// The inventory.
    pub snapshot: &'a Snapshot,
    /// The clock, the state of the project, and how to run.
    pub options: &'a Options,
    /// The resources. None: all.
    pub condition: Option<&'a Pred>,
    /// What else was requested, as the plan records it.
    pub settings: &'a PlanSettings,
    /// Hash of the policies as they are written, see [`tagpol_eval::program_hash`]: the program may have a predicate for the
    /// condition in addition.
    pub program_hash: &'a str,
}

/// Makes a plan.
///
/// # Errors
/// [`PlanningError`].
pub fn plan(request: &PlanRequest<'_>) -> Result<Plan, PlanningError> {
    let inventory: Vec<Resource> = request.snapshot.resources()?.collect::<Result<_, _>>()?;
    let before = Rc::new(open_views(request, request.snapshot, &inventory)?);
    let candidates = candidates(request, request.snapshot)?;
    let mut planned = Planned::new(request, Rc::clone(&before));
    planned.add_all(&inventory, &candidates.found)?;
    if request.program.reads_relations() {
        planned = settled(request, &inventory, candidates, planned)?;
    }
    planned.prove(&inventory, &before)?;
    Ok(planned.finish())
}

/// Plans again with the tags that related resources get, until nothing changes: what is taken over from a related resource
/// follows from its new tags. If tags depend on each other in a circle and never settle, the first plan stays.
fn settled<'a>(
    request: &'a PlanRequest<'a>,
    inventory: &[Resource],
    mut candidates: Candidates,
    first: Planned<'a>,
) -> Result<Planned<'a>, PlanningError> {
    let mut latest: Option<Planned<'a>> = None;
    for _ in 0..MOST_ROUNDS {
        let former = latest.as_ref().unwrap_or(&first);
        if former.after.is_empty() {
            break;
        }
        let scratch = tagpol_files::Scratch::new().map_err(PlanningError::TemporaryFolder)?;
        let (changed, after) = former.written(inventory, &scratch)?;
        // What was not requested is not planned, whatever its related resources get.
        let more = self::candidates(request, &after)?.found;
        candidates.found.extend(more.intersection(&candidates.in_scope).cloned());
        let mut next = Planned::new(request, Rc::new(open_views(request, &after, &changed)?));
        next.add_all(inventory, &candidates.found)?;
        if next.after == former.after {
            return Ok(next);
        }
        latest = Some(next);
    }
    Ok(first)
}

/// Opens the views of an inventory, with its related resources.
fn open_views<'a>(
    request: &PlanRequest<'a>,
    snapshot: &Snapshot,
    inventory: &[Resource],
) -> Result<Views<'a>, RunError> {
    let mut views = Views::open(request.program, snapshot, request.options)?;
    if request.program.reads_relations() {
        views.relate(&inventory.iter().map(row).collect::<Vec<_>>());
    }
    Ok(views)
}

/// Ids of resources.
struct Candidates {
    /// Those that may need a change: one of their tags has a value that their native tags do not give, or a finding about a
    /// tag has a remedy. With canonical spellings, all.
    found: BTreeSet<String>,
    /// Those that were requested.
    in_scope: BTreeSet<String>,
}

fn candidates(request: &PlanRequest<'_>, snapshot: &Snapshot) -> Result<Candidates, RunError> {
    let PlanRequest { program, options, condition, settings, .. } = *request;
    let tags: Vec<TagId> = (0u32..).map(TagId).take(program.tags.len()).collect();
    let which = condition.map_or(Which::All, Which::Where);
    let mut found = BTreeSet::new();
    let mut in_scope = BTreeSet::new();
    observe_with_predictions(program, snapshot, options, &tags, which, |observed| {
        let is_native = |source: &Source| matches!(source, Source::Native | Source::Default);
        let is_given = observed.values.iter().flatten().any(|(_, source)| !is_native(source));
        if is_given || settings.canonical {
            found.insert(observed.id.clone());
        }
        in_scope.insert(observed.id);
        Ok(())
    })?;
    if program.policies.iter().any(|policy| !policy.remedies.is_empty()) {
        let options = Options { findings: FindingSelection::All, record: false, ..options.clone() };
        let findings = evaluate(program, snapshot, &options)?.findings;
        let remediable = findings.iter().filter(|finding| finding.remedy().is_some());
        let ids = remediable.map(|finding| finding.resource().to_owned());
        found.extend(ids.filter(|id| in_scope.contains(id)));
    }
    Ok(Candidates { found, in_scope })
}

/// How often resources are planned again with the tags that related ones get: the longest chain of relations.
const MOST_ROUNDS: usize = 16;

/// A plan that is being made.
struct Planned<'a> {
    request: &'a PlanRequest<'a>,
    /// With related resources as they are, or as they will be.
    views: Rc<Views<'a>>,
    /// Sorted by id, as the inventory is.
    resources: Vec<PlannedResource>,
    /// The changed resources with their new tags, by id.
    after: BTreeMap<String, Row>,
    effects: Vec<Effect>,
    closes_elsewhere: Vec<ClosedElsewhere>,
    skipped: Vec<Skip>,
}

impl<'a> Planned<'a> {
    fn new(request: &'a PlanRequest<'a>, views: Rc<Views<'a>>) -> Self {
        Self {
            request,
            views,
            resources: Vec::new(),
            after: BTreeMap::new(),
            effects: Vec::new(),
            closes_elsewhere: Vec::new(),
            skipped: Vec::new(),
        }
    }

    /// Plans the changes of some resources.
    fn add_all(&mut self, inventory: &[Resource], candidates: &BTreeSet<String>) -> Result<(), RunError> {
        let mut found = inventory.iter().filter(|resource| candidates.contains(&resource.id));
        found.try_for_each(|resource| self.add(resource))
    }

    /// Plans the changes of a resource.
    fn add(&mut self, resource: &Resource) -> Result<(), RunError> {
        let row = row(resource);
        let cloud = match target_cloud(resource) {
            Ok(cloud) => cloud,
            Err((reason, detail)) => {
                self.skipped.push(Skip { resource: resource.id.clone(), tag: None, reason, detail });
                return Ok(());
            }
        };
        let settings = self.request.settings;
        let target = Target { cloud, row: &row, protect: &settings.protect, canonical: settings.canonical };
        let mut skipped = Vec::new();
        let mut steps = self.steps(&target, &mut skipped)?;
        if !steps.is_empty() && self.is_unstable(&target, &steps)? {
            skipped.extend(
                steps.drain(..).map(|(wanted, _)| Skip {
                    resource: resource.id.clone(),
                    tag: Some(self.views.program.tag(wanted.tag).name.clone()),
                    reason: SkipReason::NotReadBack,
                    detail: "its tags depend on each other, so that planning again would change them again"
                        .to_owned(),
                }),
            );
        }
        self.skipped.append(&mut skipped);
        if steps.is_empty() {
            return Ok(());
        }
        let pair = self.views.evaluate(&row)?;
        let mut proved = proof::describe(&self.views, &pair, &target, &steps)?;
        drop(pair);
        self.effects.append(&mut proved.effects);
        self.after.insert(resource.id.clone(), proved.after);
        self.resources.push(PlannedResource {
            id: resource.id.clone(),
            cloud,
            account: resource.account.clone(),
            region: resource.region.clone(),
            type_: resource.type_.clone(),
            name: resource.name.clone(),
            tags: resource.tags.iter().cloned().collect(),
            terraform: terraform_owner(resource),
            changes: proved.changes,
        });
        Ok(())
    }

    /// Returns the proved steps for a resource, only those that close findings of the requested policies.
    fn steps(&self, target: &Target<'_>, skipped: &mut Vec<Skip>) -> Result<Vec<Step>, RunError> {
        let PlanSettings { policies, .. } = self.request.settings;
        let steps = steps(&self.views, target, self.request.settings, skipped)?;
        if policies.is_empty() || steps.is_empty() {
            return Ok(steps);
        }
        let pair = self.views.evaluate(target.row)?;
        let proved = proof::describe(&self.views, &pair, target, &steps)?;
        let is_asked =
            |change: &TagChange| change.closes.iter().any(|finding| policies.contains(&finding.policy));
        let kept = steps.into_iter().zip(&proved.changes).filter(|(_, change)| is_asked(change));
        // Fewer changes are other changes: they are proved again.
        proof::sound(&self.views, &pair, target, kept.map(|(step, _)| step).collect(), skipped)
    }

    /// Whether planning again after some steps would find others, as if tags depend on each other in a circle of rules
    /// and remedies: a step that is left out for the sake of another one may be possible after that one.
    fn is_unstable(&self, target: &Target<'_>, steps: &[Step]) -> Result<bool, RunError> {
        let row = proof::after(target.row, steps);
        let again = self.steps(&Target { row: &row, ..*target }, &mut Vec::new())?;
        Ok(!again.is_empty())
    }

    /// Writes the inventory as it is after the changes.
    fn written(
        &self,
        inventory: &[Resource],
        scratch: &tagpol_files::Scratch,
    ) -> Result<(Vec<Resource>, Snapshot), PlanningError> {
        let changed: Vec<Resource> = inventory.iter().map(|resource| self.changed(resource)).collect();
        let manifest = self.request.snapshot.manifest();
        let import = Import::of_resources(&changed, manifest.currency.clone(), manifest.taken_at);
        let after = import.write(scratch.path(), &mut |_| {})?;
        Ok((changed, after))
    }

    /// Proves all changes together; `before` is the inventory as it is.
    fn prove(&mut self, inventory: &[Resource], before: &Views<'_>) -> Result<(), PlanningError> {
        if self.after.is_empty() {
            return Ok(());
        }
        let PlanRequest { program, snapshot, options, .. } = *self.request;
        let scratch = tagpol_files::Scratch::new().map_err(PlanningError::TemporaryFolder)?;
        let (changed, after) = self.written(inventory, &scratch)?;
        let views_after = open_views(self.request, &after, &changed)?;
        let mut expected = Expected::default();
        if program.reads_relations() {
            // A resource may change because others do: what follows is found anew for all of them.
            self.effects.clear();
        }
        for (old, new) in inventory.iter().zip(&changed) {
            if program.reads_relations() || self.after.contains_key(&old.id) {
                let (old, new) = (row(old), row(new));
                expected.add((before, &old), (&views_after, &new))?;
                if program.reads_relations() {
                    self.follow((before, &old), (&views_after, &new))?;
                }
            }
        }
        whole::verify(before, (snapshot, &after), options, &expected)
    }

    /// Lists what changes about a resource in addition to its own changes, by those of resources that it is related to.
    fn follow(
        &mut self,
        (views, old): (&Views<'_>, &Row),
        (views_after, new): (&Views<'_>, &Row),
    ) -> Result<(), PlanningError> {
        let (before, after) = (views.evaluate(old)?, views_after.evaluate(new)?);
        let own = self.resources.binary_search_by(|resource| resource.id.cmp(&old.id)).ok();
        let own = own.and_then(|at| self.resources.get_mut(at));
        let changes = own.map(|own| own.changes.as_mut_slice()).unwrap_or_default();
        let described = |checks: BTreeSet<_>| -> BTreeSet<ClosedFinding> {
            checks.into_iter().filter_map(|check| proof::finding(views, &old.id, check)).collect()
        };
        let closed = described(proof::closed(&before, &after));
        let still = [&after.with_state, &after.alone];
        let still = described(still.into_iter().flat_map(proof::states).map(|(check, _)| check).collect());
        let opened = proof::opened(&before.with_state, &after.with_state);
        let kept = changes.iter().flat_map(|change| &change.closes).find(|promised| still.contains(promised));
        let opened = opened.or_else(|| kept.map(|kept| (kept.policy.clone(), kept.check.clone())));
        if let Some((policy, check)) = opened {
            return Err(PlanningError::OpensElsewhere { policy, check, resource: old.id.clone() });
        }
        // A finding that would open and close with the tags of related resources is not there now.
        for change in changes.iter_mut() {
            change.closes.retain(|finding| closed.contains(finding));
        }
        let promised: BTreeSet<ClosedFinding> =
            changes.iter().flat_map(|change| change.closes.iter().cloned()).collect();
        let written: BTreeSet<&str> = changes.iter().map(|change| change.tag.as_str()).collect();
        let both = (&before.with_state, &after.with_state);
        let effects = proof::effects(views, both, &BTreeSet::new());
        self.effects.extend(effects.into_iter().filter(|effect| !written.contains(effect.tag.as_str())));
        let elsewhere = closed.difference(&promised).cloned();
        let elsewhere = elsewhere.map(|finding| ClosedElsewhere { resource: old.id.clone(), finding });
        self.closes_elsewhere.extend(elsewhere);
        Ok(())
    }

    /// Returns a resource as it is after the changes.
    fn changed(&self, resource: &Resource) -> Resource {
        match self.after.get(&resource.id) {
            Some(row) => Resource { tags: row.tags.clone(), ..resource.clone() },
            None => resource.clone(),
        }
    }

    fn finish(self) -> Plan {
        let Self { request, mut effects, mut closes_elsewhere, mut skipped, resources, .. } = self;
        effects.sort();
        closes_elsewhere.sort();
        skipped.sort();
        skipped.dedup();
        let manifest = request.snapshot.manifest();
        let created = request.options.now;
        let plan = Plan {
            tagpol_plan: PLAN_VERSION,
            content_hash: String::new(),
            kind: PlanKind::Remediation,
            program_hash: request.program_hash.to_owned(),
            snapshot: PlannedSnapshot {
                id: manifest.id.clone(),
                content_hash: manifest.content_hash.clone(),
            },
            created,
            expires: Plan::expiry(created),
            settings: request.settings.clone(),
            resources,
            effects,
            closes_elsewhere,
            skipped,
        };
        plan.seal()
    }
}

/// Returns the proved steps for a resource. What is wanted only because of other steps is among them, so that planning
/// again after all of them gives none.
fn steps(
    views: &Views<'_>,
    target: &Target<'_>,
    settings: &PlanSettings,
    skipped: &mut Vec<Skip>,
) -> Result<Vec<Step>, RunError> {
    let pair = views.evaluate(target.row)?;
    let mut steps: Vec<Step> = Vec::new();
    // Tags that have been decided on, whether they are written or not.
    let mut settled = BTreeSet::new();
    loop {
        let row = proof::after(target.row, &steps);
        let now = Target { row: &row, ..*target };
        let proposed = proposals(views, &now, settings, &settled, skipped)?;
        if proposed.is_empty() {
            return Ok(steps);
        }
        settled.extend(proposed.iter().map(|(wanted, _)| wanted.tag));
        steps.extend(proposed);
        steps = proof::sound(views, &pair, target, steps, skipped)?;
    }
}

/// Returns how what is wanted of a resource can be written, without the tags that have been decided on.
fn proposals(
    views: &Views<'_>,
    target: &Target<'_>,
    settings: &PlanSettings,
    settled: &BTreeSet<TagId>,
    skipped: &mut Vec<Skip>,
) -> Result<Vec<Step>, RunError> {
    let pair = views.evaluate(target.row)?;
    let (wanted, mut left_out) = wanted::wanted(&pair, target.row, &views.decisions, settings);
    skipped.append(&mut left_out);
    let mut steps = Vec::new();
    for wanted in wanted.into_iter().filter(|wanted| !settled.contains(&wanted.tag)) {
        match keys::edit(views, &pair, target, &wanted)? {
            Ok(Some(edit)) => steps.push((wanted, edit)),
            Ok(None) => {}
            Err((reason, detail)) => skipped.push(Skip {
                resource: target.row.id.clone(),
                tag: Some(views.program.tag(wanted.tag).name.clone()),
                reason,
                detail,
            }),
        }
    }
    Ok(steps)
}

/// Returns the cloud that a resource can be written in, or why there is none.
fn target_cloud(resource: &Resource) -> Result<Cloud, (SkipReason, String)> {
    let provider = resource.provider.as_deref().unwrap_or_default();
    let Some(cloud) = Cloud::of_provider(provider) else {
        let detail = match provider {
            "" => "its cloud is not known".to_owned(),
            other => format!("tags of `{other}` cannot be written"),
        };
        return Err((SkipReason::OtherProvider, detail));
    };
    if !resource.unknown.is_empty() {
        let detail = "its tags were not listed, or not all of them";
        return Err((SkipReason::UnknownTags, detail.to_owned()));
    }
    let is_billed = Format::ALL
        .iter()
        .any(|format| format.is_bill() && resource.source.as_deref() == Some(format.as_str()));
    if is_billed {
        let detail = "only a bill lists it, and bills do not have all tags of a resource";
        return Err((SkipReason::UnknownTags, detail.to_owned()));
    }
    let type_ = resource.type_.as_deref().unwrap_or_default().to_lowercase();
    if type_.starts_with("cloudformation:stack") {
        let detail = "tagging it would update the stack and everything in it";
        return Err((SkipReason::Refused, detail.to_owned()));
    }
    Ok(cloud)
}

/// Returns the address of a resource in a configuration of Terraform, if a state or a plan in the inventory lists it.
fn terraform_owner(resource: &Resource) -> Option<TerraformOwner> {
    let meta: serde_json::Value = serde_json::from_str(resource.meta.as_deref()?).ok()?;
    let address = meta.get("terraform")?.get("address")?.as_str()?;
    Some(TerraformOwner { address: address.to_owned() })
}
