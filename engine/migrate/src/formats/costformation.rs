//! Dimensions of CloudZero's CostFormation.
//!
//! A dimension is a virtual tag: the first rule that gives a value wins. `Group` gives a name, and `GroupBy` the value of
//! its source. What the parts mean follows `cloudzero-costformation`: values compare as texts, with case; conditions of
//! `Group` are alternatives, and those of `GroupBy` must all hold.

use std::collections::BTreeMap;

use super::ordered_rules::{self, OrderedRule};
use super::{Draft, about};
use crate::Input;
use crate::construct::Outcome;
use crate::document::{self, Cursor, Node, Value};
use crate::error::MigrateError;
use crate::policy::condition::{Attribute, Condition, Literal, Subject, Test};
use crate::policy::names::kebab;
use crate::policy::pattern::Pattern;
use crate::policy::{Item, RuleValue};

const EXPECTED: &str = "a definition of CostFormation has `Dimensions`";

const NO_DATES: &str = "rules of tagpol apply to all days, and texts have no order";

/// Reads all dimensions; they may refer to each other.
pub(super) fn read(inputs: &[Input], draft: &mut Draft<'_>) -> Result<(), MigrateError> {
    let nodes = inputs
        .iter()
        .map(|input| document::either(&input.name, &input.text))
        .collect::<Result<Vec<Node>, _>>()?;
    let mut found: Vec<(usize, String, Cursor<'_>)> = Vec::new();
    let mut tags = BTreeMap::new();
    for (file, (input, node)) in inputs.iter().zip(&nodes).enumerate() {
        let root = Cursor::new(&input.name, node);
        let dimensions = root.get("Dimensions").filter(Cursor::is_map);
        let dimensions = dimensions
            .ok_or_else(|| root.error(format!("this is not a definition of CostFormation: {EXPECTED}")))?;
        for (id, dimension) in dimensions.entries() {
            let kind = dimension.get("Type").and_then(|kind| kind.text()).unwrap_or("Group");
            let is_off = dimension.get("Disable").and_then(|off| off.scalar()).as_deref() == Some("true");
            if is_off {
                draft.constructs.exact(format!("{id}: Disable"), dimension.place(), None);
                dimension.ignore();
            } else if kind != "Group" {
                let reason =
                    "allocations of CostFormation select spend by rules of their own: write an `allocate`";
                draft.constructs.lost(format!("dimension {id}"), dimension.place(), reason);
            } else {
                let tag = draft.names.unique(&kebab(id, "dimension"));
                if tags.insert(id.to_owned(), tag).is_some() {
                    return Err(dimension.error(format!("the dimension `{id}` is defined in two files")));
                }
                found.push((file, id.to_owned(), dimension));
            }
        }
    }
    for (file, input) in inputs.iter().enumerate() {
        let mut items = Vec::new();
        for (_, id, cursor) in found.iter().filter(|(of, _, _)| *of == file) {
            let tag = tags.get(id).cloned().unwrap_or_default();
            items.extend(Reader { draft, tags: &tags, id, tag, cursor }.items());
        }
        if let Some(node) = nodes.get(file) {
            draft.report_unread(&Cursor::new(&input.name, node), 0);
        }
        draft.add_file(&input.name, about("Dimensions of CostFormation", &input.name), items);
    }
    if found.is_empty() && draft.constructs.0.is_empty() {
        return Err(MigrateError::Nothing { expected: EXPECTED });
    }
    Ok(())
}

struct Reader<'r, 's, 'a> {
    draft: &'r mut Draft<'s>,
    tags: &'r BTreeMap<String, String>,
    id: &'r str,
    tag: String,
    cursor: &'r Cursor<'a>,
}

/// What lost and approximate parts do to a rule.
#[derive(Debug, Default)]
struct Difference {
    broader: bool,
    narrower: bool,
    /// How values differ.
    values: Option<&'static str>,
}

impl Difference {
    fn drop_part(&mut self, broader: bool) {
        if broader { self.broader = true } else { self.narrower = true }
    }

