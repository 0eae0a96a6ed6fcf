//! Example resources for tests, and what conditions are for them.
//!
//! A condition is evaluated here over plain texts, by the language reference: a third time, next to the database and the
//! reference evaluator, so that the tests of generated policies are expectations and no copies of results.

use std::collections::BTreeMap;

use tagpol_sema::formats::{fold_key, is_provider_key, lower, tidy, trim};
use tagpol_sema::pretty::quoted;

use super::condition::{Attribute, Comparison, Condition, Literal, Subject, Test as Asked};
use super::names::{last_name, name};
use super::{Check, Exemption, Item, ItemKind, Policy, PolicyFile};

/// An example resource.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Sample {
    pub(crate) attributes: BTreeMap<Attribute, String>,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) meta: BTreeMap<String, Literal>,
}

/// A test block.
#[derive(Debug, Clone, Default)]
pub(crate) struct Test {
    pub(crate) title: String,
    /// The day of the clock. None: that of the run.
    pub(crate) at: Option<String>,
    pub(crate) givens: Vec<(String, Sample)>,
    pub(crate) expected: Vec<Expected>,
}

/// What a test expects of a resource.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    pub(crate) given: String,
    pub(crate) what: What,
}

/// What is expected.
#[derive(Debug, Clone)]
pub(crate) enum What {
    /// A finding of `policy/check`.
    Violation(String),
    /// No finding of the policy.
    NoViolation(String),
    Predicate {
        name: String,
        holds: bool,
    },
    Value {
        tag: String,
        value: String,
        rule: Option<String>,
    },
}

impl Test {
    pub(crate) fn text(&self) -> String {
        let mut out = format!("test {} {{\n", quoted(&self.title));
        if let Some(day) = &self.at {
            out.push_str(&format!("  at {day}\n"));
        }
        for (given, sample) in &self.givens {
            out.push_str(&format!("  given {} {{{} }}\n", last_name(given), sample.text()));
        }
        for Expected { given, what } in &self.expected {
            let what = match what {
                What::Violation(check) => format!("violation {check}"),
                What::NoViolation(policy) => format!("no violation {}", last_name(policy)),
                What::Predicate { name: define, holds: true } => last_name(define),
                What::Predicate { name: define, holds: false } => format!("not {}", last_name(define)),
                What::Value { tag, value, rule } => {
                    let rule = rule
                        .as_ref()
                        .map_or_else(String::new, |rule| format!(" from rule {}", last_name(rule)));
                    format!("{} == {}{rule}", name(tag), quoted(value))
                }
            };
            out.push_str(&format!("  expect {what} for {}\n", last_name(given)));
        }
        out.push('}');
        out
    }
}

impl Sample {
    fn text(&self) -> String {
        let mut out = String::new();
        for (attribute, value) in &self.attributes {
            out.push_str(&format!(" {} {}", attribute.as_str(), quoted(value)));
        }
        if !self.tags.is_empty() {
            let tags: Vec<String> =
                self.tags.iter().map(|(key, value)| format!("{}: {}", quoted(key), quoted(value))).collect();
            out.push_str(&format!(" tags {{ {} }}", tags.join(", ")));
        }
        if !self.meta.is_empty() {
            let meta: Vec<String> =
                self.meta.iter().map(|(path, value)| format!("{}: {}", quoted(path), value.text())).collect();
            out.push_str(&format!(" meta {{ {} }}", meta.join(", ")));
        }
        out
    }

    /// Returns the value of a subject, if it has one text. The outer None: it is not known here.
    fn value(&self, subject: &Subject) -> Option<Option<String>> {
        match subject {
            Subject::Native(key) => Some(self.tags.get(key).cloned()),
            Subject::NativeOf { key, .. } => {
                let mut values = self.keys_of(key).map(|(_, value)| tidy(value).into_owned());
                Some(values.find(|value| !value.is_empty()))
            }
            Subject::Attribute(attribute) => Some(self.attributes.get(attribute).cloned()),
            // A key that is missing finds no row; what other keys find depends on the table.
            Subject::Cell { key, .. } => (!self.attributes.contains_key(key)).then_some(None),
            Subject::Meta(path) => Some(self.meta.get(path).map(|literal| match literal {
                Literal::Text(text) | Literal::Number(text) | Literal::Word(text) => text.clone(),
                Literal::Bool(value) => value.to_string(),
            })),
            Subject::Lower(inner) => Some(self.value(inner)?.map(|text| lower(&text))),
            Subject::Trimmed(inner) => Some(self.value(inner)?.map(|text| trim(&text).to_owned())),
            _ => None,
        }
    }

