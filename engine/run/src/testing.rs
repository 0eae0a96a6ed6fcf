//! `test` blocks, run through the same plan and database as everything else.
//!
//! The givens of many tests make one small inventory, so that a hundred tests cost one evaluation;
//! only tests with another clock, or with ids that clash, need another.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use tagpol_inventory::{Import, Resource};
use tagpol_plan::QueryKind;
use tagpol_plan::ir::Origin;
use tagpol_sema::program::{Attr, Expect, ExpectKind, Given, Loc, Program, Test};

use crate::error::RunError;
use crate::evaluate::{Options, Run};
use crate::finding::State;
use crate::tables::Tables;

/// What became of one test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestResult {
    /// Its name.
    pub name: String,
    /// Its place.
    pub loc: Loc,
    /// What was expected and did not come. Empty: it passed.
    pub failures: Vec<Failure>,
}

impl TestResult {
    /// Whether all came as expected.
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }
}

/// An expectation that was not met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The expectation, as it was written.
    pub expected: String,
    /// What came instead.
    pub got: String,
    /// The given that it is about, where the test has several.
    pub given: Option<String>,
    /// Place of the expectation.
    pub loc: Loc,
}

/// Runs the tests of a program for which `wanted` says yes; results in the order of the program.
///
/// # Errors
/// The database's; a failing test is no error.
pub fn run(
    program: &Program,
    options: &Options,
    wanted: impl Fn(&Test) -> bool,
) -> Result<Vec<TestResult>, RunError> {
    let tests: Vec<(usize, &Test)> =
        program.tests.iter().enumerate().filter(|(_, test)| wanted(test)).collect();
    let mut results: BTreeMap<usize, TestResult> = BTreeMap::new();
    let mut tables = Tables::default();
    for batch in batches(&tests, options.now) {
        let observed = Observed::of(program, &batch, &mut tables, options)?;
        for (index, test) in &batch.tests {
            results.insert(*index, observed.judge(program, *index, test));
        }
    }
    Ok(results.into_values().collect())
}

/// Tests that can share an inventory.
struct Batch<'a> {
    now: DateTime<Utc>,
    ids: BTreeSet<String>,
    tests: Vec<(usize, &'a Test)>,
}

fn batches<'a>(tests: &[(usize, &'a Test)], now: DateTime<Utc>) -> Vec<Batch<'a>> {
    let mut batches: Vec<Batch<'a>> = Vec::new();
    for (index, test) in tests {
        let ids: BTreeSet<String> =
            (0..test.givens.len()).map(|given| resource_id(*index, test, given)).collect();
        let now = test.at.unwrap_or(now);
        let fits = |batch: &&mut Batch<'_>| batch.now == now && batch.ids.is_disjoint(&ids);
        match batches.iter_mut().find(fits) {
            Some(batch) => {
                batch.ids.extend(ids);
                batch.tests.push((*index, test));
            }
            None => batches.push(Batch { now, ids, tests: vec![(*index, test)] }),
        }
    }
    batches
}

/// The id of a given: its own, or one that no other given has.
fn resource_id(index: usize, test: &Test, given: usize) -> String {
    let own = test.givens.get(given).and_then(|given| attr(given, Attr::Id));
    own.unwrap_or_else(|| format!("test-{index}-given-{given}"))
}

fn attr(given: &Given, wanted: Attr) -> Option<String> {
    given.attrs.iter().find(|(attr, _)| *attr == wanted).map(|(_, text)| text.clone())
}

fn resource(index: usize, test: &Test, at: usize, given: &Given) -> Resource {
    Resource {
        id: resource_id(index, test, at),
        name: attr(given, Attr::Name),
        type_: attr(given, Attr::Type),
        provider: attr(given, Attr::Provider),
        account: attr(given, Attr::Account),
        region: attr(given, Attr::Region),
        source: attr(given, Attr::Source),
        created: given.created,
        monthly_cost: given.monthly_cost,
        meta: None,
        tags: given.tags.clone(),
    }
}

/// What the engine made of the givens of a batch.
struct Observed {
    run: Run,
    /// Value and index of provenance, by resource id and index of the tag.
    tags: BTreeMap<(String, usize), (String, usize)>,
    /// Index of the check and state, by resource id.
    findings: BTreeMap<String, Vec<(usize, State)>>,
}

impl Observed {
    fn of(
        program: &Program,
        batch: &Batch<'_>,
        tables: &mut Tables,
        options: &Options,
    ) -> Result<Self, RunError> {
        let resources: Vec<Resource> = batch
            .tests
            .iter()
            .flat_map(|(index, test)| {
                test.givens.iter().enumerate().map(|(at, given)| resource(*index, test, at, given))
            })
            .collect();
        let folder = tempfile::tempdir().map_err(RunError::TemporaryFolder)?;
        let import = Import::of_resources(&resources, None, batch.now);
        let snapshot = import.write(folder.path(), &mut |_| {})?;
        let run = Run::start(program, &snapshot, tables, &Options { now: batch.now, ..options.clone() })?;
        let mut tags = BTreeMap::new();
        run.for_each(QueryKind::Tags, |row| {
            let key = (row.text(0).unwrap_or_default(), row.index(1)?);
            tags.insert(key, (row.text(2).unwrap_or_default(), row.index(4)?));
            Ok(())
        })?;
        let mut findings: BTreeMap<String, Vec<(usize, State)>> = BTreeMap::new();
        run.for_each(QueryKind::Findings, |row| {
            let found = (row.index(0)?, row.state(1)?);
            findings.entry(row.text(2).unwrap_or_default()).or_default().push(found);
            Ok(())
        })?;
        Ok(Self { run, tags, findings })
    }

