//! What a guard refuses: for each check of the policies the condition under which it has a finding.

use std::collections::BTreeSet;

use tagpol_interp::{Options, Patterns, Resource, Row};
use tagpol_migrate::{Construct, Outcome, Place};
use tagpol_sema::formats::lower;
use tagpol_sema::program::{Attr, Check, CheckKind, Exemption, Func, Loc, Policy, Pred, Program, Value};

use crate::guard::Guard;
use crate::reduce::{Dialect, Differences, Reducer, cloud_name, is_of_other_cloud};

/// Alternatives up to which a condition is searched for contradictions.
const MAX_ALTERNATIVES: usize = 256;

/// Names of types that a reason lists.
const LISTED_TYPES: usize = 5;

/// A check, and when a cloud refuses a resource because of it.
pub(crate) struct Finding<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) check: &'a Check,
    /// Types of resources, and the condition for them. No types: the cloud tests the type.
    pub(crate) guards: Vec<(Vec<&'static str>, Guard)>,
    /// The index of its entry.
    pub(crate) entry: usize,
}

/// A construct, while it is being compiled.
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) place: Place,
    pub(crate) differences: Differences,
    /// Why it has no guard. Empty: it has one.
    pub(crate) lost: Vec<String>,
    /// A remark about one that is exact.
    pub(crate) note: Option<String>,
    /// The document, or the part of one, that it became.
    pub(crate) became: Option<String>,
}

/// Findings, and the constructs that they came from.
pub(crate) struct Findings<'a> {
    pub(crate) findings: Vec<Finding<'a>>,
    pub(crate) entries: Vec<Entry>,
}

impl Findings<'_> {
    /// Returns the constructs in their order.
    pub(crate) fn constructs(self) -> Vec<Construct> {
        self.entries.into_iter().map(Entry::construct).collect()
    }
}

impl Entry {
    pub(crate) fn new(name: String, loc: &Loc) -> Self {
        let place = Place { file: loc.file.to_string(), pointer: String::new(), line: Some(loc.line) };
        let differences = Differences::default();
        Self { name, place, differences, lost: Vec::new(), note: None, became: None }
    }

    fn lost(name: String, loc: &Loc, reasons: Vec<String>) -> Self {
        Self { lost: reasons, ..Self::new(name, loc) }
    }

    /// Returns `policy/check`, of an entry of a check.
    pub(crate) fn check(&self) -> &str {
        self.name.trim_start_matches("check ")
    }

    fn construct(self) -> Construct {
        self.construct_of("refuses")
    }

    /// Returns the construct; `verb` is what its document does more or less.
    pub(crate) fn construct_of(self, verb: &str) -> Construct {
        let Differences { broader, narrower } = self.differences;
        let (outcome, reason) = match (self.lost.is_empty(), broader.is_empty(), narrower.is_empty()) {
            (false, ..) => (Outcome::Lost, Some(self.lost.join("; "))),
            (true, true, true) => (Outcome::Exact, self.note),
            (true, true, false) => (Outcome::Narrower, Some(narrower.join("; "))),
            (true, false, true) => (Outcome::Broader, Some(broader.join("; "))),
            (true, false, false) => {
                let (more, less) = (broader.join("; "), narrower.join("; "));
                let reason = format!("{verb} more: {more}; {verb} less: {less}");
                (Outcome::Broader, Some(reason))
            }
        };
        let became = self.became.filter(|_| outcome != Outcome::Lost);
        Construct { construct: self.name, outcome, place: self.place, became, reason }
    }
}

/// Collects the findings of all policies. `types`: those of which the guards are made; none if the cloud tests them.
pub(crate) fn collect<'a>(
    program: &'a Program,
    dialect: &dyn Dialect,
    types: &[&'static str],
    options: &Options,
) -> Findings<'a> {
    let patterns = Patterns::default();
    let mut collector = Collector {
        program,
        dialect,
        types,
        options,
        patterns: &patterns,
        found: Findings { findings: Vec::new(), entries: Vec::new() },
    };
    for (index, policy) in program.policies.iter().enumerate() {
        collector.policy(index, policy);
    }
    collector.found
}

struct Collector<'a, 'd> {
    program: &'a Program,
    dialect: &'d dyn Dialect,
    types: &'d [&'static str],
    options: &'d Options,
    patterns: &'d Patterns,
    found: Findings<'a>,
}

/// Types that the policy may apply to and does not distinguish, with the reduced scope.
#[derive(Clone)]
struct InScope {
    types: Vec<&'static str>,
    scope: Guard,
}