    /// Returns the native keys that a tag of this name reads.
    fn keys_of<'a>(&'a self, tag: &str) -> impl Iterator<Item = (&'a String, &'a String)> {
        let folded = fold_key(tag);
        self.tags.iter().filter(move |(key, _)| fold_key(key) == folded)
    }

    /// Returns the native keys that people wrote.
    fn own_keys(&self) -> impl Iterator<Item = &String> {
        self.tags.keys().filter(|key| !is_provider_key(key))
    }
}

/// Named predicates.
pub(crate) type Defines<'a> = BTreeMap<&'a str, &'a Condition>;

/// Whether a condition is true for a resource. None: not known here, because it depends on rules, relations, tables or
/// the clock.
pub(crate) fn holds(condition: &Condition, sample: &Sample, defines: &Defines<'_>) -> Option<bool> {
    match condition {
        Condition::Always(value) => Some(*value),
        Condition::All(parts) => decided(parts, sample, defines, false),
        Condition::Any(parts) => decided(parts, sample, defines, true),
        Condition::Not(inner) => holds(inner, sample, defines).map(|value| !value),
        Condition::Define(define) => holds(defines.get(define.as_str())?, sample, defines),
        Condition::Test(subject, asked) => test_holds(subject, asked, sample),
    }
}

/// The value of a group of which one part of this value decides.
fn decided(parts: &[Condition], sample: &Sample, defines: &Defines<'_>, decisive: bool) -> Option<bool> {
    let mut unknown = false;
    for part in parts {
        match holds(part, sample, defines) {
            Some(value) if value == decisive => return Some(decisive),
            Some(_) => {}
            None => unknown = true,
        }
    }
    if unknown { None } else { Some(!decisive) }
}

fn test_holds(subject: &Subject, asked: &Asked, sample: &Sample) -> Option<bool> {
    match subject {
        Subject::AnyKey => {
            let mut keys = sample.own_keys();
            Some(keys.any(|key| text_passes(asked, Some(key)) == Some(true)))
        }
        Subject::EveryKeyOf(tag) => {
            Some(sample.keys_of(tag).all(|(key, _)| text_passes(asked, Some(key)) == Some(true)))
        }
        Subject::EveryValueOf(tag) => {
            Some(sample.keys_of(tag).all(|(_, value)| text_passes(asked, Some(value)) == Some(true)))
        }
        Subject::KeyCount => number_passes(asked, sample.own_keys().count()),
        Subject::KeyCountOf(tag) => number_passes(asked, sample.keys_of(tag).count()),
        Subject::Meta(path) => match (sample.meta.get(path), asked) {
            (Some(literal), Asked::Equals(wanted)) => Some(literal == wanted),
            (literal, asked) if literal.is_none_or(|literal| matches!(literal, Literal::Text(_))) => {
                text_passes(asked, sample.value(subject)?.as_deref())
            }
            (Some(_), Asked::Set) => Some(true),
            (Some(_), Asked::Missing) => Some(false),
            _ => None,
        },
        _ => text_passes(asked, sample.value(subject)?.as_deref()),
    }
}

fn number_passes(asked: &Asked, count: usize) -> Option<bool> {
    let number = |text: &String| text.parse::<usize>().ok();
    match asked {
        Asked::Equals(Literal::Number(text)) => Some(count == number(text)?),
        Asked::Compare(comparison, text) => {
            let wanted = number(text)?;
            Some(match comparison {
                Comparison::Less => count < wanted,
                Comparison::AtMost => count <= wanted,
                Comparison::More => count > wanted,
                Comparison::AtLeast => count >= wanted,
            })
        }
        _ => None,
    }
}

fn text_passes(asked: &Asked, text: Option<&str>) -> Option<bool> {
    let Some(text) = text else {
        let known = !matches!(asked, Asked::Same(_));
        return known.then_some(matches!(asked, Asked::Missing));
    };
    let any = |list: &[String], test: &dyn Fn(&str) -> bool| Some(list.iter().any(|member| test(member)));
    match asked {
        Asked::Set => Some(true),
        Asked::Missing => Some(false),
        Asked::Equals(Literal::Text(wanted) | Literal::Word(wanted)) => Some(text == wanted),
        Asked::In(list) => any(list, &|member| text == member),
        Asked::Contains(list) => any(list, &|member| text.contains(member)),
        Asked::StartsWith(list) => any(list, &|member| text.starts_with(member)),
        Asked::EndsWith(list) => any(list, &|member| text.ends_with(member)),
        Asked::Like(list) => any(list, &|member| is_like(text, member)),
        Asked::Matches(pattern) => Some(pattern.matches(text, true)),
        Asked::Finds(pattern) => Some(pattern.matches(text, false)),
        _ => None,
    }
}

