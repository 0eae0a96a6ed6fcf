//! Why a resource has its tags and findings.

use serde::Serialize;
use tagpol_app::explanation::candidates::{Candidate, Outcome, ValueSource};
use tagpol_app::explanation::change::Change;
use tagpol_app::explanation::check::CheckReason;
use tagpol_app::explanation::condition::{Junction, Part};
use tagpol_app::explanation::narrate;
use tagpol_app::explanation::resource::{CheckExplanation, Explanation, TagExplanation};
use tagpol_sema::program::{Program, Source, TagId};
use tagpol_serve_core::roles;
use utoipa::ToSchema;

use crate::endpoint::{Call, NoQuery, Reply, Route};
use crate::permission::ReadTags;
use crate::problem::{Failure, data_failure};
use crate::timestamp::Timestamp;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::read(
        "/api/v1/resources/{id}/explanation",
        ("explainResource", "Explains the tags and the findings of a resource", &[200, 304]),
        explain,
    )]
}

/// Why a resource has its tags and findings.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ResourceExplanation {
    /// The short name in addresses.
    key: String,
    /// The id in its cloud.
    resource_id: String,
    /// The clock that it was evaluated at.
    evaluated_at: Timestamp,
    /// Whether parts that read native tags or metadata are shown. Only those who edit policies see them.
    shows_native: bool,
    /// Of each tag, in the order of the policies.
    tags: Vec<TagReasons>,
    /// Of each check, in the order of the policies.
    checks: Vec<CheckReasons>,
    /// The smallest change of tags that leaves no open finding. Null: nothing is open, or none was found.
    fix: Option<Vec<SuggestedChange>>,
    /// Open findings that no change of tags takes away, as `POLICY/CHECK`.
    not_fixable: Vec<String>,
}

/// Why a tag has its value.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TagReasons {
    /// The name of the tag.
    key: String,
    /// Its value. Null: it is missing.
    value: Option<String>,
    /// Whether the value is one that the tag may have.
    is_valid: bool,
    /// All that could give it a value, the strongest first.
    candidates: Vec<CandidateView>,
}

/// Something that could give a tag its value.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CandidateView {
    /// `decided`, `rule_based`, `inferred`, `native` or `default`.
    source: &'static str,
    /// The rule. Null: it is not a rule.
    rule: Option<String>,
    /// The native key. Null: it is not a native tag, or your role does not show it.
    native_key: Option<String>,
    /// The native value. Null: it is not a native tag, or your role does not show it.
    native_value: Option<String>,
    /// The confidence of the model, as a decimal number. Null: it is not the model.
    confidence: Option<String>,
    /// The value that it gives. Null: none.
    value: Option<String>,
    /// `won`, `beaten`, `conflict` (beaten by an equal that says something else), `not_applied` (the condition of the rule is
    /// not met), `no_value` or `discarded` (the native value counts as missing).
    outcome: &'static str,
    /// Why it gives no value. Null: it gives one, or the reason reads what your role does not show.
    reason: Option<String>,
    /// Where it is written, as `FILE:LINE`. Null: nowhere.
    place: Option<String>,
}

/// Why a check has a finding, or none.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CheckReasons {
    /// The policy.
    policy: String,
    /// The id of the check in the policy.
    check: String,
    /// `critical`, `high`, `medium` or `low`.
    severity: &'static str,
    /// What it asks for.
    asks: String,
    /// `passed`, `open`, `pending`, `exempt`, `undetermined` or `out_of_scope`.
    result: &'static str,
    /// The sentence of the finding. Null: there is none.
    message: Option<String>,
    /// What decided it. Null: it reads what your role does not show.
    reason: Option<String>,
    /// The reason of the waiver that counts. Null: none does.
    waived_because: Option<String>,
    /// The last day of the waiver. Null: none counts.
    waived_until: Option<String>,
    /// The value of the tag that would fix it. Null: no policy knows one.
    remedy: Option<String>,
    /// Where the check is written, as `FILE:LINE`.
    place: String,
}

/// A new value of a tag.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SuggestedChange {
    /// The name of the tag.
    key: String,
    /// Its value now. Null: it is missing.
    from: Option<String>,
    /// Its value then. Null: it is missing.
    to: Option<String>,
    /// What any value in its place must be, if the one in `to` is an example. Null: it is not.
    example_of: Option<String>,
}

fn explain(call: &Call<'_, ReadTags>, _: NoQuery) -> Result<Reply<ResourceExplanation>, Failure> {
    let serving = call.project()?.serving()?;
    let version = serving.version();
    let found = serving.generation.resource(call.path("id")).map_err(data_failure)?.resource;
    let explained = serving.explain(&found.id)?;
    let reader = Reader {
        program: &serving.program,
        shows_native: call.holder.role.may(roles::Permission::EditPolicies),
    };
    Ok(Reply::ok(reader.view(found.key, &explained)).etag(&version))
}

/// Shows explanations to somebody.
struct Reader<'p> {
    program: &'p Program,
    shows_native: bool,
}

