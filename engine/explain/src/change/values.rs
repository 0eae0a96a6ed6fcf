//! Which values of a tag are worth trying.
//!
//! Two values of which all conditions of the program say the same are the same for the search, so one
//! of each kind is enough: one that a person would think of if there is one (a member, a literal of
//! the program, an example of a pattern), else one that an automaton finds.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};
use rust_decimal::Decimal;
use tagpol_interp::Resource;
use tagpol_sema::program::{Attr, Direction, Pred, Program, TagId, TagType, TextOp, Value};
use tagpol_sema::{Validity, formats, is_text_test, witness};

use super::example::example;
use super::reads::{of_pred, of_value};

/// Values of one tag that are tried.
const MOST: usize = 64;
/// Tests of one tag that are distinguished by automata.
const MOST_TESTS: usize = 10;
/// Questions to automata about one tag.
const MOST_SEARCHES: usize = 128;
/// Keys of a table that are tried.
const MOST_KEYS: usize = 200;

/// What a value is for the conditions of a program: those about the tag alone that hold of it, and the
/// value itself where that matters.
type Kind = (Vec<bool>, Option<String>);

/// Finds the values of one tag.
pub(super) struct Finder<'r, 'a> {
    resource: &'r Resource<'a>,
    tag: TagId,
    ty: &'a TagType,
    /// The conditions without `and`, `or` and `not` that read no other tag and nothing else.
    alone: Vec<&'a Pred>,
    /// Whether something reads it together with other things.
    entangled: bool,
}

impl<'r, 'a> Finder<'r, 'a> {
    pub(super) fn new(resource: &'r Resource<'a>, tag: TagId) -> Self {
        let program = resource.program();
        let leaves = leaves(program).into_iter().filter(|leaf| direct(leaf).contains(&tag));
        let (alone, entangled): (Vec<&Pred>, Vec<&Pred>) = leaves.partition(|leaf| is_alone(leaf, tag));
        let mut actions = program.rules.iter().flat_map(|rule| &rule.actions);
        let moves = actions.any(|action| {
            let mut read = BTreeSet::new();
            of_value(&action.value, &mut read);
            read.contains(&tag)
        });
        let entangled = moves || !entangled.is_empty();
        Self { resource, tag, ty: &program.tag(tag).ty, alone, entangled }
    }

    /// Returns one value of each kind that is not `kept`, the likeliest first; None stands for none.
    /// `wanted` come before all others.
    pub(super) fn values(&self, wanted: Vec<String>, keep_current: bool) -> Vec<Option<String>> {
        let current = self.resource.tag(self.tag).and_then(|result| result.value.clone());
        let mut seen: BTreeSet<Kind> = BTreeSet::new();
        if !keep_current && let Some(current) = &current {
            seen.insert(self.kind(current));
        }
        let validity = Validity::of(self.ty);
        let is_valid = |text: &String| !text.is_empty() && validity.holds(text);
        let mut found = Vec::new();
        for value in wanted.into_iter().chain(self.pool()).filter(is_valid) {
            if found.len() < MOST && seen.insert(self.kind(&value)) {
                found.push(Some(value));
            }
        }
        for value in self.witnesses().into_iter().filter(is_valid) {
            if found.len() < MOST && seen.insert(self.kind(&value)) {
                found.push(Some(value));
            }
        }
        if current.is_some() {
            found.push(None);
        }
        found
    }

    fn kind(&self, value: &str) -> Kind {
        let decided = self.resource.with_value(self.tag, value);
        let truths = self.alone.iter().map(|leaf| decided.holds(leaf)).collect();
        (truths, self.entangled.then(|| value.to_owned()))
    }

    /// Texts that a person may think of.
    fn pool(&self) -> Vec<String> {
        let mut pool = Vec::new();
        // Those of checks come first.
        for leaf in &self.alone {
            self.texts_of_leaf(leaf, &mut pool);
        }
        pool.extend(self.of_type());
        if self.entangled {
            pool.extend(self.beside());
        }
        pool
    }

