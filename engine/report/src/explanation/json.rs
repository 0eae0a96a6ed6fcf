//! The JSON contract of explanations, described by `docs/schema/explain.v1.json`.
//!
//! Within a version, fields are only added.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;
use tagpol_sema::program::{ActionKind, Loc};

use super::{checks, tags};
use crate::json::{ControlJson, EscalateJson};
use tagpol_explain::candidates::{Candidate, Outcome, ValueSource};
use tagpol_explain::change::{Advice, Change};
use tagpol_explain::check::CheckReason;
use tagpol_explain::condition::{Junction, Part};
use tagpol_explain::resource::{About, CheckExplanation, Explanation, TagExplanation};

/// Version of the contract.
pub const EXPLAIN_SCHEMA_VERSION: u32 = 1;

/// Returns the explanation as one JSON document with a newline at its end.
///
/// # Errors
/// None in fact: the document holds texts, numbers and lists only.
pub fn json(explanation: &Explanation, about: Option<About>) -> Result<String, serde_json::Error> {
    let row = &explanation.resource;
    let time =
        |time: &chrono::DateTime<chrono::Utc>| time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true);
    let parts = Parts { left: Cell::new(Parts::MOST) };
    let document = Document {
        schema_version: EXPLAIN_SCHEMA_VERSION,
        now: time(&explanation.now),
        snapshot: &explanation.snapshot.id,
        resource: ResourceJson {
            id: &row.id,
            name: row.name.as_deref(),
            r#type: row.type_.as_deref(),
            provider: row.provider.as_deref(),
            account: row.account.as_deref(),
            region: row.region.as_deref(),
            created: row.created.as_ref().map(time),
            cost: row.monthly_cost.and_then(|cost| cost.to_string().parse().ok()),
            currency: explanation.snapshot.currency.as_deref(),
        },
        tags: tags(explanation, about).into_iter().map(|explained| tag(&parts, explained)).collect(),
        checks: checks(explanation, about)
            .into_iter()
            .map(|explained| check(&parts, explanation, explained))
            .collect(),
        advice: about.is_none().then(|| advice(explanation)),
    };
    tagpol_sink::json::pretty(&document)
}

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    now: String,
    snapshot: &'a str,
    resource: ResourceJson<'a>,
    tags: Vec<TagJson<'a>>,
    checks: Vec<CheckJson<'a>>,
    advice: Option<AdviceJson<'a>>,
}

#[derive(Serialize)]
struct ResourceJson<'a> {
    id: &'a str,
    name: Option<&'a str>,
    r#type: Option<&'a str>,
    provider: Option<&'a str>,
    account: Option<&'a str>,
    region: Option<&'a str>,
    created: Option<String>,
    cost: Option<f64>,
    currency: Option<&'a str>,
}

#[derive(Serialize)]
struct PlaceJson<'a> {
    file: &'a str,
    line: u32,
    column: u32,
}

#[derive(Serialize)]
struct TagJson<'a> {
    tag: &'a str,
    r#type: &'a str,
    value: Option<&'a str>,
    valid: bool,
    source: Option<&'static str>,
    conflict: bool,
    decision: Option<DecisionJson<'a>>,
    contenders: Vec<ContenderJson<'a>>,
    place: PlaceJson<'a>,
}

/// The decision that applies to a tag now.
#[derive(Serialize)]
struct DecisionJson<'a> {
    value: &'a str,
    by: &'a str,
    at: String,
    note: Option<&'a str>,
}

#[derive(Serialize)]
struct ContenderJson<'a> {
    source: &'static str,
    rule: Option<&'a str>,
    action: Option<&'static str>,
    priority: Option<i64>,
    native_key: Option<&'a str>,
    native_value: Option<&'a str>,
    value: Option<&'a str>,
    confidence: Option<f64>,
    fate: &'static str,
    condition: Option<PartJson<'a>>,
    missing: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related: Vec<RelatedJson<'a>>,
    place: Option<PlaceJson<'a>>,
}

#[derive(Serialize)]
struct RelatedJson<'a> {
    relation: &'a str,
    resource: &'a str,
    found: usize,
}

#[derive(Serialize)]
struct PartJson<'a> {
    text: &'a str,
    holds: bool,
    values: Vec<OperandJson<'a>>,
    parts: Vec<Self>,
    parts_omitted: Option<&'static str>,
    place: Option<PlaceJson<'a>>,
}

#[derive(Serialize)]
struct OperandJson<'a> {
    text: &'a str,
    value: Option<&'a str>,
}

