//! What changes from one evaluation to another: two policies over one snapshot, or one over two.
//!
//! In: two programs and two snapshots. Out: a [`Diff`]: findings that entered, left or changed, values of
//! tags that changed, totals and goals of both sides. Both are evaluated in one database and joined there
//! by resource, all checks and tags at once, so that only differences are read
//! ([`tagpol_plan::sql::difference`]). Two checks are the same if policy and id are, two tags if their names are.

mod pairs;
mod read;

use chrono::{DateTime, Utc};
use tagpol_inventory::Snapshot;
use tagpol_plan::sql::difference;
use tagpol_sema::program::{Attr, Program, Severity};
use tagpol_session::{Decimal, Store};

use self::pairs::{CheckPair, Pairs, TagPair};
use crate::compile::DIALECT;
use crate::cost::measure_costs;
use crate::error::RunError;
use crate::finding::{SnapshotInfo, State, Summary};
use crate::goal::GoalResult;
use crate::options::Options;
use crate::run::Run;
use crate::tables::Tables;

/// One of the two evaluations that are compared.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// What it is called: a revision, a folder, a snapshot.
    pub label: &'a str,
    /// The program.
    pub program: &'a Program,
    /// The snapshot.
    pub snapshot: &'a Snapshot,
    /// The clock, the rates, and how to run.
    pub options: &'a Options,
}

/// How much of a difference is read; counts are always exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Findings of each check that entered, left or changed, the most expensive first. None: all.
    pub findings: Option<usize>,
    /// Moves of each tag, the most frequent first. None: all.
    pub moves: Option<usize>,
}

/// What changes from one evaluation to another.
#[derive(Debug, Clone, PartialEq)]
pub struct Diff {
    /// The clock of the second.
    pub now: DateTime<Utc>,
    /// The first.
    pub before: Side,
    /// The second.
    pub after: Side,
    /// Resources that only the second has.
    pub resources_entered: u64,
    /// Resources that only the first has.
    pub resources_left: u64,
    /// The checks with a finding that differs, the worst first, then by policy and check.
    pub checks: Vec<CheckDiff>,
    /// The tags with a value that differs on a resource that both have, by name.
    pub tags: Vec<TagDiff>,
}

/// One of the two.
#[derive(Debug, Clone, PartialEq)]
pub struct Side {
    /// What it is called.
    pub label: String,
    /// Its snapshot.
    pub snapshot: SnapshotInfo,
    /// Its totals.
    pub summary: Summary,
    /// Its goals, by name.
    pub goals: Vec<GoalResult>,
}

/// What changes about a check.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckDiff {
    /// Name of the policy.
    pub policy: String,
    /// Id of the check in it.
    pub check: String,
    /// The tag that it is about.
    pub tag: Option<String>,
    /// Severity before; None if there was no such check.
    pub severity_before: Option<Severity>,
    /// Severity after; None if there is no such check.
    pub severity_after: Option<Severity>,
    /// Findings of the second only.
    pub entered: u64,
    /// Findings of the first only.
    pub left: u64,
    /// Findings of both, with another state, severity or value.
    pub changed: u64,
    /// Findings that count now and did not, or not as much: open ones that were not open, or were of
    /// a lower severity.
    pub worsened: u64,
    /// Monthly cost of the resources of findings that entered; None if none is known.
    pub cost_entered: Option<Decimal>,
    /// Monthly cost of the resources of findings that left; None if none is known.
    pub cost_left: Option<Decimal>,
    /// The findings, those that entered first, as many as the limits say.
    pub findings: Vec<FindingDiff>,
}

impl CheckDiff {
    /// Returns the severity after, else before.
    pub fn severity(&self) -> Severity {
        self.severity_after.or(self.severity_before).unwrap_or(Severity::Low)
    }
}

/// How a finding changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Change {
    /// It is new.
    Entered,
    /// It is gone.
    Left,
    /// It has another state, severity or value.
    Changed,
}

impl Change {
    /// Returns the word for it in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Entered => "entered",
            Self::Left => "left",
            Self::Changed => "changed",
        }
    }
}

