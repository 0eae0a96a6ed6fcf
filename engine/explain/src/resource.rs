//! All there is to say about one resource of a snapshot.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use tagpol_eval::{
    Options, ProjectHistory, RELATION, RunError, SnapshotInfo, Tables, TextTooLong, compile_for_snapshot,
    fingerprint, is_due, related_of,
};
use tagpol_interp as interp;
use tagpol_interp::{Patterns, Resource, Row};
use tagpol_inventory::Snapshot;
use tagpol_sema::condition_places::Places;
use tagpol_sema::describe;
use tagpol_sema::program::{
    Check, Control, Escalation, Exemption, Loc, Policy, Pred, Program, Severity, Source, TagId,
};
use tagpol_state::{CurrentDecision, Decision, StateError, StateStore};

use super::candidates::{Candidate, candidates};
use super::change::{Advice, CheckId, advise};
use super::check::{CheckReason, check as check_reason};
use super::condition::{Explainer, Part};
use super::find::{Found, find};
use super::narrate;
use tagpol_eval::message::Requirement;

/// Why one resource is judged as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The clock.
    pub now: DateTime<Utc>,
    /// The snapshot that the resource is in.
    pub snapshot: SnapshotInfo,
    /// The resource.
    pub resource: Row,
    /// Every tag of the program, by [`TagId`].
    pub tags: Vec<TagExplanation>,
    /// Every check, in the order of the program.
    pub checks: Vec<CheckExplanation>,
    /// What would make it compliant.
    pub advice: Advice,
}

/// Why a tag has its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagExplanation {
    /// Its name.
    pub name: String,
    /// Its type in words.
    pub ty: String,
    /// Its value; None if it is missing.
    pub value: Option<String>,
    /// Whether the value is valid for the type.
    pub valid: bool,
    /// Where the value came from.
    pub source: Option<Source>,
    /// The decision that applies to it now, if there is one.
    pub decision: Option<CurrentDecision>,
    /// All that could give it a value, the strongest first.
    pub candidates: Vec<Candidate>,
    /// Place of its declaration.
    pub loc: Loc,
}

/// Why a check has a finding, or none.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckExplanation {
    /// Index of the policy, and of the check in it.
    pub at: CheckId,
    /// Name of the policy.
    pub policy: String,
    /// Id of the check.
    pub check: String,
    /// How bad a finding is.
    pub severity: Severity,
    /// What it asks for, in words.
    pub asks: String,
    /// The tag that it is about.
    pub tag: Option<TagId>,
    /// What it says of the resource.
    pub reason: CheckReason,
    /// The sentence of the finding; None if there is none.
    pub message: Option<String>,
    /// The policy's scope; None if it applies to all resources.
    pub scope: Option<Part>,
    /// The waiver that counts.
    pub waiver: Option<Exemption>,
    /// Why no other waiver counts, a sentence each.
    pub not_waived: Vec<String>,
    /// The value that the policy says would fix it.
    pub remedy: Option<String>,
    /// Who is notified when it stays open.
    pub escalate: Option<Escalation>,
    /// Whether it is open for as long as that says.
    pub escalation_due: bool,
    /// Controls of frameworks that it supports.
    pub controls: Vec<Control>,
    /// What identifies a finding of it from run to run.
    pub fingerprint: String,
    /// Place of the check.
    pub loc: Loc,
}

impl CheckExplanation {
    /// Whether there is a finding, waived and pending ones too, or may be one.
    pub fn is_finding(&self) -> bool {
        !matches!(self.reason, CheckReason::OutOfScope(_) | CheckReason::Holds(_))
    }
}

