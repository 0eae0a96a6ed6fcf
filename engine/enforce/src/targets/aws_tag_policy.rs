//! Tag policies of AWS Organizations: for each key its spelling, its values, and the types that require it.
//!
//! They have no conditions. So a finding becomes a part of them only if it is about one key: that it is missing, or has
//! another spelling or another value.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use tagpol_interp::Options;
use tagpol_sema::clouds::Cloud;
use tagpol_sema::program::Program;

use super::aws_types;
use crate::findings::{Entry, Finding, collect};
use crate::guard::{Attribute, Form, Guard, Matcher, Test};
use crate::reduce::{Dialect, Fit};
use crate::{Construct, EnforceError, File, Mode, Settings};

/// Characters of a tag policy, with white space.
const MAX_SIZE: usize = 10_000;

/// Policies that AWS attaches to one account or unit.
const ATTACHED: usize = 10;

pub(super) const ROLLOUT: &str = include_str!("rollout/aws-tag-policy.md");

/// What a tag policy can test.
struct TagPolicy;

impl Dialect for TagPolicy {
    fn cloud(&self) -> Cloud {
        Cloud::Aws
    }

    fn fit(&self, test: &Test) -> Result<Fit, String> {
        let of_matcher = |matcher: &Matcher| {
            let stars = |count: usize| matcher.texts.iter().any(|text| text.matches('*').count() > count);
            match matcher.form {
                Form::Regex => return Err("a tag policy has no regular expressions".to_owned()),
                Form::Equal if stars(0) => {
                    return Err("a tag policy reads `*` in a value as any text".to_owned());
                }
                Form::Glob if stars(1) => return Err("a value of a tag policy has one `*`".to_owned()),
                Form::Glob if matcher.texts.iter().any(|text| text.contains('?')) => {
                    return Err("a value of a tag policy has no `?` for any character".to_owned());
                }
                Form::Glob | Form::Equal => {}
            }
            let folded = matcher.any_case;
            Ok(if folded { Fit::under("a tag policy compares values with case") } else { Fit::default() })
        };
        match test {
            Test::Key(_) | Test::Spelling(_) => Ok(Fit::default()),
            Test::Value(_, matcher) => of_matcher(matcher),
            Test::Attribute(Attribute::Account, _) => {
                Err("a tag policy has no conditions: attach one to each account instead".to_owned())
            }
            Test::Attribute(attribute, _) => {
                Err(format!("a tag policy has no condition for `resource.{}`", attribute.as_str()))
            }
        }
    }
}

/// A key of the policy.
#[derive(Debug, Default)]
struct Tag {
    key: String,
    /// Whether a policy asks for this spelling.
    spelled: bool,
    values: Option<Vec<String>>,
    required_for: BTreeSet<&'static str>,
    enforced_for: BTreeSet<&'static str>,
    /// The entries that it came from.
    entries: Vec<usize>,
}

/// What a finding means for one key.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Demand {
    /// All that the finding names; the first one counts.
    keys: Vec<String>,
    required: bool,
    spelled: bool,
    values: Option<Vec<String>>,
}

/// Writes the policies.
pub(super) fn write(
    program: &Program,
    settings: &Settings,
    options: &Options,
) -> Result<(Vec<File>, Vec<Construct>), EnforceError> {
    let names = aws_types::names();
    let mut found = collect(program, &TagPolicy, &names, options);
    let mut tags: Vec<Tag> = Vec::new();
    for finding in &found.findings {
        let Some(entry) = found.entries.get_mut(finding.entry) else { continue };
        match demand_of(finding) {
            Ok(demand) => add(&mut tags, finding, demand, entry, settings.mode),
            Err(reason) => entry.lost.push(reason),
        }
    }
    for tag in tags.iter().filter(|tag| !tag.spelled) {
        let reason = format!("a tag policy also wants the key to be spelled `{}`", tag.key);
        for index in &tag.entries {
            if let Some(entry) = found.entries.get_mut(*index) {
                entry.differences.broader(reason.clone());
            }
        }
    }
    let files = pack(&tags, &mut found.entries)?;
    if files.len() > ATTACHED {
        let what = "tag policies".to_owned();
        return Err(EnforceError::TooMany { count: files.len(), what, limit: ATTACHED });
    }
    Ok((files, found.constructs()))
}