impl Reader<'_> {
    fn view(&self, key: String, explained: &Explanation) -> ResourceExplanation {
        let advice = &explained.advice;
        let fix = advice.keeping.as_ref().or(advice.smallest.as_ref());
        let stuck =
            advice.stuck.iter().filter_map(|at| explained.checks.iter().find(|check| check.at == *at));
        ResourceExplanation {
            key,
            resource_id: explained.resource.id.clone(),
            evaluated_at: Timestamp(explained.now),
            shows_native: self.shows_native,
            tags: explained.tags.iter().map(|tag| self.tag(tag)).collect(),
            checks: explained.checks.iter().map(|check| self.check(check)).collect(),
            fix: fix.map(|changes| changes.iter().map(|change| self.change(change)).collect()),
            not_fixable: stuck.map(|check| format!("{}/{}", check.policy, check.check)).collect(),
        }
    }

    fn tag(&self, tag: &TagExplanation) -> TagReasons {
        TagReasons {
            key: tag.name.clone(),
            value: tag.value.clone(),
            is_valid: tag.valid,
            candidates: tag.candidates.iter().map(|candidate| self.candidate(candidate)).collect(),
        }
    }

    fn candidate(&self, candidate: &Candidate) -> CandidateView {
        let native = |text: &String| Some(text.clone()).filter(|_| self.shows_native);
        let (mut rule, mut native_key, mut native_value, mut confidence) = (None, None, None, None);
        match &candidate.value_source {
            ValueSource::Rule { name, .. } => rule = Some(name.clone()),
            ValueSource::Native { key, raw } => (native_key, native_value) = (native(key), native(raw)),
            ValueSource::Model { confidence: of } => confidence = Some(of.to_string()),
            ValueSource::Decision | ValueSource::Default => {}
        }
        let (outcome, reason) = match &candidate.outcome {
            Outcome::Won => ("won", None),
            Outcome::Beaten { conflict: true } => ("conflict", None),
            Outcome::Beaten { conflict: false } => ("beaten", None),
            Outcome::DidNotFire(part) => ("not_applied", self.decisive(part)),
            Outcome::NoValue(text) => ("no_value", native(&format!("`{text}` is missing"))),
            Outcome::Discarded => ("discarded", None),
        };
        let is_native = matches!(candidate.value_source, ValueSource::Native { .. });
        CandidateView {
            source: source(candidate.value_source.source()),
            rule,
            native_key,
            native_value,
            confidence,
            // A native value that counts is a virtual one; the others are not shown to everybody.
            value: candidate.value.clone().filter(|_| !is_native || outcome == "won" || self.shows_native),
            outcome,
            reason,
            place: candidate.loc.as_ref().map(narrate::at),
        }
    }

    fn check(&self, check: &CheckExplanation) -> CheckReasons {
        let (result, reason) = match &check.reason {
            CheckReason::OutOfScope(part) => ("out_of_scope", self.decisive(part)),
            CheckReason::Holds(part) => ("passed", self.decisive(part)),
            CheckReason::Exempt(_) => ("exempt", None),
            CheckReason::Pending { part, .. } => ("pending", self.decisive(part)),
            CheckReason::Open(part) => ("open", self.decisive(part)),
            CheckReason::Undetermined => ("undetermined", Some(narrate::UNDETERMINED.to_owned())),
        };
        CheckReasons {
            policy: check.policy.clone(),
            check: check.check.clone(),
            severity: check.severity.as_str(),
            asks: check.asks.clone(),
            result,
            message: check.message.clone(),
            reason,
            waived_because: check.waiver.as_ref().map(|waiver| waiver.because.clone()),
            waived_until: check.waiver.as_ref().map(|waiver| waiver.until.to_string()),
            remedy: check.remedy.clone(),
            place: narrate::at(&check.loc),
        }
    }

    fn change(&self, change: &Change) -> SuggestedChange {
        SuggestedChange {
            key: self.name(change.tag),
            from: change.from.clone(),
            to: change.to.clone(),
            example_of: change.example_of.clone(),
        }
    }

    fn name(&self, tag: TagId) -> String {
        self.program.tags.get(tag.0 as usize).map(|tag| tag.name.clone()).unwrap_or_default()
    }

    /// Describes what decides a condition, unless it reads what is not shown.
    fn decisive(&self, part: &Part) -> Option<String> {
        (self.shows_native || self.is_readable(part.decisive())).then(|| narrate::decisive(part))
    }

    /// Whether a condition reads only virtual tags and attributes.
    fn is_readable(&self, part: &Part) -> bool {
        let is_virtual = |text: &str| {
            let name =
                text.strip_suffix(".source").or_else(|| text.strip_suffix(".confidence")).unwrap_or(text);
            let is_attribute =
                ["resource.", "charge."].iter().any(|kind| text.starts_with(kind)) && !text.contains('[');
            is_attribute
                || matches!(text, "today" | "now")
                || self.program.tags.iter().any(|tag| tag.name == name)
        };
        match part.junction {
            Junction::Leaf => {
                !part.operands.is_empty() && part.operands.iter().all(|operand| is_virtual(&operand.text))
            }
            _ => part.parts.iter().all(|part| self.is_readable(part)),
        }
    }
}

fn source(source: Source) -> &'static str {
    match source {
        Source::Decided => "decided",
        Source::Set | Source::Fill => "rule_based",
        Source::Inferred => "inferred",
        Source::Native => "native",
        Source::Default => "default",
    }
}
