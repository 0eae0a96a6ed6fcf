//! Definitions of Azure Policy that write tags of new resources: values of rules and remedies, and the spelling of values.
//!
//! They write what `tagpol remediate` plans, as far as a request shows it: a value only where no native tag gives one, and
//! no defaults. Values that follow from other tags are left to a plan. Of several rules for a tag, the definition of each
//! leaves out the resources of those before it, since Azure evaluates all definitions on the same request.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use tagpol_interp::{Options, Patterns};
use tagpol_sema::clouds::Cloud;
use tagpol_sema::formats::{fold_key, lower};
use tagpol_sema::program::{
    Action, ActionKind, CmpOp, CompareAs, MapTarget, Normalize, Pattern, Policy, Pred, Program, Rule, Tag,
    TagId, TagType, Value,
};

use super::azure_policy::{
    Azure, MAX_CONDITIONS, MAX_NAME, check_count, condition, definition, literal, names_types, tag,
};
use super::{Unique, pretty};
use crate::findings::{Entry, Findings, collect, is_contradiction};
use crate::guard::{Form, Guard, Key, Matcher, Test};
use crate::reduce::{Differences, Reducer};
use crate::{Construct, EnforceError, File, Mode, Settings};

/// The role that Microsoft's own definitions for tags have: Contributor.
const ROLE: &str = "/providers/microsoft.authorization/roleDefinitions/b24988ac-6180-42a0-ab88-20f7382dd24c";

pub(super) const ROLLOUT: &str = include_str!("rollout/azure-modify.md");

/// Writes the definitions.
pub(super) fn write(
    program: &Program,
    settings: &Settings,
    options: &Options,
) -> Result<(Vec<File>, Vec<Construct>), EnforceError> {
    let found = collect(program, &Azure, &[], options);
    let patterns = Patterns::default();
    let mut writer = Writer {
        program,
        settings,
        options,
        patterns: &patterns,
        names: Unique::default(),
        files: Vec::new(),
        constructs: Vec::new(),
    };
    for (id, tag) in (0u32..).map(TagId).zip(&program.tags) {
        writer.rules(id, tag);
        writer.remedies(id, tag, &found);
        writer.spellings(id, tag);
    }
    check_count(&writer.files)?;
    Ok((writer.files, writer.constructs))
}

struct Writer<'a> {
    program: &'a Program,
    settings: &'a Settings,
    options: &'a Options,
    patterns: &'a Patterns,
    names: Unique,
    files: Vec<File>,
    constructs: Vec<Construct>,
}

/// Where a tag is written, and what is written there.
struct Edit<'e> {
    name: String,
    /// What the policies say about it, which may be nothing.
    description: String,
    operation: &'static str,
    key: &'e str,
    value: &'e str,
}

/// Why a construct has no definition.
#[derive(Clone)]
enum Without {
    /// There is nothing to write, which is exact.
    Nothing(String),
    /// As far as Azure can test the condition, it is never true.
    Never(String),
    Lost(String),
}

impl From<String> for Without {
    fn from(reason: String) -> Self {
        Self::Lost(reason)
    }
}

type Made<T> = Result<T, Without>;

/// A part of a rule that gives a tag a value.
struct Giver<'a> {
    rule: &'a Rule,
    action: &'a Action,
}

/// A remedy that comes before others.
struct Remedied {
    /// None: it has no definition.
    value: Option<String>,
    /// When it applies. None: that has no counterpart.
    finding: Option<Guard>,
    /// Whether it applies to more resources than that.
    is_narrower: bool,
}

