//! The smallest change of tags that makes a resource compliant.
//!
//! In: an evaluated resource. Out: an [`Advice`]: as few new values of virtual tags as possible, with
//! which no finding of the resource is open and none is there that was not there before. Tags that
//! rules fill from changed ones follow, as they do when a person decides on a value. Each answer is
//! verified by evaluating the resource with it.
//!
//! A finding goes away only where a tag changes that its check, its scope or its waivers depend on. So
//! the search takes the finding with the fewest such tags, tries their values, evaluates, and goes on
//! with what is still found; it deepens by one change at a time, so the first answer is a smallest one
//! among the values that are tried (`values`: one of each kind that the conditions distinguish).

mod example;
mod reads;
mod values;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use tagpol_interp::{Resource, State};
use tagpol_sema::describe;
use tagpol_sema::program::{Pred, TagId, TagType};

use self::reads::Reads;
use self::values::Finder;

/// Evaluations after which a search gives up.
const EVALUATIONS: usize = 20_000;
/// Work for one resource, over all of its searches, after which they give up: a step is a rule that is
/// looked at for a tag, or a check. Searches of many findings in a large program end in seconds this way.
const STEPS: usize = 300_000_000;
/// Changes that an answer may have.
const DEEPEST: usize = 12;

/// A check of a policy, by their indexes in the program.
pub type CheckId = (usize, usize);

/// What would make a resource compliant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Advice {
    /// Open findings.
    pub open: usize,
    /// The smallest change of all; none where nothing is open or none was found.
    pub smallest: Option<Vec<Change>>,
    /// The smallest change that leaves alone the tags that are valid and that no finding is about,
    /// where it is another one.
    pub keeping: Option<Vec<Change>>,
    /// Open findings that no change of tags takes away; the changes are for all others.
    pub stuck: Vec<CheckId>,
    /// Whether the search ended early, so that there may be a smaller change, or one at all.
    pub gave_up: bool,
}

/// A new value of a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The tag.
    pub tag: TagId,
    /// Its value now.
    pub from: Option<String>,
    /// Its value then; None: none.
    pub to: Option<String>,
    /// What any value in its place must be, where the one that is given is an example.
    pub example_of: Option<String>,
}

/// Finds the smallest change that makes a resource compliant.
pub fn advise(resource: &Resource<'_>) -> Advice {
    let problem = Problem::new(resource);
    let open = problem.open();
    if open.is_empty() {
        return Advice::default();
    }
    let mut gave_up = false;
    let stuck: Vec<CheckId> = open.iter().copied().filter(|check| problem.is_stuck(*check)).collect();
    let mut answer = |frozen: &BTreeSet<TagId>| {
        let mut search = Search::new(&problem, frozen, stuck.iter().copied().collect());
        let found = search.smallest();
        gave_up |= search.gave_up;
        found.filter(|found| !found.is_empty())
    };
    let smallest = answer(&BTreeSet::new());
    let settled = problem.settled();
    let touches = |found: &Assignment| found.keys().any(|tag| settled.contains(tag));
    let keeping = if smallest.as_ref().is_none_or(touches) { answer(&settled) } else { None };
    let changes = |found: Assignment| problem.changes(found);
    Advice {
        open: open.len(),
        smallest: smallest.map(changes),
        keeping: keeping.map(changes),
        stuck,
        gave_up,
    }
}

/// New values of tags.
type Assignment = BTreeMap<TagId, Option<String>>;

/// A resource with what its checks depend on.
struct Problem<'r, 'a> {
    resource: &'r Resource<'a>,
    states: Vec<Vec<State>>,
    /// By check: the tags that it, its scope and its waivers depend on.
    reads: BTreeMap<CheckId, BTreeSet<TagId>>,
    /// By tag that an open check depends on: the values to try.
    values: BTreeMap<TagId, Vec<Option<String>>>,
    /// Evaluations that all searches together may still make.
    evaluations_left: Cell<usize>,
}

impl<'r, 'a> Problem<'r, 'a> {
    fn new(resource: &'r Resource<'a>) -> Self {
        let program = resource.program();
        let states: Vec<Vec<State>> =
            (0..program.policies.len()).map(|p| resource.policy_states(p)).collect();
        let reads = Reads::new(program);
        let actions: usize = program.rules.iter().map(|rule| rule.actions.len()).sum();
        let checks: usize = program.policies.iter().map(|policy| policy.checks.len()).sum();
        let evaluation = program.tags.len().saturating_mul(actions + 1) + checks + program.defines.len();
        let evaluations_left = Cell::new(STEPS / evaluation.max(1));
        let (no_reads, no_values) = (BTreeMap::new(), BTreeMap::new());
        let mut problem = Self { resource, states, reads: no_reads, values: no_values, evaluations_left };
        for (p, policy) in program.policies.iter().enumerate() {
            for (c, check) in policy.checks.iter().enumerate() {
                let waivers = program
                    .exemptions
                    .iter()
                    .filter(|waiver| waiver.policy == p && waiver.check.is_none_or(|only| only == c));
                let scopes = waivers.filter_map(|waiver| waiver.scope.as_ref()).chain(&policy.scope);
                problem.reads.insert((p, c), reads.of(scopes.chain([&check.pred])));
            }
        }
        problem.find_values(&reads);
        problem
    }

