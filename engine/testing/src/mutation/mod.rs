//! Which mutants of a program its tests catch.
//!
//! A *mutant* is the program with one small change: `>` for `>=`, a condition negated or left out, a
//! check dropped, two rules exchanged. A test notices it if it fails. What no test notices is either
//! not tested, or makes no difference. Mutants of which that can be proved (the same plan for any
//! inventory) are not counted.
//!
//! Thousands of slightly different programs are run over a handful of resources each, so the
//! reference interpreter runs them: it is exact, and needs no database for a resource.

mod conditions;
mod mutants;

use chrono::DateTime;
use tagpol_interp::{Patterns, Resource, Row, RowResult};
use tagpol_plan::{Layout, Plan, Request, lower};
use tagpol_sema::program::{Loc, Program, TagId, Test};

use self::mutants::Reach;
use super::expected::{expected_defines, with_defines};
use super::{Subject, TestRun, judge};

/// The result of the mutants of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mutation {
    /// How many there are.
    pub mutants: usize,
    /// How many of them some test notices.
    pub caught: usize,
    /// How many more were made that mean the same as the program.
    pub equivalent: usize,
    /// Those that no test notices, ordered by file and place.
    pub survivors: Vec<Survivor>,
}

/// A mutant that no test catches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survivor {
    /// The change in words.
    pub what: String,
    /// Where it is.
    pub loc: Loc,
}

impl Mutation {
    /// Returns the mutants that are caught, and all.
    pub fn tally(&self) -> super::coverage::Tally {
        super::coverage::Tally { covered: self.caught, all: self.mutants }
    }
}

/// Makes each mutant, and asks the tests of a run, which have passed, whether they notice it.
pub fn mutation(subject: Subject<'_>, run: &TestRun) -> Mutation {
    let patterns = Patterns::default();
    let mut tests = Tests::of(subject, run, &patterns);
    let right = plan(subject.program);
    let mut result = Mutation { mutants: 0, caught: 0, equivalent: 0, survivors: Vec::new() };
    for mutant in mutants::mutants(subject) {
        let mut program = subject.program.clone();
        (mutant.change)(&mut program);
        if tests.notice(subject, &program, &mutant.reach) {
            result.caught += 1;
        } else if right.is_some() && right == plan(&program) {
            result.equivalent += 1;
        } else {
            result.survivors.push(Survivor { what: mutant.what, loc: mutant.loc });
        }
    }
    result.mutants = result.caught + result.survivors.len();
    result
}

/// Returns the plan of a program, rules that give values and predicates that tests ask for included,
/// for any inventory, at a time when no waiver has ended.
fn plan(program: &Program) -> Option<Plan> {
    let request = Request::at(DateTime::UNIX_EPOCH);
    let request = with_defines(program, &expected_defines(program), request);
    lower(program, &Layout::generic(), &request).ok()
}

/// The tests of a run, with their cases under the right program.
struct Tests<'a> {
    /// The one that caught the last mutant first: it will probably catch the next one too.
    tests: Vec<(&'a Test, Vec<OriginalResult<'a>>)>,
}

/// A case, and what the right program says of it.
struct OriginalResult<'a> {
    resource: Resource<'a>,
    /// All resources that relations may find; empty if none is read.
    inventory: &'a [Row],
    result: RowResult,
}

impl<'a> Tests<'a> {
    fn of(subject: Subject<'a>, run: &'a TestRun, patterns: &'a Patterns) -> Self {
        let is_related = subject.program.reads_relations();
        let tests = run.cases.chunk_by(|a, b| a.test == b.test).filter_map(|cases| {
            let test = subject.program.tests.get(cases.first()?.test)?;
            let known = cases.iter().map(|case| {
                let resource = Resource::evaluated(subject.program, &case.options, patterns, &case.row);
                let inventory = if is_related { case.inventory.as_slice() } else { &[] };
                OriginalResult { result: resource.result(), resource, inventory }
            });
            Some((test, known.collect()))
        });
        // A test that fails on the original program would catch every mutant.
        let passes = |(test, cases): &(&Test, Vec<OriginalResult<'_>>)| {
            judge::misses(subject, test, &cases.iter().map(|known| &known.result).collect::<Vec<_>>())
                .is_empty()
        };
        Self { tests: tests.filter(passes).collect() }
    }

    /// Whether a test fails under a mutant.
    fn notice(&mut self, subject: Subject<'_>, program: &Program, reach: &Reach) -> bool {
        let mutated = Subject { program, places: subject.places };
        let caught = self.tests.iter().position(|(test, cases)| {
            let changed: Vec<Option<RowResult>> =
                cases.iter().map(|known| known.under(program, reach)).collect();
            let results = cases.iter().zip(&changed);
            let results: Vec<&RowResult> =
                results.map(|(known, changed)| changed.as_ref().unwrap_or(&known.result)).collect();
            changed.iter().any(Option::is_some) && !judge::misses(mutated, test, &results).is_empty()
        });
        if let Some(at) = caught
            && let Some(first) = self.tests.get_mut(..=at)
        {
            first.rotate_right(1);
        }
        caught.is_some()
    }
}