impl<'a> Writer<'a> {
    fn reducer(&self) -> Reducer<'a> {
        Reducer::new(self.program, &Azure, None, self.options, self.patterns)
    }

    /// Returns what gives a tag a value, the first of which wins.
    fn givers(&self, id: TagId) -> Vec<Giver<'a>> {
        let of_rule = |rule: &'a Rule| {
            let own = rule.actions.iter().filter(move |action| action.tag == id);
            own.map(move |action| Giver { rule, action })
        };
        let mut givers: Vec<Giver<'a>> = self.program.rules.iter().flat_map(of_rule).collect();
        givers.sort_by_key(|giver| (giver.action.kind == ActionKind::Fill, Reverse(giver.rule.priority)));
        givers
    }

    /// Values of rules.
    fn rules(&mut self, id: TagId, tag: &'a Tag) {
        let mut earlier: Vec<Giver<'a>> = Vec::new();
        for giver in self.givers(id) {
            let name = format!("rule {}: {}", giver.rule.name, tag.name);
            let mut entry = Entry::new(name, &giver.action.loc);
            let mut reducer = self.reducer();
            let made = self.rule(id, tag, &giver, &earlier, &mut reducer);
            entry.differences.extend(reducer.differences);
            if giver.action.kind == ActionKind::Set {
                let reason = format!("a resource that has `{}` keeps its value", tag.name);
                entry.differences.narrower(reason);
            }
            let wanted = format!("rule-{}-{}", giver.rule.name, tag.name);
            self.finish(entry, made, &wanted, &giver.rule.doc);
            earlier.push(giver);
        }
    }

    fn rule(
        &self,
        id: TagId,
        tag: &Tag,
        giver: &Giver<'_>,
        earlier: &[Giver<'_>],
        reducer: &mut Reducer<'_>,
    ) -> Made<(Key, String, Guard)> {
        let value = plain(&giver.action.value)?;
        let key = self.key(id, tag, &value)?;
        let mut parts = vec![no_rule(earlier, reducer)?];
        if let Some(when) = &giver.rule.when {
            parts.push(reducer.reduce(when, true)?);
        }
        parts.push(missing(id, reducer)?);
        Ok((key, value, checked(Guard::join(parts, true))?))
    }

    /// Remedies of policies, those of the most severe first.
    fn remedies(&mut self, id: TagId, tag: &'a Tag, found: &Findings<'_>) {
        let has_remedy = |policy: &&Policy| policy.remedies.iter().any(|remedy| remedy.tag == id);
        let mut policies: Vec<&Policy> = self.program.policies.iter().filter(has_remedy).collect();
        policies.sort_by_key(|policy| Reverse(policy.severity));
        let mut earlier: Vec<Remedied> = Vec::new();
        for policy in policies {
            let Some(remedy) = policy.remedies.iter().find(|remedy| remedy.tag == id) else { continue };
            let mut entry = Entry::new(format!("remedy of {}: {}", policy.name, tag.name), &remedy.loc);
            let mut reducer = self.reducer();
            let finding = finding(policy, id, found, &mut entry.differences);
            let is_narrower = !entry.differences.narrower.is_empty();
            let made = self.remedy((id, tag), &remedy.value, finding.as_ref(), &earlier, &mut reducer);
            entry.differences.extend(reducer.differences);
            if tag.ty != TagType::Text {
                entry.differences.narrower("a value that is not valid stays");
            }
            if !matches!(made, Err(Without::Nothing(_))) {
                let value = made.as_ref().ok().map(|(_, value, _)| value.clone());
                earlier.push(Remedied { value, finding: finding.ok(), is_narrower });
            }
            let wanted = format!("remedy-{}-{}", policy.name, tag.name);
            self.finish(entry, made, &wanted, &policy.doc);
        }
    }

    fn remedy(
        &self,
        (id, tag): (TagId, &Tag),
        value: &Value,
        finding: Result<&Guard, &Without>,
        earlier: &[Remedied],
        reducer: &mut Reducer<'_>,
    ) -> Made<(Key, String, Guard)> {
        let finding = finding.map_err(Without::clone)?;
        let value = plain(value)?;
        let key = self.key(id, tag, &value)?;
        let mut parts = vec![finding.clone(), no_rule(&self.givers(id), reducer)?, missing(id, reducer)?];
        for other in earlier.iter().filter(|other| other.value.as_ref() != Some(&value)) {
            let first =
                other.finding.clone().ok_or_else(|| "a remedy before it has no definition".to_owned())?;
            parts.push(first.not());
            if other.is_narrower {
                reducer
                    .differences
                    .broader("the remedy of a more severe policy comes first for some of them");
            }
        }
        Ok((key, value, checked(Guard::join(parts, true))?))
    }

    /// Values that `map` gives another spelling.
    fn spellings(&mut self, id: TagId, tag: &'a Tag) {
        for item in tag.normalizes.iter().filter(|item| !item.arms.is_empty()) {
            let mut entry = Entry::new(format!("spelling of {}", tag.name), &item.loc);
            if self.settings.mode == Mode::Append {
                let reason = "`append` adds tags and does not change values: use `--mode modify`";
                entry.lost.push(reason.to_owned());
            } else if item.scope.is_some() {
                let reason = "it applies to some resources only, which a definition does not distinguish";
                entry.lost.push(reason.to_owned());
            } else if let Err(reason) = self.item(id, tag, item, &mut entry) {
                entry.lost.push(reason);
            }
            self.constructs.push(entry.construct_of("changes"));
        }
    }

    fn item(&mut self, id: TagId, tag: &Tag, item: &Normalize, entry: &mut Entry) -> Result<(), String> {
        let mut reducer = self.reducer();
        let keys = reducer.keys(id, true)?;
        let spellings = spellings(id, item, &keys, &reducer, &mut entry.differences);
        reducer.tag_differences(id, true, true);
        if !spellings.is_empty() {
            reducer.differences.narrower("a value with white space around it stays");
        }
        if keys.len() > 1 && !spellings.is_empty() {
            reducer.differences.broader("a key that is not read changes as well");
        }
        entry.differences.extend(reducer.differences);
        let mut became = Vec::new();
        let keys: Vec<Key> = keys.into_iter().filter(|key| !self.is_protected(&key.text)).collect();
        for (value, texts) in &spellings {
            for key in &keys {
                let matcher = Matcher { form: Form::Equal, texts: texts.clone(), any_case: true };
                let guard = Guard::Test(Test::Value(key.clone(), matcher));
                let wanted = format!("spelling-{}-{}", tag.name, word(value));
                let description = format!("Writes {} as {value}.", texts.join(", "));
                let edit =
                    Edit { name: wanted, description, operation: "addOrReplace", key: &key.text, value };
                became.push(self.add(&guard, edit, &mut entry.differences));
            }
        }
        if became.is_empty() {
            entry.note = Some("there is no value to write in another spelling".to_owned());
        }
        entry.became = became.into_iter().next();
        Ok(())
    }

    /// Returns the key under which a value is written, if it is legal there and read back.
    fn key(&self, id: TagId, tag: &Tag, value: &str) -> Made<Key> {
        let reducer = self.reducer();
        let keys = reducer.keys(id, true)?;
        let key = keys.into_iter().next().ok_or_else(|| Without::Lost("the tag has no key".to_owned()))?;
        if self.is_protected(&key.text) {
            return Err(Without::Lost(format!("the manifest protects `{}`", key.text)));
        }
        if let Some(reason) = Cloud::Azure.wrong_value(value) {
            return Err(Without::Lost(format!("Azure has no tags with the value `{value}`, since {reason}")));
        }
        let is_read = reducer.holds_with(&key.text, value, &is(id, value))
            && reducer.holds_with(&key.text, value, &Pred::IsValid(id));
        match is_read {
            true => Ok(key),
            false => Err(Without::Lost(format!("`{value}` is not read back as a value of `{}`", tag.name))),
        }
    }

    fn is_protected(&self, key: &str) -> bool {
        self.settings.protect.iter().any(|other| fold_key(other) == fold_key(key))
    }

    /// Reports a construct, and writes its definition if it has one.
    fn finish(&mut self, mut entry: Entry, made: Made<(Key, String, Guard)>, wanted: &str, doc: &str) {
        match made {
            Ok((_, _, guard)) if guard.size() > MAX_CONDITIONS => {
                let parts = guard.size();
                entry.lost.push(format!("the condition has {parts} parts, and Azure takes {MAX_CONDITIONS}"));
            }
            Ok((key, value, guard)) => {
                let (name, description) = (wanted.to_owned(), doc.trim().to_owned());
                let edit = Edit { name, description, operation: "add", key: &key.text, value: &value };
                entry.became = Some(self.add(&guard, edit, &mut entry.differences));
            }
            Err(Without::Lost(reason)) => entry.lost.push(reason),
            Err(Without::Never(note)) if !entry.differences.narrower.is_empty() => {
                entry.lost.push(format!("{note}: {}", entry.differences.narrower.join("; ")));
            }
            Err(Without::Nothing(note) | Without::Never(note)) => {
                entry.differences = Differences::default();
                entry.note = Some(note);
            }
        }
        self.constructs.push(entry.construct_of("changes"));
    }

    /// Writes a definition, and returns its name.
    fn add(&mut self, guard: &Guard, edit: Edit<'_>, differences: &mut Differences) -> String {
        let names_types = names_types(guard);
        if !names_types {
            differences.narrower(super::azure_policy::INDEXED);
        }
        let name = self.names.name(&edit.name, MAX_NAME, "-");
        let rule = json!({
            "if": condition(guard),
            "then": { "effect": "[parameters('effect')]", "details": self.details(&edit) },
        });
        let effect = if self.settings.mode == Mode::Append { "Append" } else { "Modify" };
        let written = format!("Writes the value {} as the tag {}.", edit.value, edit.key);
        let description = if edit.description.is_empty() { &written } else { &edit.description };
        let display = format!("{}: {}", edit.name, edit.key);
        let text = definition((&name, &display, description), names_types, &[effect, "Disabled"], &rule);
        self.files.push(File { name: format!("{name}.json"), text: pretty(&text) });
        name
    }

    fn details(&self, edit: &Edit<'_>) -> Json {
        let (field, value) = (tag(edit.key), literal(edit.value));
        if self.settings.mode == Mode::Append {
            return json!([{ "field": field, "value": value }]);
        }
        json!({
            "roleDefinitionIds": [ROLE],
            "conflictEffect": "audit",
            "operations": [{ "operation": edit.operation, "field": field, "value": value }],
        })
    }
}