    fn judge(&self, program: &Program, index: usize, test: &Test) -> TestResult {
        let mut failures = Vec::new();
        for expect in &test.expects {
            for (at, given) in test.givens.iter().enumerate() {
                if expect.given.is_some_and(|wanted| wanted != at) {
                    continue;
                }
                if let Err(got) = self.meets(program, &resource_id(index, test, at), expect) {
                    let number = || format!("given {}", at + 1);
                    let label = given.label.clone().unwrap_or_else(number);
                    failures.push(Failure {
                        expected: expect.text.clone(),
                        got,
                        given: (test.givens.len() > 1).then_some(label),
                        loc: expect.loc.clone(),
                    });
                }
            }
        }
        TestResult { name: test.name.clone(), loc: test.loc.clone(), failures }
    }

    /// Whether a resource is as expected; else what it is instead.
    fn meets(&self, program: &Program, id: &str, expect: &Expect) -> Result<(), String> {
        match &expect.kind {
            ExpectKind::TagIs { tag, value, rule } => {
                let name = &program.tag(*tag).name;
                let (got, provenance) =
                    self.tag(id, tag.0 as usize).ok_or_else(|| format!("{name} is missing"))?;
                let from = self.origin(program, *provenance);
                if got != value {
                    return Err(format!("{name} is `{got}`, from {from}"));
                }
                match rule {
                    Some(rule) if self.rule(*provenance) != Some(*rule) => {
                        Err(format!("{name} is `{got}`, but from {from}"))
                    }
                    _ => Ok(()),
                }
            }
            ExpectKind::TagMissing(tag) => match self.tag(id, tag.0 as usize) {
                None => Ok(()),
                Some((got, provenance)) => {
                    let name = &program.tag(*tag).name;
                    Err(format!("{name} is `{got}`, from {}", self.origin(program, *provenance)))
                }
            },
            ExpectKind::Violation { policy, check, negated } => {
                let counts = |state| matches!(state, State::Open | State::Pending);
                self.finding(program, id, *policy, *check, *negated, counts)
            }
            ExpectKind::Exempt { policy, check } => {
                self.finding(program, id, *policy, *check, false, |state| state == State::Exempt)
            }
        }
    }

    fn tag(&self, id: &str, tag: usize) -> Option<&(String, usize)> {
        self.tags.get(&(id.to_owned(), tag))
    }

    /// Whether there is a finding of a policy (and check) in a state that `counts`.
    fn finding(
        &self,
        program: &Program,
        id: &str,
        policy: usize,
        check: Option<usize>,
        negated: bool,
        counts: impl Fn(State) -> bool,
    ) -> Result<(), String> {
        let plan = &self.run.compiled.plan;
        let all = self.findings.get(id).map(Vec::as_slice).unwrap_or_default();
        let of_policy =
            |(index, _): &&(usize, State)| plan.checks.get(*index).is_some_and(|info| info.policy == policy);
        let wanted = |(index, state): &(usize, State)| {
            let info = plan.checks.get(*index);
            info.is_some_and(|info| check.is_none_or(|check| info.check == check)) && counts(*state)
        };
        let found = all.iter().filter(of_policy).any(wanted);
        if found != negated {
            return Ok(());
        }
        let named = |(index, state): &(usize, State)| {
            let info = plan.checks.get(*index)?;
            let value = info.tag.map(|tag| {
                let name = &program.tag(tag).name;
                self.tag(id, tag.0 as usize)
                    .map_or(format!("{name} is missing"), |(v, _)| format!("{name} is `{v}`"))
            });
            let value = value.map(|value| format!(" ({value})")).unwrap_or_default();
            Some(format!("{}/{} {}{value}", info.policy_name, info.id, state.as_str()))
        };
        let list: Vec<String> = all.iter().filter(of_policy).filter_map(named).collect();
        Err(match list.as_slice() {
            [] => format!("no finding of {}", program.policies.get(policy).map_or("it", |p| p.name.as_str())),
            list => list.join(", "),
        })
    }

    fn rule(&self, provenance: usize) -> Option<usize> {
        match self.run.compiled.plan.provenance.get(provenance)?.origin {
            Origin::Set { rule, .. } | Origin::Fill { rule, .. } => Some(rule),
            Origin::Native { .. } | Origin::Default => None,
        }
    }

    /// Where a value came from, in words.
    fn origin(&self, program: &Program, provenance: usize) -> String {
        let Some(provenance) = self.run.compiled.plan.provenance.get(provenance) else {
            return "nowhere".to_owned();
        };
        let Loc { file, line, .. } = &provenance.loc;
        match &provenance.origin {
            Origin::Set { rule, .. } | Origin::Fill { rule, .. } => {
                let name = program.rules.get(*rule).map_or("?", |rule| rule.name.as_str());
                format!("rule {name} ({file}:{line})")
            }
            Origin::Native { key } => format!("native key `{key}`"),
            Origin::Default => "its default".to_owned(),
        }
    }
}
