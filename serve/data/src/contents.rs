//! What a generation says about itself: the file `generation.json` next to its database.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tagpol_eval::message::{Requirement, shows_value};
use tagpol_plan::Plan;
use tagpol_plan::sql::serving::Shape;
use tagpol_sema::describe;
use tagpol_sema::program::{CheckKind, Program, Severity, TagType};

/// The version of the database and of this file.
pub(crate) const VERSION: u32 = 1;

/// What a generation says about itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contents {
    /// The version of the program's format.
    pub version: u32,
    /// The id of the generation, which is the name of its folder. Later generations have greater ids.
    pub id: String,
    /// The clock that it was evaluated at, in microseconds since 1970.
    pub now: i64,
    /// Hash of what the program means.
    pub program: String,
    /// Id of the snapshot.
    pub snapshot: String,
    /// Number of the last decision that is in it; 0 if there is none. Later ones belong into its overlay.
    pub decisions: i64,
    /// Number of resources.
    pub resources: u64,
    /// Whether some tags are not known yet, as before a Terraform plan is applied.
    pub has_unknown: bool,
    /// Currency of all amounts; None if the snapshot does not say.
    pub currency: Option<String>,
    /// Month of the costs, as `2026-10`; None if they are not of a bill.
    pub month: Option<String>,
    /// Tags in the order of the program.
    pub tags: Vec<TagContents>,
    /// Policies in the order of the program.
    pub policies: Vec<PolicyContents>,
    /// Checks, worst severity first.
    pub checks: Vec<CheckContents>,
    /// Goals in the order of the program.
    pub goals: Vec<GoalContents>,
    /// Names of the rules that give values, in the order of the program.
    pub rules: Vec<String>,
    /// Names of the allocations of shared costs, in the order of the program.
    pub allocations: Vec<String>,
    /// Whether there are charges, which have days and amounts of several kinds.
    pub has_charges: bool,
    /// Costs that belong to no resource, where there are no charges; None if there are none.
    pub unattributed: Option<String>,
    /// What is known of when findings first appeared.
    pub first_seen: FirstSeenKind,
    /// The generation that this one was compared with; None: it is the first.
    pub before: Option<String>,
    /// The time of the first of the generations that were compared one after the other, in microseconds since 1970:
    /// values that never changed are at least as old.
    pub compared_since: i64,
}

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagContents {
    /// Its name.
    pub name: String,
    /// Its type in words.
    pub ty: String,
    /// The values that it may have; None if they are not listed.
    pub values: Option<Vec<String>>,
    /// Its documentation; may be empty.
    pub doc: String,
}

/// A policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyContents {
    /// Its name.
    pub name: String,
    /// `critical`, `high`, `medium` or `low`.
    pub severity: String,
    /// Its documentation; may be empty.
    pub doc: String,
    /// Who is notified of what stays open, and after how many seconds.
    pub escalate: Option<(String, i64)>,
}

/// A check of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckContents {
    /// Index of the policy.
    pub policy: usize,
    /// Its index in the policy.
    pub number: usize,
    /// Its id in the policy.
    pub id: String,
    /// What it asks for, in words.
    pub asks: String,
    /// Index of the tag that it is about.
    pub tag: Option<usize>,
    /// The attribute that it is about, where it is about no tag.
    pub attribute: Option<String>,
    /// What sentences are made of.
    wording: Wording,
}

/// What sentences about the findings of a check are made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Wording {
    subject: String,
    shows_value: bool,
    must_not: bool,
    message: Option<String>,
    expectation: String,
}

impl CheckContents {
    /// Returns the sentence of a finding, for the value of what the check is about.
    pub fn message(&self, value: Option<&str>) -> String {
        let Wording { subject, shows_value, must_not, message, expectation } = &self.wording;
        let kind = if *must_not { CheckKind::Forbid } else { CheckKind::Require };
        Requirement::of_parts(subject, *shows_value, kind, message.as_deref(), expectation).message(value)
    }
}

/// A goal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoalContents {
    /// Its name.
    pub name: String,
    /// `critical`, `high`, `medium` or `low`.
    pub severity: String,
}

/// What is known of when findings first appeared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FirstSeenKind {
    /// Nothing is kept.
    NotKept,
    /// No run has been recorded before.
    FirstRun,
    /// Earlier runs have been recorded.
    Recorded,
}

impl Contents {
    /// Returns the clock that the generation was evaluated at.
    pub fn clock(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.now).unwrap_or_default()
    }

    /// Returns the index of a tag.
    pub fn tag(&self, name: &str) -> Option<usize> {
        self.tags.iter().position(|tag| tag.name == name)
    }

    /// Returns the name of the policy of a check, by the index of the check.
    pub fn policy_of(&self, check: usize) -> Option<&PolicyContents> {
        self.policies.get(self.checks.get(check)?.policy)
    }

    /// Returns the severity of a check, by its index.
    pub fn severity_of(&self, check: usize) -> Option<Severity> {
        severity(&self.policy_of(check)?.severity)
    }

    pub(crate) fn shape(&self) -> Shape {
        Shape {
            tags: self.tags.len(),
            policies: self.policies.len(),
            checks: self.checks.len(),
            goals: self.goals.len(),
            allocations: self.allocations.len(),
        }
    }
}

/// Reads the name of a severity.
pub(crate) fn severity(name: &str) -> Option<Severity> {
    Severity::ALL.into_iter().find(|severity| severity.as_str() == name)
}

pub(crate) fn tags(program: &Program) -> Vec<TagContents> {
    let tag = |tag: &tagpol_sema::program::Tag| TagContents {
        name: tag.name.clone(),
        ty: describe(&tag.ty),
        values: match &tag.ty {
            TagType::OneOf(values) => Some(values.clone()),
            TagType::Bool => Some(vec!["true".to_owned(), "false".to_owned()]),
            _ => None,
        },
        doc: tag.doc.clone(),
    };
    program.tags.iter().map(tag).collect()
}

pub(crate) fn policies(program: &Program) -> Vec<PolicyContents> {
    let policy = |policy: &tagpol_sema::program::Policy| PolicyContents {
        name: policy.name.clone(),
        severity: policy.severity.as_str().to_owned(),
        doc: policy.doc.clone(),
        escalate: policy.escalate.as_ref().map(|escalate| (escalate.to.clone(), escalate.after.seconds)),
    };
    program.policies.iter().map(policy).collect()
}

pub(crate) fn checks(plan: &Plan) -> Vec<CheckContents> {
    let check = |check: &tagpol_plan::ir::CheckInfo| CheckContents {
        policy: check.policy,
        number: check.check,
        id: check.id.clone(),
        asks: Requirement::from(check).asks(),
        tag: check.tag.map(|tag| tag.0 as usize),
        attribute: check.attr.filter(|_| check.tag.is_none()).map(|attr| attr.as_str().to_owned()),
        wording: Wording {
            subject: check.subject.clone(),
            shows_value: shows_value(check.tag, check.attr),
            must_not: check.kind == CheckKind::Forbid,
            message: check.message.clone(),
            expectation: check.expectation.clone(),
        },
    };
    plan.checks.iter().map(check).collect()
}

pub(crate) fn goals(plan: &Plan) -> Vec<GoalContents> {
    let goal = |goal: &tagpol_plan::ir::GoalInfo| GoalContents {
        name: goal.name.clone(),
        severity: goal.severity.as_str().to_owned(),
    };
    plan.goals.iter().map(goal).collect()
}