impl OriginalResult<'_> {
    /// Returns what a mutant says of the case, None if that is what the right program says.
    fn under(&self, program: &Program, reach: &Reach) -> Option<RowResult> {
        if !self.inventory.is_empty() {
            return self.of_inventory(program);
        }
        match reach {
            Reach::Policy(policy) => {
                let states = self.resource.under(program).policy_states(*policy);
                let slot = self.result.checks.get(*policy)?;
                if *slot == states {
                    return None;
                }
                let mut result = self.result.clone();
                *result.checks.get_mut(*policy)? = states;
                Some(result)
            }
            Reach::Tags(tags) => Some(self.resource.with_other_tags(program, tags)?.result()),
            Reach::Define(define) => {
                let changed = self.resource.under(program);
                let (right, wrong) =
                    (self.resource.program().defines.get(*define)?, program.defines.get(*define)?);
                // Tags that depend on it are none that it reads: where it holds alike, all is alike.
                if self.resource.holds(&right.pred) == changed.holds(&wrong.pred) {
                    return None;
                }
                let every: Vec<TagId> = (0u32..).zip(&program.tags).map(|(id, _)| TagId(id)).collect();
                Some(self.resource.with_other_tags(program, &every).unwrap_or(changed).result())
            }
        }
    }
}

impl OriginalResult<'_> {
    /// As [`Self::under`], where a mutant may reach the case through a resource that it is related to.
    fn of_inventory(&self, program: &Program) -> Option<RowResult> {
        let results = tagpol_interp::evaluate(program, self.inventory, self.resource.options());
        let at = self.inventory.iter().position(|row| row.id == self.resource.id())?;
        let result = results.into_iter().nth(at)?;
        (result != self.result).then_some(result)
    }
}

#[cfg(test)]
mod tests {
    use tagpol_sema::condition_places::places;
    use tagpol_sema::{Database, analysis};

    use super::*;
    use crate::run;
    use tagpol_eval::Options;

    const FILES: [(&str, &str); 3] = [
        ("t.tagpol", include_str!("../../../../examples/quickstart/policies/taxonomy.tagpol")),
        ("p.tagpol", include_str!("../../../../examples/quickstart/policies/compliance.tagpol")),
        ("x.tagpol", include_str!("../../../../examples/quickstart/policies/compliance_test.tagpol")),
    ];

    /// More of the language than the example has.
    const MORE: &str = "
tag stack: text { default \"none\" }
define shared = resource.account == \"1\" or not (native[\"Team\"] is set)
normalize stack where shared { keys \"Stack\", \"s\"  map \"a\" -> \"b\"  transform upper  otherwise missing }
normalize stack { keys \"other\" }
rule one { when shared  set team = \"one\" }
rule two priority 3 { when resource.age > 2 days  set team = \"{resource.name}\" }
rule three { fill team = \"three\" }
policy more {
  severity low
  for resource where not shared
  forbid stack
  require name: resource.name matches /a+/ and team in [\"one\", \"two\"]
}
exempt more { for resource where resource.account == \"1\"  until 2026-12-31  because \"x\" }
";

    /// A mutant changes no more of a case than it says.
    #[test]
    fn what_is_taken_over_is_what_would_come_anyway() {
        let files = FILES.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        let db = Database::default();
        let project = db.project(files.chain([("more.tagpol".to_owned(), MORE.to_owned())]));
        let (analysis, places) = (analysis(&db, project), places(&db, project));
        assert_eq!(analysis.diagnostics, []);
        let subject = Subject { program: &analysis.program, places: &places };
        let options = Options::at("2026-11-01T00:00:00Z".parse().unwrap());
        let run = run(subject, &options, |_| true).unwrap();
        let patterns = Patterns::default();
        let mutants = mutants::mutants(subject);
        assert!(mutants.len() > 100, "{}", mutants.len());
        for mutant in mutants {
            let mut program = subject.program.clone();
            (mutant.change)(&mut program);
            assert_ne!(program, *subject.program, "{}", mutant.what);
            assert!(plan(&program).is_some(), "{}", mutant.what);
            for case in &run.cases {
                let resource = Resource::evaluated(subject.program, &case.options, &patterns, &case.row);
                let right = OriginalResult { result: resource.result(), resource, inventory: &[] };
                let taken_over = right.under(&program, &mutant.reach).unwrap_or_else(|| right.result.clone());
                let anew = Resource::evaluated(&program, &case.options, &patterns, &case.row).result();
                // Tests do not ask for these.
                let anew = RowResult { in_scope: taken_over.in_scope.clone(), ..anew };
                assert_eq!(taken_over, anew, "{}", mutant.what);
            }
        }
    }
}