#[derive(Serialize)]
struct CheckJson<'a> {
    policy: &'a str,
    check: &'a str,
    severity: &'static str,
    state: &'static str,
    asks: &'a str,
    message: Option<&'a str>,
    tag: Option<&'a str>,
    scope: Option<PartJson<'a>>,
    condition: Option<PartJson<'a>>,
    age_seconds: Option<i64>,
    grace_seconds: Option<i64>,
    waiver: Option<WaiverJson<'a>>,
    not_waived: &'a [String],
    remedy: Option<&'a str>,
    escalate: Option<EscalateJson<'a>>,
    escalation_due: bool,
    controls: Vec<ControlJson<'a>>,
    fingerprint: &'a str,
    place: PlaceJson<'a>,
}

#[derive(Serialize)]
struct WaiverJson<'a> {
    until: String,
    because: &'a str,
    place: PlaceJson<'a>,
}

#[derive(Serialize)]
struct AdviceJson<'a> {
    open: usize,
    smallest: Option<Vec<ChangeJson<'a>>>,
    keeping: Option<Vec<ChangeJson<'a>>>,
    stuck: Vec<String>,
    gave_up: bool,
}

#[derive(Serialize)]
struct ChangeJson<'a> {
    tag: &'a str,
    from: Option<&'a str>,
    to: Option<&'a str>,
    example_of: Option<&'a str>,
}

fn place(loc: &Loc) -> PlaceJson<'_> {
    PlaceJson { file: &loc.file, line: loc.line, column: loc.column }
}

fn tag<'a>(parts: &Parts, explained: &'a TagExplanation) -> TagJson<'a> {
    TagJson {
        tag: &explained.name,
        r#type: &explained.ty,
        value: explained.value.as_deref(),
        valid: explained.valid,
        source: explained.source.map(tagpol_sema::program::Source::as_str),
        conflict: explained.candidates.iter().any(|c| c.outcome == Outcome::Beaten { conflict: true }),
        decision: explained.decision.as_ref().map(|decision| DecisionJson {
            value: &decision.value,
            by: &decision.actor,
            at: decision.at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true),
            note: decision.note.as_deref(),
        }),
        contenders: explained.candidates.iter().map(|one| candidate(parts, one)).collect(),
        place: place(&explained.loc),
    }
}

fn candidate<'a>(parts: &Parts, candidate: &'a Candidate) -> ContenderJson<'a> {
    let (rule, action, priority) = match &candidate.value_source {
        ValueSource::Rule { name, kind, priority } => {
            let action = if *kind == ActionKind::Set { "set" } else { "fill" };
            (Some(name.as_str()), Some(action), Some(*priority))
        }
        ValueSource::Native { .. }
        | ValueSource::Decision
        | ValueSource::Model { .. }
        | ValueSource::Default => (None, None, None),
    };
    let native = match &candidate.value_source {
        ValueSource::Native { key, raw } => Some((key.as_str(), raw.as_str())),
        ValueSource::Rule { .. }
        | ValueSource::Decision
        | ValueSource::Model { .. }
        | ValueSource::Default => None,
    };
    let confidence = match &candidate.value_source {
        ValueSource::Model { confidence } => confidence.to_string().parse().ok(),
        ValueSource::Rule { .. }
        | ValueSource::Native { .. }
        | ValueSource::Decision
        | ValueSource::Default => None,
    };
    let (fate, condition, missing) = match &candidate.outcome {
        Outcome::Won => ("won", None, None),
        Outcome::Beaten { conflict: false } => ("beaten", None, None),
        Outcome::Beaten { conflict: true } => ("conflict", None, None),
        Outcome::DidNotFire(part) => ("did-not-fire", Some(parts.condition(part)), None),
        Outcome::NoValue(value) => ("no-value", None, Some(value.as_str())),
        Outcome::Discarded => ("discarded", None, None),
    };
    ContenderJson {
        source: candidate.value_source.source().as_str(),
        rule,
        action,
        priority,
        native_key: native.map(|(key, _)| key),
        native_value: native.map(|(_, raw)| raw),
        value: candidate.value.as_deref(),
        confidence,
        fate,
        condition,
        missing,
        related: candidate
            .related
            .iter()
            .map(|source| RelatedJson {
                relation: &source.relation,
                resource: &source.resource,
                found: source.candidates,
            })
            .collect(),
        place: candidate.loc.as_ref().map(place),
    }
}

/// Writes conditions into one document, which stays of a size that can be read.
struct Parts {
    /// Parts that may still be written before predicates are no longer taken apart.
    left: Cell<usize>,
}