/// Returns what a finding means, if it means the same for all types.
fn demand_of(finding: &Finding<'_>) -> Result<Demand, String> {
    let mut demands = finding.guards.iter().map(|(_, guard)| demand(guard));
    let first = demands.next().unwrap_or_else(|| Err(NOT_A_TAG.to_owned()))?;
    match demands.all(|demand| demand.as_ref() == Ok(&first)) {
        true => Ok(first),
        false => Err("a tag policy has the same condition for all types".to_owned()),
    }
}

const NOT_A_TAG: &str =
    "a tag policy has conditions about one key at a time, its spelling, its values and where it is required";

/// Reads a condition under which a resource has a finding.
fn demand(guard: &Guard) -> Result<Demand, String> {
    if let Guard::Any(parts) = guard {
        let mut merged: Option<Demand> = None;
        for part in parts {
            let next = demand(part)?;
            merged = Some(match merged {
                None => next,
                Some(known) => known.merged(next).ok_or(NOT_A_TAG)?,
            });
        }
        return merged.ok_or_else(|| NOT_A_TAG.to_owned());
    }
    let single = std::slice::from_ref(guard);
    let parts = if let Guard::All(parts) = guard { parts.as_slice() } else { single };
    let mut present: Vec<String> = Vec::new();
    let mut demand = Demand::default();
    for part in parts {
        match part {
            Guard::Test(Test::Key(key)) => present.push(key.text.clone()),
            Guard::Any(keys) => {
                for key in keys {
                    let Guard::Test(Test::Key(key)) = key else { return Err(NOT_A_TAG.to_owned()) };
                    present.push(key.text.clone());
                }
            }
            Guard::Not(inner) => match &**inner {
                Guard::Test(Test::Key(key)) => {
                    demand.required = true;
                    demand.keys.push(key.text.clone());
                }
                Guard::Test(Test::Value(key, matcher)) => {
                    demand.keys.push(key.text.clone());
                    demand.values = Some(matcher.texts.clone());
                }
                Guard::Test(Test::Spelling(key)) => {
                    demand.spelled = true;
                    demand.keys.push(key.clone());
                }
                _ => return Err(NOT_A_TAG.to_owned()),
            },
            _ => return Err(NOT_A_TAG.to_owned()),
        }
    }
    let has_one_part =
        usize::from(demand.required) + usize::from(demand.spelled) + usize::from(demand.values.is_some());
    let same = |one: &String| present.iter().any(|other| one.to_lowercase() == other.to_lowercase());
    if has_one_part != 1 || (demand.required && !present.is_empty()) {
        return Err(NOT_A_TAG.to_owned());
    }
    if !present.is_empty() && !demand.keys.iter().all(same) {
        return Err(NOT_A_TAG.to_owned());
    }
    // A value is wrong without a key as well, unless the condition asks for the key.
    demand.required |= demand.values.is_some() && present.is_empty();
    Ok(demand)
}

impl Demand {
    fn merged(mut self, other: Self) -> Option<Self> {
        let folded = |keys: &[String]| keys.iter().map(|key| key.to_lowercase()).collect::<BTreeSet<_>>();
        let values = match (&self.values, &other.values) {
            (Some(one), Some(two)) if one != two => return None,
            (one, two) => one.clone().or_else(|| two.clone()),
        };
        if folded(&self.keys) != folded(&other.keys) {
            return None;
        }
        self.values = values;
        self.required |= other.required;
        self.spelled |= other.spelled;
        Some(self)
    }
}