    /// Any check may come to be broken on the way, so the tags of all are asked for.
    fn find_values(&mut self, reads: &Reads<'_>) {
        if self.open().is_empty() {
            return;
        }
        let tags: BTreeSet<TagId> = self.reads.values().flatten().copied().collect();
        let with_source = tags_with_source_conditions(self.resource);
        for tag in tags {
            // Where the value follows from other tags, the one of now may have to be kept.
            let keep = with_source.contains(&tag) || reads.behind(tag).count() > 1;
            let values = Finder::new(self.resource, tag).values(self.wanted(tag), keep);
            self.values.insert(tag, values);
        }
    }

    /// The values that remedies of policies name.
    fn wanted(&self, tag: TagId) -> Vec<String> {
        let policies = self.resource.program().policies.iter();
        let remedies = policies.flat_map(|policy| &policy.remedies).filter(|remedy| remedy.tag == tag);
        remedies.filter_map(|remedy| self.resource.shown(&remedy.value)).collect()
    }

    fn open(&self) -> Vec<CheckId> {
        all_of(&self.states, |state| state == State::Open)
    }

    /// The tags that are valid as they are, and that no open finding is about.
    fn settled(&self) -> BTreeSet<TagId> {
        let about: BTreeSet<TagId> = self.open().iter().filter_map(|check| self.tag_of(*check)).collect();
        let valid = |tag: &TagId| self.resource.holds(&Pred::IsValid(*tag));
        self.values.keys().copied().filter(|tag| valid(tag) && !about.contains(tag)).collect()
    }

    fn tag_of(&self, (policy, check): CheckId) -> Option<TagId> {
        self.resource.program().policies.get(policy)?.checks.get(check)?.tag
    }

    /// Whether no value of any tag takes this one finding away.
    fn is_stuck(&self, check: CheckId) -> bool {
        let others = self.reads.keys().copied().filter(|other| *other != check).collect();
        let nothing = BTreeSet::new();
        let mut search = Search::new(self, &nothing, others);
        search.smallest().is_none() && !search.gave_up
    }

    /// Returns the findings that a change leaves or makes, without those that are passed over.
    fn broken(&self, changed: &Resource<'_>, ignored: &BTreeSet<CheckId>) -> Vec<CheckId> {
        let states: Vec<Vec<State>> = (0..self.states.len()).map(|p| changed.policy_states(p)).collect();
        let mut broken = all_of(&states, |state| state == State::Open);
        let pending = all_of(&states, |state| state == State::Pending);
        broken.extend(pending.into_iter().filter(|(policy, check)| {
            let before = self.states.get(*policy).and_then(|states| states.get(*check));
            before != Some(&State::Pending)
        }));
        broken.retain(|check| !ignored.contains(check));
        broken
    }

    fn changes(&self, found: Assignment) -> Vec<Change> {
        let changes = found.into_iter().map(|(tag, to)| {
            let from = self.resource.tag(tag).and_then(|result| result.value.clone());
            let example_of = to.as_ref().and_then(|_| self.example_of(tag));
            Change { tag, from, to, example_of }
        });
        changes.collect()
    }

    /// What the open findings ask of a tag whose values are not listed anywhere.
    fn example_of(&self, tag: TagId) -> Option<String> {
        let program = self.resource.program();
        let ty = &program.tag(tag).ty;
        if matches!(ty, TagType::OneOf(_) | TagType::Bool) || !self.wanted(tag).is_empty() {
            return None;
        }
        let open = self.open().into_iter().filter(|check| self.tag_of(*check) == Some(tag));
        let checks = open.filter_map(|(policy, check)| program.policies.get(policy)?.checks.get(check));
        let mut requirements: Vec<String> = checks
            .map(|check| check.expectation.strip_prefix("be ").unwrap_or(&check.expectation).to_owned())
            .filter(|requirements| requirements != "set")
            .collect();
        if requirements.is_empty() {
            requirements.push(if *ty == TagType::Text { "any text".to_owned() } else { describe(ty) });
        }
        requirements.dedup();
        Some(requirements.join(" and "))
    }
}