/// Returns a value that follows from nothing else.
fn plain(value: &Value) -> Result<String, String> {
    match value {
        Value::Text(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(truth) => Ok(truth.to_string()),
        Value::Date(day) => Ok(day.to_string()),
        _ => Err("the value follows from others, which `tagpol remediate` writes".to_owned()),
    }
}

/// `TAG` has this native value.
fn is(id: TagId, value: &str) -> Pred {
    Pred::Compare {
        op: CmpOp::Eq,
        left: Value::NativeTag(id),
        right: Value::Text(value.to_owned()),
        by: CompareAs::Text,
    }
}

/// No native tag gives the tag a value.
fn missing(id: TagId, reducer: &mut Reducer<'_>) -> Result<Guard, String> {
    reducer.reduce(&Pred::IsMissing(Value::NativeTag(id)), true)
}

/// None of some rules applies.
fn no_rule(givers: &[Giver<'_>], reducer: &mut Reducer<'_>) -> Made<Guard> {
    let mut parts = Vec::new();
    for Giver { rule, action } in givers {
        let name = &rule.name;
        if plain(&action.value).is_err() {
            let reason = format!("the rule `{name}` comes first, even if its value is missing");
            reducer.differences.narrower(reason);
        }
        let Some(when) = &rule.when else {
            return Err(Without::Nothing(format!("the rule `{name}` comes first for all resources")));
        };
        let when = reducer.reduce(when, false);
        parts.push(when.map_err(|reason| format!("the rule `{name}` comes first, and {reason}"))?.not());
    }
    Ok(Guard::join(parts, true))
}

/// Returns the condition under which a policy has a finding about a tag, as far as checks have guards.
fn finding(policy: &Policy, id: TagId, found: &Findings<'_>, differences: &mut Differences) -> Made<Guard> {
    let mut parts = Vec::new();
    let mut lost = Vec::new();
    for check in policy.checks.iter().filter(|check| check.tag == Some(id)) {
        let own =
            found.findings.iter().find(|one| one.policy.name == policy.name && one.check.id == check.id);
        let name = format!("check {}/{}", policy.name, check.id);
        let entry = found.entries.iter().find(|entry| entry.name == name);
        let guard = own.and_then(|one| one.guards.first());
        match (guard, entry) {
            (Some((_, guard)), Some(entry)) => {
                parts.push(guard.clone());
                differences.extend(entry.differences.clone());
            }
            (_, entry) => lost.extend(entry.map(|entry| entry.lost.join("; "))),
        }
    }
    for entry in &found.entries {
        // A waiver of the policy, or of one of its checks.
        let of = entry.name.strip_prefix("waiver of ").and_then(|of| of.strip_prefix(policy.name.as_str()));
        let is_waiver = of.is_some_and(|rest| rest.starts_with([' ', '/']));
        if entry.name == format!("policy {}", policy.name) {
            lost.extend(entry.lost.clone());
        }
        if is_waiver || entry.name == format!("scope of {}", policy.name) {
            differences.extend(entry.differences.clone());
        }
        if is_waiver && !entry.lost.is_empty() {
            differences.broader(entry.lost.join("; "));
        }
    }
    lost.retain(|reason| !reason.is_empty());
    match (parts.is_empty(), lost.is_empty()) {
        (true, true) => Err(Without::Nothing("no new resource of Azure has a finding about it".to_owned())),
        (true, false) => Err(Without::Lost(lost.join("; "))),
        _ => {
            lost.into_iter().for_each(|reason| differences.narrower(reason));
            Ok(Guard::join(parts, false))
        }
    }
}

/// Returns the condition of a definition.
fn checked(guard: Guard) -> Made<Guard> {
    match guard.pushed_down() {
        Guard::Const(false) => Err(Without::Never("no new resource of Azure needs it".to_owned())),
        Guard::Const(true) => Err(Without::Lost("it would change every resource".to_owned())),
        guard if is_contradiction(&guard) => {
            Err(Without::Never("what is left of the condition is never true".to_owned()))
        }
        guard => Ok(guard),
    }
}

/// Returns the plain values that an item gives another spelling, regardless of case: by the value that they become.
fn spellings(
    id: TagId,
    item: &Normalize,
    keys: &[Key],
    reducer: &Reducer<'_>,
    differences: &mut Differences,
) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    if !item.transforms.is_empty() {
        differences.narrower("values that `transform` changes stay");
    }
    let Some(key) = keys.first().map(|key| key.text.as_str()) else { return found };
    for arm in &item.arms {
        let MapTarget::Value(value) = &arm.target else { continue };
        let becomes = |text: &str| reducer.holds_with(key, text, &is(id, value));
        for pattern in &arm.patterns {
            let Pattern::Literal(text) = pattern else {
                differences.narrower("values that a pattern of `map` matches stay");
                continue;
            };
            if lower(text) == lower(value) {
                differences.narrower(
                    "Azure compares texts regardless of case, so that a value that differs only in it stays",
                );
            } else if let Some(reason) = Cloud::Azure.wrong_value(value) {
                differences.narrower(format!("Azure has no tags with the value `{value}`, since {reason}"));
            } else if becomes(text) && becomes(value) {
                let texts = found.entry(value.clone()).or_default();
                if !texts.iter().any(|known| lower(known) == lower(text)) {
                    texts.push(text.clone());
                }
            }
        }
    }
    found
}

/// Returns a text as a part of a name.
fn word(text: &str) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    text.chars().map(kept).collect()
}