/// Explains the resource of a snapshot that a text stands for: its id, its name, or the end of its id.
///
/// Only that resource is read, by a query.
///
/// # Errors
/// As for [`tagpol_eval::evaluate`].
pub fn explain(
    program: &Program,
    places: &Places,
    snapshot: &Snapshot,
    options: &Options,
    text: &str,
) -> Result<Found<Box<Explanation>>, RunError> {
    let store = options.open_store([snapshot])?;
    let history = ProjectHistory::for_options(options, &store)?;
    let compiled = compile_for_snapshot(program, snapshot, options, history.overlays.clone())?;
    store.open_snapshot(&snapshot.resources_path(), RELATION)?;
    let row = match find(&store, RELATION, text, snapshot.manifest().counts.unknown > 0)? {
        Found::One(row) => row,
        Found::Several(listed, more) => return Ok(Found::Several(listed, more)),
        Found::None(similar) => return Ok(Found::None(similar)),
    };
    let state = options.state.clone();
    let mut tables = Tables::default();
    tables.load(program, &compiled.plan, &store)?;
    let currency = snapshot.manifest().currency.clone();
    let options = interp::Options {
        now: compiled.plan.now,
        rates: currency.as_ref().map(|ours| options.rates.fractions_in(ours)).unwrap_or_default(),
        currency,
        tables: tables.by_key(program),
        overlays: history.overlays_of(&row.id, &store)?,
        related: related_of(&compiled, &store, &row.id)?,
        text_limit: options.text_limit,
    };
    let patterns = Patterns::default();
    let resource = Resource::evaluated(program, &options, &patterns, &row);
    if let Some(text) = resource.too_long() {
        let (resource, limit) = (row.id.clone(), options.text_limit);
        return Err(RunError::TextTooLong(TextTooLong { text, resource, limit }));
    }
    let decisions = decisions_of(&row.id, state.as_ref())?;
    Ok(Found::One(Box::new(explain_evaluated(&resource, &row, places, &decisions, snapshot))))
}

/// Explains a resource that was evaluated. `row` is what it was evaluated from, and `decisions` are those that apply to it.
pub fn explain_evaluated(
    resource: &Resource<'_>,
    row: &Row,
    places: &Places,
    decisions: &[CurrentDecision],
    snapshot: &Snapshot,
) -> Explanation {
    let explainer = Explainer::new(resource, places);
    Explanation {
        now: resource.options().now,
        snapshot: SnapshotInfo::from(snapshot),
        tags: tags(&explainer, decisions),
        checks: checks(&explainer, row),
        advice: advise(resource),
        resource: row.clone(),
    }
}

/// Reads what people decided about a resource and did not take back.
fn decisions_of(resource: &str, state: Option<&StateStore>) -> Result<Vec<CurrentDecision>, RunError> {
    let Some(state) = state else { return Ok(Vec::new()) };
    let trail = state.read::<_, StateError>(|state| state.whole_trail(Some(resource)))?.unwrap_or_default();
    let mut current: BTreeMap<String, Option<CurrentDecision>> = BTreeMap::new();
    for Decision { at, actor, resource, tag, new_value, note, .. } in trail {
        let decision =
            new_value.map(|value| CurrentDecision { resource, tag: tag.clone(), value, at, actor, note });
        current.insert(tag, decision);
    }
    Ok(current.into_values().flatten().collect())
}

fn tags(explainer: &Explainer<'_, '_>, decisions: &[CurrentDecision]) -> Vec<TagExplanation> {
    let resource = explainer.resource;
    let ids = (0u32..).map(TagId).zip(&resource.program().tags);
    let explained = |(id, tag): (TagId, &tagpol_sema::program::Tag)| TagExplanation {
        name: tag.name.clone(),
        ty: describe(&tag.ty),
        value: resource.tag(id).and_then(|result| result.value.clone()),
        valid: resource.holds(&Pred::IsValid(id)),
        source: resource.tag(id).and_then(|result| result.source),
        decision: decisions.iter().find(|decision| decision.tag == tag.name).cloned(),
        candidates: candidates(explainer, id),
        loc: tag.loc.clone(),
    };
    ids.map(explained).collect()
}

fn checks(explainer: &Explainer<'_, '_>, row: &Row) -> Vec<CheckExplanation> {
    let policies = explainer.resource.program().policies.iter().enumerate();
    let checks = policies.flat_map(|(p, policy)| {
        policy.checks.iter().enumerate().map(move |(c, check)| (p, policy, c, check))
    });
    checks.filter_map(|(p, policy, c, check)| explained(explainer, row, (p, policy), (c, check))).collect()
}