impl Parts {
    /// Parts of a document after which predicates are no longer taken apart.
    const MOST: usize = 20_000;
    /// How deep parts are nested.
    const DEEPEST: usize = 60;

    fn condition<'a>(&self, part: &'a Part) -> PartJson<'a> {
        self.part(part, 0, &mut BTreeSet::new())
    }

    /// `seen` are the definitions of predicates that the condition has shown, by their addresses.
    fn part<'a>(&self, part: &'a Part, depth: usize, seen: &mut BTreeSet<*const Part>) -> PartJson<'a> {
        let left = self.left.get();
        self.left.set(left.saturating_sub(1));
        let is_named = part.junction == Junction::Named;
        let omitted = match part.parts.first() {
            None => None,
            Some(_) if depth >= Self::DEEPEST => Some("limit"),
            Some(definition) if is_named && !seen.insert(Arc::as_ptr(definition)) => Some("above"),
            Some(_) if is_named && left == 0 => Some("limit"),
            Some(_) => None,
        };
        let parts = part.parts.iter().filter(|_| omitted.is_none());
        let parts = parts.map(|part| self.part(part, depth + 1, seen)).collect();
        PartJson { parts, parts_omitted: omitted, ..leaf(part) }
    }
}

fn leaf(part: &Part) -> PartJson<'_> {
    PartJson {
        text: &part.text,
        holds: part.truth,
        values: part
            .operands
            .iter()
            .map(|operand| OperandJson { text: &operand.text, value: operand.value.as_deref() })
            .collect(),
        parts: Vec::new(),
        parts_omitted: None,
        place: part.loc.as_ref().map(place),
    }
}

fn check<'a>(parts: &Parts, explanation: &'a Explanation, explained: &'a CheckExplanation) -> CheckJson<'a> {
    let (state, condition) = match &explained.reason {
        CheckReason::OutOfScope(_) => ("out-of-scope", None),
        CheckReason::Holds(part) => ("holds", Some(part)),
        CheckReason::Exempt(_) => ("exempt", None),
        CheckReason::Pending { part, .. } => ("pending", Some(part)),
        CheckReason::Open(part) => ("open", Some(part)),
        CheckReason::Undetermined => ("undetermined", None),
    };
    let grace = match &explained.reason {
        CheckReason::Pending { age, grace, .. } => Some((age.num_seconds(), grace.seconds)),
        _ => None,
    };
    let tag = explained.tag.and_then(|tag| explanation.tags.get(tag.0 as usize));
    CheckJson {
        policy: &explained.policy,
        check: &explained.check,
        severity: explained.severity.as_str(),
        state,
        asks: &explained.asks,
        message: explained.message.as_deref(),
        tag: tag.map(|tag| tag.name.as_str()),
        scope: explained.scope.as_ref().map(|scope| parts.condition(scope)),
        condition: condition.map(|condition| parts.condition(condition)),
        age_seconds: grace.map(|(age, _)| age),
        grace_seconds: grace.map(|(_, grace)| grace),
        waiver: explained.waiver.as_ref().map(|waiver| WaiverJson {
            until: waiver.until.to_string(),
            because: &waiver.because,
            place: place(&waiver.loc),
        }),
        not_waived: &explained.not_waived,
        remedy: explained.remedy.as_deref(),
        escalate: explained.escalate.as_ref().map(EscalateJson::from),
        escalation_due: explained.escalation_due,
        controls: explained.controls.iter().map(ControlJson::from).collect(),
        fingerprint: &explained.fingerprint,
        place: place(&explained.loc),
    }
}

fn advice(explanation: &Explanation) -> AdviceJson<'_> {
    let Advice { open, smallest, keeping, stuck, gave_up } = &explanation.advice;
    let stuck =
        stuck.iter().filter_map(|check| explanation.checks.iter().find(|explained| explained.at == *check));
    AdviceJson {
        open: *open,
        smallest: smallest.as_ref().map(|found| changed(explanation, found)),
        keeping: keeping.as_ref().map(|found| changed(explanation, found)),
        stuck: stuck.map(|explained| format!("{}/{}", explained.policy, explained.check)).collect(),
        gave_up: *gave_up,
    }
}

fn changed<'a>(explanation: &'a Explanation, changes: &'a [Change]) -> Vec<ChangeJson<'a>> {
    let changes = changes.iter().filter_map(|change| {
        Some(ChangeJson {
            tag: &explanation.tags.get(change.tag.0 as usize)?.name,
            from: change.from.as_deref(),
            to: change.to.as_deref(),
            example_of: change.example_of.as_deref(),
        })
    });
    changes.collect()
}