    fn of_type(&self) -> Vec<String> {
        let today = self.resource.options().now.date_naive();
        match self.ty {
            TagType::Text => vec!["example".to_owned()],
            TagType::Matching(regex) => example(&regex.pattern).into_iter().collect(),
            TagType::Email => vec!["jane@example.com".to_owned()],
            TagType::Url => vec!["https://example.com".to_owned()],
            TagType::Date => vec![today.to_string()],
            TagType::Number => vec!["1".to_owned(), "0".to_owned()],
            TagType::OneOf(members) => members.clone(),
            TagType::Duration => ["24h", "0s", "0.000001 s", "999999w"].map(str::to_owned).to_vec(),
            TagType::Bool => vec!["true".to_owned(), "false".to_owned()],
        }
    }

    /// What a condition about the tag alone refers to.
    fn texts_of_leaf(&self, leaf: &Pred, pool: &mut Vec<String>) {
        match leaf {
            Pred::Text { op, patterns, .. } => {
                pool.extend(patterns.iter().flat_map(|pattern| self.texts_of_pattern(*op, pattern)));
            }
            Pred::Matches { regex, .. } => pool.extend(example(&regex.pattern)),
            Pred::Within { direction, span, .. } => {
                let today = self.resource.options().now.date_naive();
                let days = Days::new(u64::try_from(span.seconds / 86_400).unwrap_or_default());
                let other = match direction {
                    Direction::Last => today.checked_sub_days(days),
                    Direction::Next => today.checked_add_days(days),
                };
                pool.push(today.to_string());
                pool.extend(other.into_iter().flat_map(around));
            }
            _ => {}
        }
        leaf.each_value(&mut |value| match value {
            Value::Text(text) => pool.push(text.clone()),
            Value::Bool(truth) => pool.push(truth.to_string()),
            Value::Date(day) => pool.extend(around(*day)),
            Value::Duration(span) => pool.extend(self.around_span(*span)),
            Value::Today | Value::Now | Value::Shift { .. } => pool.extend(self.around_moment(value)),
            Value::Number(number) => pool.extend(beside_number(*number)),
            Value::Extract(_, regex) => pool.extend(example(&regex.pattern)),
            Value::Lookup { table, .. } => pool.extend(self.keys(table.0 as usize)),
            _ => {}
        });
    }

    /// Days before and after a moment.
    fn around_moment(&self, moment: &Value) -> Vec<String> {
        let text = self.resource.shown(moment);
        let day = text.and_then(|text| text.get(..10).and_then(formats::parse_date));
        day.into_iter().flat_map(around).collect()
    }

    /// Lengths of time shorter and longer than one.
    fn around_span(&self, span: tagpol_sema::program::Duration) -> Vec<String> {
        let hours = span.seconds / 3600;
        [hours, hours + 1, hours - 1]
            .into_iter()
            .filter(|hours| *hours >= 0)
            .map(|hours| format!("{hours}h"))
            .collect()
    }

    fn texts_of_pattern(&self, op: TextOp, pattern: &str) -> Vec<String> {
        let name = if *self.ty == TagType::Email { "jane" } else { "example" };
        match op {
            TextOp::StartsWith => vec![pattern.to_owned(), format!("{pattern}{name}")],
            TextOp::EndsWith => vec![pattern.to_owned(), format!("{name}{pattern}")],
            TextOp::Like => {
                vec![pattern.replace('*', name).replace('?', "a"), pattern.replace(['*', '?'], "")]
            }
            TextOp::Contains | TextOp::HasWord => vec![pattern.to_owned()],
        }
    }

    fn keys(&self, table: usize) -> Vec<String> {
        let rows = self.resource.options().tables.get(table);
        rows.into_iter().flat_map(|rows| rows.keys().take(MOST_KEYS).cloned()).collect()
    }