/// A finding that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct FindingDiff {
    /// How.
    pub change: Change,
    /// Id of the resource.
    pub resource: String,
    /// Its name.
    pub name: Option<String>,
    /// Its type.
    pub ty: Option<String>,
    /// Its account.
    pub account: Option<String>,
    /// Its monthly cost, after where it is known.
    pub cost: Option<Decimal>,
    /// State before; None if there was no finding.
    pub state_before: Option<State>,
    /// State after; None if there is no finding.
    pub state_after: Option<State>,
    /// Value of the tag or attribute before.
    pub value_before: Option<String>,
    /// Value of the tag or attribute after.
    pub value_after: Option<String>,
    /// Whether the resource is in one of the snapshots only.
    pub resource_moved: bool,
    /// See [`crate::fingerprint`].
    pub fingerprint: String,
}

/// What changes about a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagDiff {
    /// Its name.
    pub tag: String,
    /// Resources of both sides with another value.
    pub resources: u64,
    /// From what to what, the most frequent first, as many as the limits say.
    pub moves: Vec<Move>,
}

/// A change of a tag's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// The value before; None: missing.
    pub from: Option<String>,
    /// The value after; None: missing.
    pub to: Option<String>,
    /// Resources.
    pub resources: u64,
    /// Ids of some of them.
    pub examples: Vec<String>,
}

impl Diff {
    /// Whether amounts of the two can be compared.
    pub fn has_one_currency(&self) -> bool {
        self.before.snapshot.currency == self.after.snapshot.currency
    }

    /// Returns how many findings entered, left and changed.
    pub fn totals(&self) -> [u64; 3] {
        let sum = |of: fn(&CheckDiff) -> u64| self.checks.iter().map(of).sum();
        [sum(|check| check.entered), sum(|check| check.left), sum(|check| check.changed)]
    }

    /// Whether a finding of this severity or worse counts that did not, or a goal of such a severity
    /// is missed that was not.
    pub fn worsens_at(&self, gate: Severity) -> bool {
        let was_missed =
            |name: &str| self.before.goals.iter().any(|goal| goal.name == name && goal.is_missed());
        let mut goals = self.after.goals.iter().filter(|goal| goal.severity >= gate);
        self.checks.iter().any(|check| check.worsened > 0 && check.severity() >= gate)
            || goals.any(|goal| goal.is_missed() && !was_missed(&goal.name))
    }
}

/// Compares two evaluations.
///
/// # Errors
/// As for [`crate::evaluate`], of either.
pub fn diff(before: Subject<'_>, after: Subject<'_>, limits: Limits) -> Result<Diff, RunError> {
    let pairs = Pairs::new(before.program, after.program);
    let store = after.options.open_store([before.snapshot, after.snapshot])?;
    let first = run(store, before)?;
    let before_side = side(&first, before)?;
    let kept = pairs.keep(&first.compiled.plan, difference::Side::Before);
    let store = first.keep(&kept)?;
    let second = run(store, after)?;
    let after_side = side(&second, after)?;
    let now = second.compiled.plan.now;
    let kept = pairs.keep(&second.compiled.plan, difference::Side::After);
    let store = second.keep(&kept)?;
    for statement in difference::compare(&pairs.comparison(), DIALECT) {
        store.execute(&statement)?;
    }
    let reader = read::Reader { store: &store, pairs: &pairs, limits };
    let [resources_entered, resources_left] = reader.resources()?;
    let (checks, tags) = (reader.checks()?, reader.tags()?);
    Ok(Diff { now, before: before_side, after: after_side, resources_entered, resources_left, checks, tags })
}

fn run(store: Store, subject: Subject<'_>) -> Result<Run, RunError> {
    Run::start_in(store, subject.program, subject.snapshot, &mut Tables::default(), subject.options)
}

fn side(run: &Run, subject: Subject<'_>) -> Result<Side, RunError> {
    let checks = run.checks()?;
    let mut goals = run.goals()?;
    measure_costs(subject.program, subject.snapshot, subject.options, &mut goals)?;
    Ok(Side {
        label: subject.label.to_owned(),
        snapshot: SnapshotInfo::from(subject.snapshot),
        summary: run.summary(&checks)?,
        goals,
    })
}

/// The attribute whose value findings of a check tell, where it is about no tag.
fn reported_attr(check: &tagpol_sema::program::Check) -> Option<Attr> {
    check.attr().filter(|attr| attr.is_text())
}