/// Tags whose source is read by a condition.
fn tags_with_source_conditions(resource: &Resource<'_>) -> BTreeSet<TagId> {
    use tagpol_sema::program::Value;
    let program = resource.program();
    let mut with_source = BTreeSet::new();
    let policies = program.policies.iter();
    let preds =
        policies.flat_map(|policy| policy.checks.iter().map(|check| &check.pred).chain(&policy.scope));
    let preds = preds
        .chain(program.exemptions.iter().filter_map(|waiver| waiver.scope.as_ref()))
        .chain(program.defines.iter().map(|define| &define.pred));
    for pred in preds {
        pred.each_value(&mut |value| {
            if let Value::SourceOf(tag) = value {
                with_source.insert(*tag);
            }
        });
    }
    with_source
}

fn all_of(states: &[Vec<State>], wanted: impl Fn(State) -> bool) -> Vec<CheckId> {
    let checks = states.iter().enumerate();
    let checks =
        checks.flat_map(|(p, states)| states.iter().enumerate().map(move |(c, state)| ((p, c), *state)));
    checks.filter(|(_, state)| wanted(*state)).map(|(check, _)| check).collect()
}

/// One search, by iterative deepening.
struct Search<'s, 'r, 'a> {
    problem: &'s Problem<'r, 'a>,
    frozen: &'s BTreeSet<TagId>,
    ignored: BTreeSet<CheckId>,
    seen: BTreeSet<Assignment>,
    evaluations: usize,
    /// Whether a branch was not followed because it was too deep.
    cut: bool,
    gave_up: bool,
}

impl<'s, 'r, 'a> Search<'s, 'r, 'a> {
    fn new(problem: &'s Problem<'r, 'a>, frozen: &'s BTreeSet<TagId>, ignored: BTreeSet<CheckId>) -> Self {
        Self { problem, frozen, ignored, seen: BTreeSet::new(), evaluations: 0, cut: false, gave_up: false }
    }

    fn smallest(&mut self) -> Option<Assignment> {
        for depth in 0..=DEEPEST {
            self.seen.clear();
            self.cut = false;
            if let Some(found) = self.deepen(&mut Assignment::new(), depth) {
                return Some(found);
            }
            if !self.cut || self.gave_up {
                return None;
            }
        }
        self.gave_up = true;
        None
    }

    fn deepen(&mut self, changes: &mut Assignment, depth: usize) -> Option<Assignment> {
        if self.gave_up || !self.seen.insert(changes.clone()) {
            return None;
        }
        self.evaluations += 1;
        let left = &self.problem.evaluations_left;
        left.set(left.get().saturating_sub(1));
        if self.evaluations > EVALUATIONS || left.get() == 0 {
            self.gave_up = true;
            return None;
        }
        let changed = self.problem.resource.deciding(changes);
        let broken = self.problem.broken(&changed, &self.ignored);
        if broken.is_empty() {
            return Some(changes.clone());
        }
        let choices: Vec<Vec<TagId>> = broken.iter().map(|check| self.choices(*check, changes)).collect();
        if choices.iter().any(Vec::is_empty) {
            return None;
        }
        if at_least(&choices) > depth {
            self.cut = true;
            return None;
        }
        let tags = choices.into_iter().min_by_key(Vec::len)?;
        for tag in tags {
            for value in self.problem.values.get(&tag).into_iter().flatten() {
                changes.insert(tag, value.clone());
                let found = self.deepen(changes, depth - 1);
                changes.remove(&tag);
                if found.is_some() {
                    return found;
                }
            }
        }
        None
    }

    /// The tags of which one must change for a finding to go away, the one that it is about first.
    fn choices(&self, check: CheckId, changes: &Assignment) -> Vec<TagId> {
        let about = self.problem.tag_of(check);
        let reads = self.problem.reads.get(&check).into_iter().flatten().copied();
        let mut tags: Vec<TagId> =
            reads.filter(|tag| !changes.contains_key(tag) && !self.frozen.contains(tag)).collect();
        tags.sort_by_key(|tag| Some(*tag) != about);
        tags
    }
}

/// Findings that have no tag in common need a change each.
fn at_least(choices: &[Vec<TagId>]) -> usize {
    let mut taken: BTreeSet<TagId> = BTreeSet::new();
    let mut count = 0;
    let mut sorted: Vec<&Vec<TagId>> = choices.iter().collect();
    sorted.sort_by_key(|tags| tags.len());
    for tags in sorted {
        if tags.iter().all(|tag| !taken.contains(tag)) {
            taken.extend(tags);
            count += 1;
        }
    }
    count
}