    fn outcome(&self) -> (Outcome, Option<String>) {
        let lost = "some of its conditions are lost";
        match (self.broader, self.narrower, self.values) {
            (true, _, _) => (Outcome::Broader, Some(format!("{lost}, so that it gives the value to more"))),
            (false, true, _) => {
                (Outcome::Narrower, Some(format!("{lost}, so that it gives the value to fewer")))
            }
            (false, false, Some(values)) => (Outcome::Narrower, Some(values.to_owned())),
            (false, false, None) => (Outcome::Exact, None),
        }
    }
}

impl Reader<'_, '_, '_> {
    fn items(&mut self) -> Vec<Item> {
        let mut rules = Vec::new();
        for rule in self.cursor.get("Rules").iter().flat_map(Cursor::items) {
            self.rule(&rule, &mut rules);
        }
        if let Some(default) = self.cursor.get("DefaultValue") {
            let construct = format!("{}: DefaultValue", self.id);
            match default.scalar().filter(|text| !tagpol_sema::formats::is_blank(text)) {
                Some(text) => {
                    let name = self.draft.names.unique(&format!("{}-default", self.tag));
                    self.draft.constructs.exact(construct, default.place(), Some(&name));
                    rules.push(OrderedRule {
                        name,
                        when: None,
                        value: RuleValue::Literal(Literal::Text(text)),
                    });
                }
                None => self.draft.constructs.lost(construct, default.place(), "a rule gives no blank value"),
            }
        }
        self.report_members();
        let remark = format!("The dimension {}. Only its rules give it values.", self.id);
        let mut items = ordered_rules::items(&self.tag, remark, &rules);
        items.extend(ordered_rules::test(format!("dimension {}", self.id), &self.tag, &rules));
        items
    }

    /// Reads a rule; one with several sources becomes several.
    fn rule(&mut self, rule: &Cursor<'_>, rules: &mut Vec<OrderedRule>) {
        let kind = rule.get("Type").and_then(|kind| kind.text()).unwrap_or_default();
        let label = rule.get("Name").and_then(|name| name.scalar()).unwrap_or_default();
        let construct = format!("{}: {kind} {label}", self.id).trim_end().to_owned();
        let mut difference = Difference::default();
        let read = match kind {
            "Group" => self.group(rule, &label, &mut difference),
            "GroupBy" => self.group_by(rule, &mut difference),
            _ => Err("rules of this type have no counterpart: list its values in rules of the type `Group`"
                .to_owned()),
        };
        match read {
            Ok((when, values)) => {
                let base = format!("{}-{}", self.tag, kebab(&label, "grouped"));
                let (outcome, reason) = difference.outcome();
                let mut first = None;
                for value in values {
                    let name = self.draft.names.unique(&base);
                    first.get_or_insert_with(|| name.clone());
                    rules.push(OrderedRule { name, when: when.clone(), value });
                }
                self.draft.constructs.add(construct, outcome, rule.place(), first.as_deref(), reason);
            }
            Err(reason) => self.draft.constructs.lost(construct, rule.place(), reason),
        }
    }

    fn group(
        &mut self,
        rule: &Cursor<'_>,
        label: &str,
        difference: &mut Difference,
    ) -> Result<Values, String> {
        let mut sources = self.sources(rule)?;
        if rule.get_any(&["Source", "Sources"]).is_some() {
            // Of several sources of a rule, conditions without one read the first; of a dimension, each.
            sources.truncate(1);
        }
        let transforms = transforms(rule, difference)?;
        let condition = self.any_source(rule, &sources, &transforms, difference)?;
        if !tagpol_sema::formats::is_blank(label) {
            self.report_transforms(rule, &sources);
            return Ok((condition, vec![RuleValue::Literal(Literal::Text(label.to_owned()))]));
        }
        let [source] = sources.as_slice() else {
            return Err("the rule has no name, and not one source that gives its value".to_owned());
        };
        let subject = transformed(self.subject(source, difference)?, &transforms);
        Ok((condition, vec![RuleValue::Subject(subject)]))
    }

    /// Reads the conditions of a rule, which hold if they hold for any of the sources of the dimension.
    fn any_source(
        &mut self,
        rule: &Cursor<'_>,
        sources: &[String],
        transforms: &[Transform],
        difference: &mut Difference,
    ) -> Result<Option<Condition>, String> {
        if sources.len() < 2 {
            return self.conditions(rule, sources, transforms, false, difference);
        }
        let mut parts = Vec::new();
        let mut lost = Vec::new();
        for (number, source) in sources.iter().enumerate() {
            let reported = self.draft.constructs.0.len();
            match self.conditions(rule, std::slice::from_ref(source), transforms, false, difference) {
                Ok(None) => return Ok(None),
                Ok(Some(condition)) => parts.push(condition),
                Err(reason) => lost.push(reason),
            }
            if number > 0 && lost.is_empty() {
                // The same conditions are reported once.
                self.draft.constructs.0.truncate(reported);
            }
        }
        match lost.into_iter().next() {
            Some(reason) if parts.is_empty() => return Err(reason),
            Some(_) => difference.drop_part(false),
            None => {}
        }
        Ok(Some(Condition::Any(parts).simplified()))
    }

    fn group_by(&mut self, rule: &Cursor<'_>, difference: &mut Difference) -> Result<Values, String> {
        let sources = self.sources(rule)?;
        let coalesces =
            rule.get("CoalesceSources").and_then(|value| value.scalar()).as_deref() == Some("true");
        if sources.is_empty() || (sources.len() > 1 && !coalesces) {
            return Err("several sources without `CoalesceSources` are joined, which rules of tagpol do with a template: `fill x = \"{a} - {b}\"`".to_owned());
        }
        let format = rule.get("Format").and_then(|format| format.text()).unwrap_or("{0}");
        if format != "{0}" {
            return Err(
                "`Format` has no counterpart here: write a template, as in `fill x = \"{a} - y\"`".to_owned()
            );
        }
        let condition = self.conditions(rule, &sources, &[], true, difference)?;
        let transforms = transforms(rule, difference)?;
        difference.values.get_or_insert("a tag that is there with a blank value gives no value here");
        let subjects: Result<Vec<Subject>, String> =
            sources.iter().map(|source| self.subject(source, difference)).collect();
        let value = |subject| RuleValue::Subject(transformed(subject, &transforms));
        Ok((condition, subjects?.into_iter().map(value).collect()))
    }

    /// The sources of a rule, or those of the dimension.
    fn sources(&self, rule: &Cursor<'_>) -> Result<Vec<String>, String> {
        let own =
            rule.get_any(&["Source", "Sources"]).or_else(|| self.cursor.get_any(&["Source", "Sources"]));
        let Some(own) = own else { return Ok(Vec::new()) };
        let texts: Option<Vec<String>> =
            own.one_or_more().iter().map(|item| item.text().map(str::to_owned)).collect();
        texts.ok_or_else(|| "a source is not a text".to_owned())
    }

    /// What a source is, with the transforms of the dimension.
    fn subject(&self, source: &str, difference: &mut Difference) -> Result<Subject, String> {
        let subject = if let Some(key) = source.strip_prefix("Tag:").filter(|key| !key.is_empty()) {
            Subject::Native(key.to_owned())
        } else if let Some(id) = source.strip_prefix("User:Defined:") {
            match self.tags.get(id) {
                Some(tag) if *tag != self.tag => Subject::Tag(tag.clone()),
                _ => return Err(format!("the dimension `{id}` is not among those that were migrated")),
            }
        } else {
            match source {
                "Account" => Subject::Attribute(Attribute::Account),
                "Region" => Subject::Attribute(Attribute::Region),
                _ => return Err(format!("the source `{source}` has no counterpart")),
            }
        };
        let own = self.sources(self.cursor).unwrap_or_default();
        let transforms = if own.iter().any(|one| one == source) {
            transforms(self.cursor, difference)?
        } else {
            Vec::new()
        };
        Ok(transformed(subject, &transforms))
    }

    /// Reads the conditions of a rule: alternatives, or all of them. None: there are none.
    fn conditions(
        &mut self,
        rule: &Cursor<'_>,
        sources: &[String],
        outer: &[Transform],
        all: bool,
        difference: &mut Difference,
    ) -> Result<Option<Condition>, String> {
        let Some(list) = rule.get("Conditions") else { return Ok(None) };
        let parts = self.group_of(&list.one_or_more(), sources, outer, true, all, difference);
        let parts = parts.ok_or("none of its conditions can be migrated")?;
        let condition = if all { Condition::All(parts) } else { Condition::Any(parts) }.simplified();
        if let Condition::Always(_) = condition {
            return Err("the condition is the same for all charges".to_owned());
        }
        Ok(Some(condition))
    }

    fn group_of(
        &mut self,
        parts: &[Cursor<'_>],
        sources: &[String],
        outer: &[Transform],
        positive: bool,
        all: bool,
        difference: &mut Difference,
    ) -> Option<Vec<Condition>> {
        let read: Vec<Option<Condition>> =
            parts.iter().map(|part| self.condition(part, sources, outer, positive, difference)).collect();
        let lost = read.iter().any(Option::is_none);
        let kept: Vec<Condition> = read.into_iter().flatten().collect();
        if lost && !kept.is_empty() {
            difference.drop_part(all == positive);
        }
        (!kept.is_empty()).then_some(kept)
    }

    /// Reads one condition. None: it is lost, which has been reported.
    fn condition(
        &mut self,
        cursor: &Cursor<'_>,
        sources: &[String],
        outer: &[Transform],
        positive: bool,
        difference: &mut Difference,
    ) -> Option<Condition> {
        let of_source = ["Source", "Sources", "Transforms"];
        let operators: Vec<&str> =
            cursor.members().map(|(key, _)| key).filter(|key| !of_source.contains(key)).collect();
        if operators.len() > 1 {
            let construct = format!("{}: {}", self.id, operators.join(", "));
            self.draft.constructs.lost(construct, cursor.place(), "a condition has one operator");
            return None;
        }
        for (word, all, negated) in [("And", true, false), ("Or", false, false), ("Not", true, true)] {
            let Some(list) = cursor.get(word) else { continue };
            let parts =
                self.group_of(&list.one_or_more(), sources, outer, positive != negated, all, difference)?;
            let condition = if all { Condition::All(parts) } else { Condition::Any(parts) };
            return Some(if negated { condition.not() } else { condition });
        }
        let operator = operators.first().copied();
        let construct = format!("{}: {}", self.id, operator.unwrap_or("condition"));
        match self.leaf(cursor, operator, sources, outer, difference) {
            Ok(condition) => {
                self.draft.constructs.exact(construct, cursor.place(), None);
                Some(condition)
            }
            Err(reason) => {
                self.draft.constructs.lost(construct, cursor.place(), reason);
                None
            }
        }
    }

    fn leaf(
        &mut self,
        cursor: &Cursor<'_>,
        operator: Option<&str>,
        sources: &[String],
        outer: &[Transform],
        difference: &mut Difference,
    ) -> Result<Condition, String> {
        let operator = operator.ok_or("the condition has no operator")?;
        let of_rule = sources.first();
        let own = cursor.get_any(&["Source", "Sources"]).is_some();
        let sources: Vec<String> =
            if own { self.sources(cursor)? } else { of_rule.cloned().into_iter().collect() };
        if sources.is_empty() {
            return Err("the condition has no source".to_owned());
        }
        let transforms = transforms(cursor, difference)?;
        let value = cursor.get(operator).ok_or("the condition has no value")?;
        if ["ForDateRange", "Before", "BeforeOrEquals", "After", "AfterOrEquals"].contains(&operator) {
            return Err(NO_DATES.to_owned());
        }
        let texts: Option<Vec<String>> = value.one_or_more().iter().map(Cursor::scalar).collect();
        let texts = texts.filter(|texts| !texts.is_empty()).ok_or("the values are not texts")?;
        let is_other = |value: &Cursor<'_>| matches!(value.node.value, Value::Bool(_) | Value::Special(_));
        if operator != "HasValue" && value.one_or_more().iter().any(is_other) {
            return Err(
                "a value is a truth value, a date or a number of another base in YAML: write it in quotes"
                    .to_owned(),
            );
        }
        let test: Box<dyn Fn(Subject) -> Condition> = match operator {
            "Equals" => Box::new(move |subject| Condition::one_of(subject, texts.clone())),
            "Contains" => Box::new(move |subject| Condition::Test(subject, Test::Contains(texts.clone()))),
            "BeginsWith" => {
                Box::new(move |subject| Condition::Test(subject, Test::StartsWith(texts.clone())))
            }
            "EndsWith" => Box::new(move |subject| Condition::Test(subject, Test::EndsWith(texts.clone()))),
            "HasValue" => Box::new(|subject| Condition::Test(subject, Test::Set)),
            "Matches" => {
                let text = value.text().ok_or("the expression is not a text")?;
                let pattern = Pattern::new(text, false)
                    .map_err(|reason| format!("the expression cannot be used: {reason}"))?;
                Box::new(move |subject| Condition::Test(subject, Test::Matches(pattern.clone())))
            }
            _ => return Err("the operator is not known".to_owned()),
        };
        let mut parts = Vec::new();
        for source in &sources {
            let subject = self.subject(source, difference)?;
            // A rule changes the value of its source for all of its conditions.
            let subject = if of_rule == Some(source) { transformed(subject, outer) } else { subject };
            parts.push(test(transformed(subject, &transforms)));
        }
        let condition = Condition::Any(parts);
        let is_negative = operator == "HasValue" && value.scalar().as_deref() == Some("false");
        Ok(if is_negative { condition.not() } else { condition })
    }

    fn report_members(&mut self) {
        self.cursor.ignore_members(&["Name", "Type", "Description"]);
        for (member, reason) in [
            ("Hide", "tags of tagpol are shown wherever they are asked for"),
            ("Child", "tagpol has no order of dimensions to go down"),
        ] {
            let value = self.cursor.get(member).filter(|value| value.scalar().as_deref() != Some("false"));
            if let Some(value) = value {
                self.draft.constructs.lost(format!("{}: {member}", self.id), value.place(), reason);
            }
        }
    }

    /// Reports the transforms of a rule with a name, which count for the conditions that read its source.
    fn report_transforms(&mut self, rule: &Cursor<'_>, sources: &[String]) {
        let Some(list) = rule.get("Transforms").filter(|list| !list.is_empty()) else { return };
        let construct = format!("{}: Transforms", self.id);
        if rule.get("Conditions").is_some_and(|conditions| reads_any(&conditions, sources)) {
            self.draft.constructs.exact(construct, list.place(), None);
        } else {
            let reason = "all conditions of the rule have other sources, which it does not change";
            self.draft.constructs.lost(construct, list.place(), reason);
        }
    }
}