impl<'a> Collector<'a, '_> {
    fn reducer(&self, type_: Option<&str>) -> Reducer<'_> {
        Reducer::new(self.program, self.dialect, type_, self.options, self.patterns)
    }

    fn policy(&mut self, index: usize, policy: &'a Policy) {
        let Some(mut in_scope) = self.scope(policy) else { return };
        if let Some(grace) = policy.grace {
            let name = format!("grace of {}", policy.name);
            let length = tagpol_sema::pretty::duration(grace);
            let mut entry = Entry::new(name, &policy.loc);
            entry.differences.broader(format!("a guard does not wait for {length}"));
            self.found.entries.push(entry);
        }
        let program = self.program;
        let today = self.options.now.date_naive();
        let waivers: Vec<&Exemption> =
            program.exemptions.iter().filter(|one| one.policy == index && one.until >= today).collect();
        let for_all: Vec<&Exemption> = waivers.iter().copied().filter(|one| one.check.is_none()).collect();
        for waiver in for_all {
            self.waive(policy, None, waiver, &mut in_scope);
        }
        for (number, check) in policy.checks.iter().enumerate() {
            let mut own = in_scope.clone();
            for waiver in waivers.iter().filter(|one| one.check == Some(number)) {
                self.waive(policy, Some(check), waiver, &mut own);
            }
            self.check(policy, check, &own);
        }
    }

    /// Reduces the scope for each type, and reports it. None: the policy has no guard, which has been reported.
    fn scope(&mut self, policy: &Policy) -> Option<Vec<InScope>> {
        let name = format!("scope of {}", policy.name);
        let always = Pred::Const(true);
        let pred = policy.scope.as_ref().unwrap_or(&always);
        let mut differences = Differences::default();
        let mut lost: Vec<String> = Vec::new();
        let mut in_scope = Vec::new();
        for types in self.types_alike(policy) {
            let mut reducer = self.reducer(types.first().copied());
            match reducer.reduce(pred, true) {
                Ok(Guard::Const(false)) => {}
                Ok(scope) => {
                    differences.extend(reducer.differences);
                    in_scope.push(InScope { types, scope });
                }
                Err(reason) if lost.contains(&reason) => {}
                Err(reason) => lost.push(reason),
            }
        }
        if !self.types.is_empty() {
            self.other_types(policy, pred, &mut differences);
        }
        if in_scope.is_empty() {
            let cloud = cloud_name(self.dialect.cloud());
            lost.extend(differences.narrower);
            let note = Some(format!("the policy does not apply to resources of {cloud}"));
            self.found
                .entries
                .push(Entry { note, ..Entry::lost(format!("policy {}", policy.name), &policy.loc, lost) });
            return None;
        }
        lost.into_iter().for_each(|reason| differences.narrower(reason));
        self.found.entries.push(Entry { differences, ..Entry::new(name, &policy.loc) });
        Some(in_scope)
    }

    /// Groups the types by the results of all tests of types in a policy and its waivers.
    fn types_alike(&self, policy: &Policy) -> Vec<Vec<&'static str>> {
        if self.types.is_empty() {
            return vec![Vec::new()];
        }
        let mut tests = Vec::new();
        let waivers = self.program.exemptions.iter().filter_map(|waiver| waiver.scope.as_ref());
        let preds = policy.scope.iter().chain(policy.checks.iter().map(|check| &check.pred)).chain(waivers);
        preds.for_each(|pred| type_tests(self.program, pred, &mut tests));
        if tests.is_empty() {
            return vec![self.types.to_vec()];
        }
        let mut groups: Vec<(Vec<bool>, Vec<&'static str>)> = Vec::new();
        for type_ in self.types {
            let row = Row { type_: Some((*type_).to_owned()), ..Row::default() };
            let resource = Resource::evaluated(self.program, self.options, self.patterns, &row);
            let results: Vec<bool> = tests.iter().map(|test| resource.holds(test)).collect();
            match groups.iter_mut().find(|(known, _)| *known == results) {
                Some((_, types)) => types.push(type_),
                None => groups.push((results, vec![type_])),
            }
        }
        groups.into_iter().map(|(_, types)| types).collect()
    }

    /// Reports types that the policy applies to and the guard does not.
    fn other_types(&self, policy: &Policy, scope: &Pred, differences: &mut Differences) {
        let mut named = BTreeSet::new();
        let is_listed =
            policy.scope.as_ref().is_none_or(|scope| named_types(self.program, scope, &mut named));
        let mut unknown = self.reducer(Some("\u{0}"));
        if !is_listed || unknown.reduce(scope, true) != Ok(Guard::Const(false)) {
            differences.narrower(format!(
                "{} checks new resources of the {} types in docs/enforcement.md, and not of others",
                cloud_name(self.dialect.cloud()),
                self.types.len()
            ));
        }
        let is_known = |type_: &String| self.types.iter().any(|known| lower(known) == lower(type_));
        named.retain(|type_| !is_known(type_) && !is_of_other_cloud(type_, self.dialect.cloud()));
        named.retain(|type_| self.reducer(Some(type_)).reduce(scope, true) != Ok(Guard::Const(false)));
        if named.is_empty() {
            return;
        }
        let listed: Vec<String> = named.iter().take(LISTED_TYPES).map(|type_| format!("`{type_}`")).collect();
        let more = named.len().saturating_sub(LISTED_TYPES);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        differences.narrower(format!("the guard does not cover {}{more}", listed.join(", ")));
    }

    /// Leaves the resources of a waiver out.
    fn waive(
        &mut self,
        policy: &Policy,
        check: Option<&Check>,
        waiver: &Exemption,
        in_scope: &mut [InScope],
    ) {
        let of = check.map_or_else(|| policy.name.clone(), |check| format!("{}/{}", policy.name, check.id));
        let name = format!("waiver of {of} until {}", waiver.until);
        let always = Pred::Const(true);
        let pred = waiver.scope.as_ref().unwrap_or(&always);
        let mut differences = Differences::default();
        let mut lost = None;
        for one in in_scope.iter_mut() {
            let mut reducer = self.reducer(one.types.first().copied());
            match reducer.reduce(pred, false) {
                Ok(Guard::Const(false)) => {}
                Ok(waived) => {
                    differences.extend(reducer.differences);
                    one.scope = Guard::join(vec![one.scope.clone(), waived.not()], true);
                    differences
                        .narrower("the guard does not end the waiver: write the guard again after that day");
                }
                Err(reason) => lost = Some(reason),
            }
        }
        let lost = lost.map(|reason| format!("{reason}, so that the guard refuses these resources as well"));
        let entry = Entry::lost(name, &waiver.loc, lost.into_iter().collect());
        self.found.entries.push(Entry { differences, ..entry });
    }

    fn check(&mut self, policy: &'a Policy, check: &'a Check, in_scope: &[InScope]) {
        let name = format!("check {}/{}", policy.name, check.id);
        let mut differences = Differences::default();
        let mut lost: Vec<String> = Vec::new();
        let mut guards = Vec::new();
        let required = check.kind == CheckKind::Require;
        for one in in_scope {
            let mut reducer = self.reducer(one.types.first().copied());
            let guard = match reducer.reduce(&check.pred, !required) {
                Ok(guard) => {
                    Guard::join(vec![one.scope.clone(), if required { guard.not() } else { guard }], true)
                }
                Err(reason) => {
                    if !lost.contains(&reason) {
                        lost.push(reason);
                    }
                    continue;
                }
            };
            let reason = match guard.pushed_down() {
                Guard::Const(false) => continue,
                Guard::Const(true) => "the guard would refuse every resource",
                guard if is_contradiction(&guard) => "what is left of the condition is never true",
                guard => {
                    differences.extend(reducer.differences);
                    guards.push((one.types.clone(), guard));
                    continue;
                }
            };
            if !lost.iter().any(|known| known == reason) {
                lost.push(reason.to_owned());
            }
        }
        if guards.is_empty() {
            let note = Some("no new resource of this cloud can fail it".to_owned());
            self.found.entries.push(Entry { note, ..Entry::lost(name, &check.loc, lost) });
            return;
        }
        lost.into_iter().for_each(|reason| differences.narrower(reason));
        self.found.findings.push(Finding { policy, check, guards, entry: self.found.entries.len() });
        self.found.entries.push(Entry { differences, ..Entry::new(name, &check.loc) });
    }
}