/// Adds what a finding means to its key.
fn add(tags: &mut Vec<Tag>, finding: &Finding<'_>, demand: Demand, entry: &mut Entry, mode: Mode) {
    let Some(key) = demand.keys.first() else { return };
    let folded = key.to_lowercase();
    let at = tags.iter().position(|tag| tag.key.to_lowercase() == folded).unwrap_or_else(|| {
        tags.push(Tag { key: key.clone(), ..Tag::default() });
        tags.len() - 1
    });
    let Some(tag) = tags.get_mut(at) else { return };
    if let Some(values) = &demand.values {
        match &tag.values {
            Some(known) if known != values => {
                entry.lost.push(format!("another check asks for other values of `{key}`"));
                return;
            }
            _ => tag.values = Some(values.clone()),
        }
    }
    if demand.spelled {
        if tag.spelled && tag.key != *key {
            entry.lost.push(format!("another check asks for the spelling `{}`", tag.key));
            return;
        }
        tag.key.clone_from(key);
        tag.spelled = true;
    }
    let types: Vec<&'static str> =
        finding.guards.iter().flat_map(|(types, _)| types.iter().copied()).collect();
    let is_general = demand.values.is_some() || demand.spelled;
    if is_general && types.len() < aws_types::types().len() {
        entry.differences.broader("the spelling and the values of a tag policy apply to all types");
    }
    if demand.keys.len() > 1 {
        entry.differences.broader(format!("only the key `{key}` counts in a tag policy"));
    }
    if demand.required {
        tag.required_for.extend(&types);
    }
    if mode == Mode::Deny {
        enforce(tag, &types, is_general, demand.required, entry);
    }
    tag.entries.push(finding.entry);
}

/// Adds the types for which AWS refuses wrong tags.
fn enforce(tag: &mut Tag, types: &[&'static str], is_general: bool, required: bool, entry: &mut Entry) {
    let can = |type_: &&'static str| aws_types::by_name(type_).is_some_and(|known| known.enforced);
    let enforced: Vec<&'static str> = types.iter().copied().filter(can).collect();
    if required {
        let reason = "AWS reports a missing tag, and does not refuse the request: `aws-scp` does";
        entry.differences.narrower(reason);
    }
    if is_general {
        if enforced.len() < types.len() {
            let reason =
                format!("AWS enforces tag policies for {} of the {} types", enforced.len(), types.len());
            entry.differences.narrower(reason);
        }
        tag.enforced_for.extend(enforced);
    }
}

/// Puts the keys into as few policies as they fit into in their order.
fn pack(tags: &[Tag], entries: &mut [Entry]) -> Result<Vec<File>, EnforceError> {
    let mut documents: Vec<Vec<String>> = Vec::new();
    for tag in tags {
        let text = tag.text();
        let size = document(std::slice::from_ref(&text)).chars().count();
        let first = tag.entries.first().and_then(|index| entries.get(*index));
        if let (true, Some(entry)) = (size > MAX_SIZE, first) {
            return Err(EnforceError::TooLarge {
                check: entry.check().to_owned(),
                size,
                limit: MAX_SIZE,
                document: "a tag policy",
                place: entry.place.clone(),
            });
        }
        let fits = documents.last().is_some_and(|last| {
            let mut all = last.clone();
            all.push(text.clone());
            document(&all).chars().count() <= MAX_SIZE
        });
        match documents.last_mut().filter(|_| fits) {
            Some(last) => last.push(text),
            None => documents.push(vec![text]),
        }
        let became = format!("{}#{}", file_name(documents.len()), tag.key);
        for index in &tag.entries {
            if let Some(entry) = entries.get_mut(*index) {
                entry.became.get_or_insert_with(|| became.clone());
            }
        }
    }
    let file =
        |(number, tags): (usize, &Vec<String>)| File { name: file_name(number + 1), text: document(tags) };
    Ok(documents.iter().enumerate().map(file).collect())
}

fn file_name(number: usize) -> String {
    format!("tag-policy-{number}.json")
}

/// Writes a policy, one key a line.
fn document(tags: &[String]) -> String {
    format!("{{\"tags\":{{\n{}\n}}}}\n", tags.join(",\n"))
}

impl Tag {
    /// Writes the key as a member of `tags`.
    fn text(&self) -> String {
        let mut members = Map::new();
        let mut add = |name: &str, value: Value| {
            members.insert(name.to_owned(), json!({ "@@assign": value }));
        };
        add("tag_key", json!(self.key));
        if let Some(values) = &self.values {
            add("tag_value", json!(values));
        }
        if !self.enforced_for.is_empty() {
            add("enforced_for", json!(self.enforced_for));
        }
        if !self.required_for.is_empty() {
            add("report_required_tag_for", json!(self.required_for));
        }
        format!("{}:{}", json!(self.key), Value::Object(members))
    }
}