/// Whether one of some conditions reads a source of the rule, or names none and so reads it as well.
fn reads_any(conditions: &Cursor<'_>, sources: &[String]) -> bool {
    let is_of_rule = |own: &Cursor<'_>| sources.iter().any(|source| own.text() == Some(source));
    conditions.one_or_more().iter().any(|condition| match condition.get_any(&["And", "Or", "Not"]) {
        Some(inner) => reads_any(&inner, sources),
        None => condition
            .get_any(&["Source", "Sources"])
            .is_none_or(|own| own.one_or_more().iter().any(is_of_rule)),
    })
}

/// The condition of a rule, and its values in order.
type Values = (Option<Condition>, Vec<RuleValue>);

/// A change of a value.
#[derive(Debug, Clone, Copy)]
enum Transform {
    Lower,
    Trim,
}

fn transformed(subject: Subject, transforms: &[Transform]) -> Subject {
    transforms.iter().fold(subject, |subject, transform| match transform {
        Transform::Lower => Subject::Lower(Box::new(subject)),
        Transform::Trim => Subject::Trimmed(Box::new(subject)),
    })
}

/// Reads the transforms of a dimension, a rule or a condition.
fn transforms(cursor: &Cursor<'_>, difference: &mut Difference) -> Result<Vec<Transform>, String> {
    let mut found = Vec::new();
    for transform in cursor.get("Transforms").iter().flat_map(Cursor::items) {
        let kind = transform
            .get("Type")
            .and_then(|kind| kind.text())
            .or_else(|| transform.text())
            .unwrap_or_default();
        match kind {
            "Lower" => found.push(Transform::Lower),
            "Trim" => found.push(Transform::Trim),
            "Normalize" => {
                difference.values = Some(
                    "`Normalize` also writes hyphens for spaces and special characters; here the value is in lower case, and white space around it is removed",
                );
                found.extend([Transform::Trim, Transform::Lower]);
            }
            _ => return Err(format!("the transform `{kind}` has no counterpart")),
        }
    }
    Ok(found)
}
