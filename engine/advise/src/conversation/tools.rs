//! What a conversation can look up: tools that only read, and their results as facts.

use serde::{Deserialize, Serialize};

use crate::command;
use crate::facts::{FactId, Facts, money};
use crate::filter::FilterVocabulary;
use crate::input::{AdviceInput, Severity};
use crate::sentence::{Amount, Part, name, sentence, several, value};

/// Findings, values and checks of a result that become facts, the most important first.
pub const LISTED: usize = 8;

/// A look-up. None of them changes anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolCall {
    /// Open findings, the most expensive resources first.
    Findings {
        /// A condition of the language. None: all resources.
        condition: Option<String>,
    },
    /// Why a resource has its tags and findings.
    Explain {
        /// Its id, its name, or the end of its id.
        resource: String,
    },
    /// Costs by the values of a tag or an attribute.
    Cost {
        /// Its name. None: the tag that shows who pays.
        by: Option<String>,
    },
    /// What changed since the snapshot before.
    Diff,
}

impl ToolCall {
    /// The names of all tools.
    pub const NAMES: [&'static str; 4] = ["findings", "explain", "cost", "diff"];

    /// Returns the name of the tool.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Findings { .. } => "findings",
            Self::Explain { .. } => "explain",
            Self::Cost { .. } => "cost",
            Self::Diff => "diff",
        }
    }

    /// Returns what is looked up, which can be of foreign origin. None: the tool is called without an argument.
    pub fn argument(&self) -> Option<&str> {
        match self {
            Self::Findings { condition } => condition.as_deref(),
            Self::Explain { resource } => Some(resource),
            Self::Cost { by } => by.as_deref(),
            Self::Diff => None,
        }
    }
}

/// What a look-up found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolResult {
    /// Findings.
    Findings(FoundFindings),
    /// A resource.
    Resource(FoundResource),
    /// No resource, or several, of the name: those that may be meant.
    Resources(Vec<String>),
    /// Costs.
    Costs(FoundCosts),
    /// Changes between two snapshots.
    Changes(FoundChanges),
    /// Nothing, for a reason of this program: a clause without a full stop.
    Nothing(&'static str),
}

/// Findings of resources.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FoundFindings {
    /// The condition that was asked for. None: all resources.
    pub condition: Option<String>,
    /// Resources that fulfill it.
    pub resources: u64,
    /// Open findings of these resources.
    pub open: u64,
    /// What these resources cost. None if no cost is known.
    pub cost: Option<Amount>,
    /// The findings, those of the most expensive resources first; at most [`LISTED`] are used.
    pub listed: Vec<FoundFinding>,
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundFinding {
    /// Id of the resource.
    pub resource: String,
    /// The policy.
    pub policy: String,
    /// Id of the check in it.
    pub check: String,
    /// Its severity.
    pub severity: Severity,
    /// The requirement.
    pub requirement: String,
    /// What the resource costs. None if no cost is known.
    pub cost: Option<Amount>,
}

/// A resource.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FoundResource {
    /// Its id.
    pub id: String,
    /// Its type. None if it is not known.
    pub ty: Option<String>,
    /// Checks that it passes.
    pub passing: u64,
    /// Its tags, in the order of the policies.
    pub tags: Vec<FoundTag>,
    /// Its findings.
    pub findings: Vec<FoundFinding>,
}

/// A tag of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundTag {
    /// Its name.
    pub name: String,
    /// Its value, and what gave it in a word of this program. None: it is missing.
    pub value: Option<(String, &'static str)>,
    /// Whether the value is valid.
    pub is_valid: bool,
}

/// Costs by the values of a tag or an attribute.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FoundCosts {
    /// Name of the tag or the attribute.
    pub by: String,
    /// What all of them cost.
    pub total: Amount,
    /// The most expensive first; at most [`LISTED`] are used.
    pub lines: Vec<FoundCost>,
}

/// What the resources of one value cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundCost {
    /// The value. None: it is missing.
    pub value: Option<String>,
    /// Resources.
    pub resources: u64,
    /// What they cost.
    pub cost: Amount,
}