    /// Values of what the tag is read together with: other tags, attributes, cells.
    fn beside(&self) -> Vec<String> {
        let mut found = Vec::new();
        for leaf in
            leaves(self.resource.program()).into_iter().filter(|leaf| direct(leaf).contains(&self.tag))
        {
            self.texts_of_leaf(leaf, &mut found);
            leaf.each_value(&mut |value| {
                if !matches!(value, Value::Attr(Attr::Age | Attr::MonthlyCost)) {
                    let shown = self.resource.shown(value);
                    // A time counts as its day.
                    let day =
                        shown.as_deref().and_then(|text| text.split_once('T')).map(|(day, _)| day.to_owned());
                    found.extend(day.and_then(|day| formats::parse_date(&day)).into_iter().flat_map(around));
                    found.extend(shown);
                }
            });
        }
        found
    }

    /// Texts of the kinds that tests of text distinguish, one each.
    fn witnesses(&self) -> Vec<String> {
        let about = Value::Tag(self.tag);
        let is_open = matches!(self.ty, TagType::Text | TagType::Matching(_) | TagType::Email | TagType::Url);
        let mut tests: Vec<&Pred> = Vec::new();
        for leaf in self.alone.iter().filter(|leaf| is_open && is_text_test(leaf, &about)) {
            if !tests.contains(leaf) {
                tests.push(leaf);
            }
        }
        tests.truncate(MOST_TESTS);
        let mut splitter = Splitter { ty: self.ty, tests, searches: 0, found: Vec::new() };
        splitter.split(&mut Vec::new());
        splitter.found
    }
}

/// Asks for a text for each way in which tests can hold and not hold together.
struct Splitter<'p> {
    ty: &'p TagType,
    tests: Vec<&'p Pred>,
    searches: usize,
    found: Vec<String>,
}

impl<'p> Splitter<'p> {
    fn split(&mut self, terms: &mut Vec<(&'p Pred, bool)>) {
        if self.searches >= MOST_SEARCHES {
            return;
        }
        self.searches += 1;
        let Some(text) = witness(self.ty, terms) else { return };
        let Some(next) = self.tests.get(terms.len()).copied() else {
            self.found.push(text);
            return;
        };
        for wanted in [true, false] {
            terms.push((next, wanted));
            self.split(terms);
            terms.pop();
        }
    }
}

/// Returns every condition of a program that is made of no others.
fn leaves(program: &Program) -> Vec<&Pred> {
    let policies = program
        .policies
        .iter()
        .flat_map(|policy| policy.checks.iter().map(|check| &check.pred).chain(&policy.scope));
    let all = policies
        .chain(program.exemptions.iter().filter_map(|exemption| exemption.scope.as_ref()))
        .chain(program.rules.iter().filter_map(|rule| rule.when.as_ref()))
        .chain(program.defines.iter().map(|define| &define.pred));
    let mut found = Vec::new();
    for pred in all {
        pred.each(&mut |part| {
            if !matches!(part, Pred::And(_) | Pred::Or(_) | Pred::Not(_) | Pred::Named(_) | Pred::Const(_)) {
                found.push(part);
            }
        });
    }
    found
}

/// The tags that a leaf refers to itself.
fn direct(leaf: &Pred) -> BTreeSet<TagId> {
    let mut found = BTreeSet::new();
    // A leaf holds no name.
    of_pred(&Program::default(), leaf, &mut found);
    found
}

/// Whether a leaf depends on a tag's value only.
fn is_alone(leaf: &Pred, tag: TagId) -> bool {
    let mut alone = direct(leaf).into_iter().all(|other| other == tag);
    leaf.each_value(&mut |value| {
        alone &= !matches!(
            value,
            Value::Native(_)
                | Value::NativeTag(_)
                | Value::SourceOf(_)
                | Value::ConfidenceOf(_)
                | Value::Attr(_)
                | Value::Charge(_)
                | Value::Meta(_)
        );
    });
    alone
}

/// A day, the one before and the one after.
fn around(day: NaiveDate) -> Vec<String> {
    [Some(day), day.pred_opt(), day.succ_opt()].into_iter().flatten().map(|day| day.to_string()).collect()
}

fn beside_number(number: Decimal) -> Vec<String> {
    let beside = [Some(number), number.checked_add(Decimal::ONE), number.checked_sub(Decimal::ONE)];
    beside.into_iter().flatten().map(|number| number.normalize().to_string()).collect()
}