/// Whether a text matches a glob of `*` and `?`.
pub(crate) fn is_like(text: &str, glob: &str) -> bool {
    let (text, glob): (Vec<char>, Vec<char>) = (text.chars().collect(), glob.chars().collect());
    let (mut at, mut in_glob) = (0, 0);
    // Where to go on if what follows the last `*` does not match.
    let mut retry: Option<(usize, usize)> = None;
    while at < text.len() {
        match glob.get(in_glob) {
            Some('*') => {
                retry = Some((in_glob, at));
                in_glob += 1;
            }
            Some(c) if *c == '?' || Some(c) == text.get(at) => {
                at += 1;
                in_glob += 1;
            }
            _ => match retry {
                Some((star, from)) => {
                    at = from + 1;
                    retry = Some((star, at));
                    in_glob = star + 1;
                }
                None => return false,
            },
        }
    }
    glob.iter().skip(in_glob).all(|c| *c == '*')
}

/// Finds a resource for which a condition has a value.
pub(crate) fn find(
    condition: &Condition,
    wanted: bool,
    start: &Sample,
    defines: &Defines<'_>,
) -> Option<Sample> {
    // The first alternative of a group may contradict another part of the condition; then the last one may not.
    [false, true].into_iter().find_map(|backward| {
        let mut search = Search { defines, left: 2_000, backward };
        let found = search.make(condition, wanted, start.clone())?;
        (holds(condition, &found, defines) == Some(wanted)).then_some(found)
    })
}

struct Search<'a> {
    defines: &'a Defines<'a>,
    /// Steps, so that a large condition costs no more than a small one.
    left: usize,
    /// Whether the last alternative is tried first.
    backward: bool,
}

impl Search<'_> {
    /// Changes a resource so that a condition has a value; each part by itself, so the caller checks the whole.
    fn make(&mut self, condition: &Condition, wanted: bool, sample: Sample) -> Option<Sample> {
        self.left = self.left.checked_sub(1)?;
        if holds(condition, &sample, self.defines) == Some(wanted) {
            return Some(sample);
        }
        match condition {
            Condition::Always(_) => None,
            Condition::Not(inner) => self.make(inner, !wanted, sample),
            Condition::Define(define) => self.make(self.defines.get(define.as_str())?, wanted, sample),
            Condition::All(parts) if wanted => self.make_each(parts, wanted, sample),
            Condition::Any(parts) if !wanted => self.make_each(parts, wanted, sample),
            Condition::All(parts) | Condition::Any(parts) => {
                let mut parts: Vec<&Condition> = parts.iter().collect();
                if self.backward {
                    parts.reverse();
                }
                parts.into_iter().find_map(|part| {
                    let made = self.make(part, wanted, sample.clone())?;
                    (holds(condition, &made, self.defines) == Some(wanted)).then_some(made)
                })
            }
            Condition::Test(subject, asked) => changes(subject, asked, &sample)
                .into_iter()
                .find(|changed| test_holds(subject, asked, changed) == Some(wanted)),
        }
    }

    fn make_each(&mut self, parts: &[Condition], wanted: bool, sample: Sample) -> Option<Sample> {
        parts.iter().try_fold(sample, |sample, part| self.make(part, wanted, sample))
    }
}