/// Findings before and after a change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FoundChanges {
    /// Findings that are new.
    pub entered: u64,
    /// Findings that are closed.
    pub left: u64,
    /// Values of tags that are others, by the name of the tag.
    pub tags: Vec<(String, u64)>,
    /// The score before in tenths. None if nothing was in scope.
    pub score_before: Option<u32>,
    /// The score after in tenths. None if nothing is in scope.
    pub score_after: Option<u32>,
    /// Checks with other findings, the worst first; at most [`LISTED`] are used.
    pub checks: Vec<FoundChange>,
}

/// The findings of a check before and after a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundChange {
    /// The policy.
    pub policy: String,
    /// Id of the check in it.
    pub check: String,
    /// Its severity.
    pub severity: Severity,
    /// Findings that are new.
    pub entered: u64,
    /// Findings that are closed.
    pub left: u64,
}

/// What a conversation looks things up with.
pub trait Tools {
    /// Returns what words can mean.
    fn vocabulary(&mut self) -> Vocabulary;

    /// Looks something up. What goes wrong is a [`ToolResult::Nothing`].
    fn call(&mut self, call: &ToolCall) -> ToolResult;

    /// Checks, formats and measures items that were proposed.
    ///
    /// # Errors
    /// Why they are not shown, in words of this program: nothing of the proposal is in them.
    fn measure(&mut self, draft: &Draft<'_>) -> Result<Measured, String>;
}

/// What words can mean, and which of them are not foreign texts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Vocabulary {
    /// Tags, attributes and their values.
    pub filter: FilterVocabulary,
    /// Names of the policies: tags and their declared values, policies, checks, frameworks, definitions.
    pub names: Vec<String>,
}

/// Items of the language that were proposed.
pub struct Draft<'a> {
    /// The text.
    pub text: &'a str,
    /// Returns the text of an alias.
    pub value_of: &'a dyn Fn(&str) -> Option<String>,
    /// Whether a number is one of the question or of the facts.
    pub has_number: &'a dyn Fn(&str) -> bool,
}

/// Items of the language that were checked, and what they would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// The items, formatted.
    pub text: String,
    /// What they would change.
    pub changes: FoundChanges,
}

/// Adds what a look-up found to facts, and returns the numbers of the new ones. `input` knows the currency.
pub(super) fn add_facts(facts: &mut Facts, input: &AdviceInput, result: &ToolResult) -> Vec<FactId> {
    match result {
        ToolResult::Findings(found) => findings(facts, input, found),
        ToolResult::Resource(found) => resource(facts, input, found),
        ToolResult::Resources(similar) => {
            let one = |facts: &mut Facts, id: &String| {
                facts.add_found(sentence!["A resource that may be meant is ", value(id), "."], [])
            };
            similar.iter().take(LISTED).map(|id| one(facts, id)).collect()
        }
        ToolResult::Costs(found) => costs(facts, input, found),
        ToolResult::Changes(found) => changes(
            facts,
            "Since the snapshot before, ",
            found,
            ["is new", "are new"],
            ["is closed", "are closed"],
        ),
        ToolResult::Nothing(_) => Vec::new(),
    }
}

/// Adds what a proposal would change.
pub(super) fn add_measure(facts: &mut Facts, found: &FoundChanges) -> Vec<FactId> {
    changes(
        facts,
        "With the proposal, ",
        found,
        ["would be new", "would be new"],
        ["would be closed", "would be closed"],
    )
}

fn findings(facts: &mut Facts, input: &AdviceInput, found: &FoundFindings) -> Vec<FactId> {
    let one_or_many = |one: &'static str, many: &'static str| if found.resources == 1 { one } else { many };
    let cost = found.cost.filter(|cost| cost.is_positive());
    let cost = cost.map(|cost| sentence![one_or_many(", costs ", ", cost "), money(input, cost), ","]);
    let open = sentence![
        one_or_many(" and has ", " and have "),
        several(found.open, "open finding", "open findings")
    ];
    let all = match &found.condition {
        Some(condition) => {
            let resources = several(found.resources, "resource fulfills ", "resources fulfill ");
            sentence![resources, value(condition), cost, open, "."]
        }
        None => {
            let resources = several(found.resources, "resource is", "resources are");
            sentence![resources, " in the inventory", cost, open, "."]
        }
    };
    let mut ids = vec![facts.add_found(all, [])];
    ids.extend(found.listed.iter().take(LISTED).map(|one| finding(facts, input, one)));
    ids
}