/// Whether no request passes all tests of an alternative, since it asks one test for both results.
pub(crate) fn is_contradiction(guard: &Guard) -> bool {
    guard.alternatives(MAX_ALTERNATIVES).is_some_and(|alternatives| {
        alternatives
            .iter()
            .all(|tests| tests.iter().any(|(test, truth)| tests.contains(&(test.clone(), !truth))))
    })
}

/// Collects the types that a condition names. Returns whether they are all that it tests of types: no patterns.
fn named_types(program: &Program, pred: &Pred, found: &mut BTreeSet<String>) -> bool {
    let mut tests = Vec::new();
    type_tests(program, pred, &mut tests);
    let mut is_listed = true;
    for test in tests {
        let texts: Vec<&Value> = match test {
            Pred::Compare { right, .. } => vec![right],
            Pred::In { list, .. } => list.iter().collect(),
            _ => Vec::new(),
        };
        is_listed &= !texts.is_empty();
        let text = |value: &Value| match value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        };
        found.extend(texts.into_iter().filter_map(text));
    }
    is_listed
}

/// Collects the tests of types in a condition.
fn type_tests<'p>(program: &'p Program, pred: &'p Pred, found: &mut Vec<&'p Pred>) {
    let mut seen = BTreeSet::new();
    let mut left = vec![pred];
    while let Some(pred) = left.pop() {
        match pred {
            Pred::And(parts) | Pred::Or(parts) => left.extend(parts),
            Pred::Not(inner) => left.push(inner),
            Pred::Named(id) if seen.insert(*id) => left.push(&program.define(*id).pred),
            Pred::Named(_) => {}
            test => {
                let mut is_about_types = false;
                test.each_value(&mut |value: &Value| is_about_types |= is_type(value));
                if is_about_types {
                    found.push(test);
                }
            }
        }
    }
}

/// Whether a value is the type of a resource, or the same in another case.
fn is_type(value: &Value) -> bool {
    match value {
        Value::Attr(Attr::Type) => true,
        Value::Call(Func::Lower | Func::Upper, arguments) => arguments.iter().any(is_type),
        _ => false,
    }
}