fn explained(
    explainer: &Explainer<'_, '_>,
    row: &Row,
    (p, policy): (usize, &Policy),
    (c, check): (usize, &Check),
) -> Option<CheckExplanation> {
    let resource = explainer.resource;
    let program = resource.program();
    let reason = check_reason(explainer, p, c)?;
    let tag = check.tag.map(|tag| program.tag(tag).name.as_str());
    let subject = || match (check.tag, check.attr()) {
        (Some(tag), _) => resource.tag(tag).and_then(|result| result.value.clone()),
        (None, Some(attr)) => resource.shown(&tagpol_sema::program::Value::Attr(attr)),
        (None, None) => None,
    };
    let place = explainer.places.policies.get(p).and_then(|places| places.scope.as_ref());
    let waiver = match reason {
        CheckReason::Exempt(at) => program.exemptions.get(at).cloned(),
        _ => None,
    };
    let remedy = policy.remedies.iter().find(|remedy| Some(remedy.tag) == check.tag);
    let mut explained = CheckExplanation {
        at: (p, c),
        policy: policy.name.clone(),
        check: check.id.clone(),
        severity: policy.severity,
        asks: Requirement::of(program, check).asks(),
        tag: check.tag,
        reason,
        message: None,
        scope: policy.scope.as_ref().map(|scope| explainer.condition(scope, place)),
        waiver,
        not_waived: Vec::new(),
        remedy: None,
        escalate: policy.escalate.clone(),
        escalation_due: false,
        controls: policy.controls.clone(),
        fingerprint: fingerprint(&policy.name, &check.id, &row.id, tag),
        loc: check.loc.clone(),
    };
    if let (CheckReason::Open(_), Some(escalation)) = (&explained.reason, &policy.escalate) {
        let since = resource.since(&policy.name, &check.id);
        explained.escalation_due = is_due(escalation, since, resource.options().now);
    }
    if explained.is_finding() && explained.reason != CheckReason::Undetermined {
        let value = subject();
        explained.message = Some(Requirement::of(program, check).message(value.as_deref()));
        let remedy = remedy.and_then(|remedy| resource.shown(&remedy.value));
        explained.remedy = remedy.filter(|remedy| value.as_ref() != Some(remedy));
        if explained.waiver.is_none() {
            explained.not_waived = narrate::not_waived(explainer, p, c);
        }
    }
    Some(explained)
}

/// What an explanation is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// A tag.
    Tag(TagId),
    /// A policy, by its index in the program.
    Policy(usize),
    /// A check.
    Check(CheckId),
}

/// Returns the tag, the policy or the check (`POLICY/CHECK`) of this name; else all names that it
/// could have been.
///
/// # Errors
/// The names that could stand there instead.
pub fn about(program: &Program, text: &str) -> Result<About, Vec<String>> {
    let named = |policy: &&Policy, name: &str| policy.name == name;
    let (policy, check) = text.split_once('/').map_or((text, None), |(policy, check)| (policy, Some(check)));
    if let Some(at) = program.policies.iter().position(|p| named(&p, policy)) {
        let Some(check) = check else { return Ok(About::Policy(at)) };
        let checks = program.policies.get(at).map(|policy| policy.checks.as_slice()).unwrap_or_default();
        let found = checks.iter().position(|c| c.id == check);
        let paths = || checks.iter().map(|c| format!("{policy}/{}", c.id)).collect();
        return found.map(|found| About::Check((at, found))).ok_or_else(paths);
    }
    let tags = (0u32..).map(TagId).zip(&program.tags);
    let mut tags = tags.filter(|(_, tag)| tag.name == text);
    match tags.next() {
        Some((tag, _)) => Ok(About::Tag(tag)),
        None => {
            let policies = program.policies.iter().map(|policy| policy.name.clone());
            Err(program.tags.iter().map(|tag| tag.name.clone()).chain(policies).collect())
        }
    }
}