fn finding(facts: &mut Facts, input: &AdviceInput, found: &FoundFinding) -> FactId {
    let check = format!("{}/{}", found.policy, found.check);
    let cost = found.cost.filter(|cost| cost.is_positive());
    let cost = cost.map(|cost| sentence!["; it costs ", money(input, cost)]);
    let fails =
        sentence![value(&found.resource), " fails ", name(&check), ", which is ", found.severity.as_str()];
    let sentence = sentence![fails, cost, ". The requirement: ", value(&found.requirement), "."];
    facts.add_found(sentence, command::explain(&found.resource, &found.policy, &found.check))
}

fn resource(facts: &mut Facts, input: &AdviceInput, found: &FoundResource) -> Vec<FactId> {
    let ty = found.ty.as_ref().map(|ty| sentence![" is of type ", value(ty), ". It"]);
    let passes = several(found.passing, "check", "checks");
    let fails = several(found.findings.len() as u64, "finding", "findings");
    let all = sentence![value(&found.id), ty, " passes ", passes, " and has ", fails, "."];
    let mut ids = vec![facts.add_found(all, [])];
    ids.extend(found.findings.iter().take(LISTED).map(|one| finding(facts, input, one)));
    for tag in found.tags.iter().take(2 * LISTED) {
        let sentence = match &tag.value {
            None => sentence![name(&tag.name), " is missing on ", value(&found.id), "."],
            Some((text, source)) => {
                let valid = (!tag.is_valid).then_some(", and is not valid");
                let is = sentence![name(&tag.name), " is ", value(text), " on ", value(&found.id)];
                sentence![is, "; the value is ", *source, valid, "."]
            }
        };
        ids.push(facts.add_found(sentence, command::explain_tag(&found.id, &tag.name)));
    }
    ids
}

fn costs(facts: &mut Facts, input: &AdviceInput, found: &FoundCosts) -> Vec<FactId> {
    let total = sentence!["The costs by ", name(&found.by), " come to ", money(input, found.total), "."];
    let mut ids = vec![facts.add_found(total, command::cost_by(&found.by))];
    for line in found.lines.iter().take(LISTED) {
        let resources = several(line.resources, "resource", "resources");
        let verb = if line.resources == 1 { " costs " } else { " cost " };
        let whose = match &line.value {
            Some(text) => sentence![" of ", name(&found.by), " ", value(text)],
            None => sentence![" without ", name(&found.by)],
        };
        ids.push(facts.add_found(sentence![resources, whose, verb, money(input, line.cost), "."], []));
    }
    let more = found.lines.len().saturating_sub(LISTED);
    if more > 0 {
        let more = several(more as u64, "more value is", "more values are");
        ids.push(facts.add_found(sentence![more, " less expensive."], []));
    }
    ids
}

/// `news` and `closed` are predicates of one finding and of several.
fn changes(
    facts: &mut Facts,
    start: &'static str,
    found: &FoundChanges,
    news: [&'static str; 2],
    closed: [&'static str; 2],
) -> Vec<FactId> {
    let predicate = |count: u64, [one, many]: [&'static str; 2]| if count == 1 { one } else { many };
    let entered = sentence![several(found.entered, "finding ", "findings "), predicate(found.entered, news)];
    let left = sentence![several(found.left, "finding ", "findings "), predicate(found.left, closed)];
    let score = match (found.score_before, found.score_after) {
        (Some(before), Some(after)) if before != after => {
            Some(sentence![". The score is ", Part::Score(after), " instead of ", Part::Score(before),])
        }
        _ => None,
    };
    let mut ids = vec![facts.add_found(sentence![start, entered, ", and ", left, score, "."], [])];
    for change in found.checks.iter().take(LISTED) {
        let check = format!("{}/{}", change.policy, change.check);
        let entered = several(change.entered, "finding", "findings");
        let left = several(change.left, "finding", "findings");
        let of = sentence![name(&check), ", which is ", change.severity.as_str()];
        let sentence = sentence![of, ": ", entered, " more and ", left, " less."];
        ids.push(facts.add_found(sentence, []));
    }
    for (tag, resources) in found.tags.iter().take(LISTED) {
        let resources = several(*resources, "resource", "resources");
        ids.push(facts.add_found(sentence![name(tag), " has another value on ", resources, "."], []));
    }
    ids
}