/// Returns a few changes of a resource, of which one probably changes the result of a test.
fn changes(subject: &Subject, asked: &Asked, sample: &Sample) -> Vec<Sample> {
    let with_tag = |key: &str, value: Option<String>| {
        let mut changed = sample.clone();
        match value {
            Some(value) => changed.tags.insert(key.to_owned(), value),
            None => changed.tags.remove(key),
        };
        changed
    };
    match subject {
        Subject::Lower(inner) | Subject::Trimmed(inner) => changes(inner, asked, sample),
        Subject::Native(key) | Subject::NativeOf { key, .. } => {
            values(asked).into_iter().map(|value| with_tag(key, value)).collect()
        }
        Subject::Attribute(attribute) => {
            let set = |value: Option<String>| {
                let mut changed = sample.clone();
                match value {
                    Some(value) => changed.attributes.insert(*attribute, value),
                    None => changed.attributes.remove(attribute),
                };
                changed
            };
            values(asked).into_iter().map(set).collect()
        }
        Subject::Meta(path) => {
            let set = |value: Option<Literal>| {
                let mut changed = sample.clone();
                match value {
                    Some(value) => changed.meta.insert(path.clone(), value),
                    None => changed.meta.remove(path),
                };
                changed
            };
            let literals = match asked {
                Asked::Equals(literal) => vec![Some(literal.clone()), None],
                asked => values(asked).into_iter().map(|value| value.map(Literal::Text)).collect(),
            };
            literals.into_iter().map(set).collect()
        }
        Subject::AnyKey => {
            let mut all: Vec<Sample> =
                values(asked).into_iter().flatten().map(|key| with_tag(&key, Some("x".to_owned()))).collect();
            all.push(Sample { tags: BTreeMap::new(), ..sample.clone() });
            all
        }
        Subject::EveryKeyOf(tag) => {
            let spelled = values(asked).into_iter().flatten();
            let spellings: Vec<String> = spelled
                .flat_map(|key| [key.clone(), key.to_uppercase(), key.to_lowercase()])
                .filter(|key| fold_key(key) == fold_key(tag))
                .collect();
            // A wrong spelling alone, and if that changes nothing, next to what is there.
            let value = sample.keys_of(tag).next().map_or_else(|| "x".to_owned(), |(_, value)| value.clone());
            let others = sample.tags.iter().filter(|(key, _)| fold_key(key) != fold_key(tag));
            let others: BTreeMap<String, String> =
                others.map(|(key, value)| (key.clone(), value.clone())).collect();
            let alone = spellings.iter().map(|key| {
                let mut tags = others.clone();
                tags.insert(key.clone(), value.clone());
                Sample { tags, ..sample.clone() }
            });
            let added = spellings.iter().map(|key| with_tag(key, Some("x".to_owned())));
            alone.chain(added).collect()
        }
        Subject::EveryValueOf(tag) => {
            let key = sample.keys_of(tag).next().map_or_else(|| tag.clone(), |(key, _)| key.clone());
            values(asked).into_iter().map(|value| with_tag(&key, value)).collect()
        }
        Subject::KeyCount => {
            let mut changed = sample.clone();
            let mut steps = vec![Sample { tags: BTreeMap::new(), ..sample.clone() }];
            for number in 1..=60 {
                changed.tags.insert(format!("key-{number}"), "x".to_owned());
                steps.push(changed.clone());
            }
            steps
        }
        _ => Vec::new(),
    }
}

/// Returns values that a test of texts is probably true and false for.
fn values(asked: &Asked) -> Vec<Option<String>> {
    let first = |list: &[String]| list.first().cloned().unwrap_or_default();
    let positive = match asked {
        Asked::Equals(literal) => match literal {
            Literal::Text(text) | Literal::Number(text) | Literal::Word(text) => text.clone(),
            Literal::Bool(value) => value.to_string(),
        },
        Asked::In(list) | Asked::Contains(list) | Asked::EndsWith(list) => first(list),
        Asked::StartsWith(list) => format!("{}x", first(list)),
        Asked::Like(list) => first(list).replace(['*', '?'], "x"),
        Asked::Matches(pattern) | Asked::Finds(pattern) => return pattern_values(pattern),
        _ => "x".to_owned(),
    };
    let empty = (!positive.is_empty()).then(|| Some(String::new()));
    [Some(Some(positive)), Some(None), Some(Some("other".to_owned())), empty].into_iter().flatten().collect()
}

fn pattern_values(pattern: &super::pattern::Pattern) -> Vec<Option<String>> {
    let mut values: Vec<Option<String>> = pattern.example().into_iter().map(Some).collect();
    values.extend([None, Some("other".to_owned()), Some(String::new()), Some("-".to_owned())]);
    values
}

/// Adds tests to files: of each predicate one resource with it and one without, of each check of a policy one resource
/// that fails it and one that passes all.
pub(crate) fn add_tests(files: &mut [PolicyFile]) {
    let snapshot: Vec<Item> = files.iter().flat_map(|file| file.items.iter().cloned()).collect();
    let defines: Defines<'_> = snapshot
        .iter()
        .filter_map(|item| match &item.kind {
            ItemKind::Define { name, condition } => Some((name.as_str(), condition)),
            _ => None,
        })
        .collect();
    let policies = snapshot
        .iter()
        .filter_map(|item| if let ItemKind::Policy(policy) = &item.kind { Some(policy) } else { None });
    let exemptions = snapshot
        .iter()
        .filter_map(|item| if let ItemKind::Exempt(exemption) = &item.kind { Some(exemption) } else { None });
    let project =
        Project { policies: policies.collect(), exemptions: exemptions.collect(), defines: &defines };
    for file in files {
        let tests: Vec<Test> = file
            .items
            .iter()
            .filter_map(|item| match &item.kind {
                ItemKind::Define { name, condition } => define_test(name, condition, &defines),
                ItemKind::Policy(policy) => policy_test(policy, &project),
                _ => None,
            })
            .collect();
        file.items.extend(tests.into_iter().map(|test| Item::new(ItemKind::Test(test))));
    }
}

fn define_test(define: &str, condition: &Condition, defines: &Defines<'_>) -> Option<Test> {
    let mut test = Test { title: define.to_owned(), ..Test::default() };
    for (given, holds) in [("selected", true), ("other", false)] {
        if let Some(sample) = find(condition, holds, &Sample::default(), defines) {
            let what = What::Predicate { name: define.to_owned(), holds };
            test.givens.push((given.to_owned(), sample));
            test.expected.push(Expected { given: given.to_owned(), what });
        }
    }
    (!test.givens.is_empty()).then_some(test)
}

/// The condition under which a check passes.
fn passes(check: &Check) -> Condition {
    if check.forbid { check.condition.clone().not() } else { check.condition.clone() }
}

/// What decides the findings of a resource.
struct Project<'a> {
    policies: Vec<&'a Policy>,
    exemptions: Vec<&'a Exemption>,
    defines: &'a Defines<'a>,
}

fn policy_test(policy: &Policy, project: &Project<'_>) -> Option<Test> {
    let defines = project.defines;
    if policy.checks.iter().all(|check| matches!(check.condition, Condition::Define(_))) {
        return None;
    }
    // On the last day of the waivers, which would change the findings when they end.
    let at = project.exemptions.first().map(|exemption| exemption.until.clone());
    let mut test = Test { title: policy.name.clone(), at, ..Test::default() };
    let scope = policy.scope.clone().unwrap_or(Condition::Always(true));
    let every: Vec<Condition> = policy.checks.iter().map(passes).collect();
    let fine = Condition::All([vec![scope.clone()], every].concat());
    let fine = find(&fine, true, &Sample::default(), defines);
    if let Some(sample) = &fine {
        test.expected
            .push(Expected { given: "fine".to_owned(), what: What::NoViolation(policy.name.clone()) });
        test.givens.push(("fine".to_owned(), sample.clone()));
    }
    // Changed as little as possible, so that the other checks pass.
    let start = fine.unwrap_or_default();
    for check in &policy.checks {
        let failing = Condition::All(vec![scope.clone(), passes(check).not()]);
        let Some(sample) = find(&failing, true, &start, defines) else { continue };
        // A test that expects a finding lists all that the resource has.
        let Some(findings) = findings(&sample, project) else { continue };
        let given = format!("no-{}", check.label);
        test.expected.extend(
            findings.into_iter().map(|check| Expected { given: given.clone(), what: What::Violation(check) }),
        );
        test.givens.push((given, sample));
    }
    (!test.givens.is_empty()).then_some(test)
}

/// Returns all findings of a resource that are not waived. None: not known here.
fn findings(sample: &Sample, project: &Project<'_>) -> Option<Vec<String>> {
    let defines = project.defines;
    let mut found = Vec::new();
    for policy in &project.policies {
        let in_scope = match &policy.scope {
            Some(scope) => holds(scope, sample, defines)?,
            None => true,
        };
        if !in_scope {
            continue;
        }
        for check in &policy.checks {
            let name = format!("{}/{}", last_name(&policy.name), last_name(&check.label));
            if !holds(&passes(check), sample, defines)? && !is_waived(&name, sample, project)? {
                found.push(name);
            }
        }
    }
    Some(found)
}

/// Whether a finding is waived. None: not known here.
fn is_waived(check: &str, sample: &Sample, project: &Project<'_>) -> Option<bool> {
    for exemption in
        project.exemptions.iter().filter(|exemption| exemption.checks.iter().any(|one| one == check))
    {
        let covers = match &exemption.scope {
            Some(scope) => holds(scope, sample, project.defines)?,
            None => true,
        };
        if covers {
            return Some(true);
        }
    }
    Some(false)
}
