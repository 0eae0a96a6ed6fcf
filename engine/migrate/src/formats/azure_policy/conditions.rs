//! The `if` of a definition of Azure Policy, as a condition.
//!
//! Names of tags are compared regardless of case, and so are texts, except by `match` and `notMatch`.

use super::expression::{Argument, Parameters, evaluate, tag_key};
use crate::construct::Outcome;
use crate::document::{Cursor, Value};
use crate::formats::Draft;
use crate::policy::condition::{Attribute, Condition, Subject, Test};
use crate::policy::pattern::{Pattern, escaped};

/// What the differences of parts do to a policy.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Effects {
    pub(super) broader: bool,
    pub(super) narrower: bool,
}

/// Reads the conditions of one definition.
pub(super) struct Conditions<'d, 's> {
    pub(super) draft: &'d mut Draft<'s>,
    pub(super) parameters: &'d Parameters,
    pub(super) definition: String,
    pub(super) effects: Effects,
}

/// What a condition of Azure is about.
enum Field {
    Tag(String),
    /// All tags, for `containsKey`.
    Tags,
    Attribute(Attribute),
    /// A tag of a resource that this one belongs to.
    Related(Subject),
}

/// A condition, its outcome, and the reason of a difference.
type Read = (Condition, Outcome, Option<&'static str>);

const SEPARATORS: &str = "keys that differ from it in `-`, `_`, `.`, `:`, `/` or spaces are read too, and white space around values is not";

impl Conditions<'_, '_> {
    /// Reads a condition. None: it is lost, which has been reported.
    pub(super) fn condition(&mut self, cursor: &Cursor<'_>, positive: bool) -> Option<Condition> {
        if let Some(parts) = cursor.get("allOf") {
            return self.group(&parts, positive, true).map(Condition::All);
        }
        if let Some(parts) = cursor.get("anyOf") {
            return self.group(&parts, positive, false).map(Condition::Any);
        }
        if let Some(inner) = cursor.get("not") {
            return self.condition(&inner, !positive).map(Condition::not);
        }
        let name = cursor
            .get_any(&["field", "value", "count"])
            .and_then(|field| field.text())
            .unwrap_or("condition");
        let construct = format!("{}: {name}", self.definition);
        match self.leaf(cursor) {
            Ok((condition, outcome, reason)) => {
                match (outcome, positive) {
                    (Outcome::Broader, true) | (Outcome::Narrower, false) => self.effects.broader = true,
                    (Outcome::Narrower, true) | (Outcome::Broader, false) => self.effects.narrower = true,
                    _ => {}
                }
                let reason = reason.map(str::to_owned);
                self.draft.constructs.add(construct, outcome, cursor.place(), None, reason);
                Some(condition)
            }
            Err(reason) => {
                self.draft.constructs.lost(construct, cursor.place(), reason);
                None
            }
        }
    }

    fn group(&mut self, parts: &Cursor<'_>, positive: bool, all: bool) -> Option<Vec<Condition>> {
        let read: Vec<Option<Condition>> =
            parts.items().map(|part| self.condition(&part, positive)).collect();
        let lost = read.iter().any(Option::is_none);
        let kept: Vec<Condition> = read.into_iter().flatten().collect();
        if lost && !kept.is_empty() {
            if all == positive { self.effects.broader = true } else { self.effects.narrower = true }
        }
        (!kept.is_empty()).then_some(kept)
    }

    fn leaf(&mut self, cursor: &Cursor<'_>) -> Result<Read, String> {
        let field = self.field(cursor)?;
        let operators: Vec<_> =
            cursor.entries().filter(|(key, _)| !["field", "value"].contains(key)).collect();
        let [(operator, operand)] = operators.as_slice() else {
            return Err("a condition has one operator".to_owned());
        };
        let lower = operator.to_ascii_lowercase();
        let (base, negated) = match lower.strip_prefix("not") {
            Some(base) => (base.to_owned(), true),
            None => (lower, false),
        };
        let (condition, outcome, reason) = self.test(&field, &base, operand)?;
        if !negated {
            return Ok((condition, outcome, reason));
        }
        let outcome = match outcome {
            Outcome::Broader => Outcome::Narrower,
            Outcome::Narrower => Outcome::Broader,
            other => other,
        };
        Ok((condition.not(), outcome, reason))
    }

    fn field(&mut self, cursor: &Cursor<'_>) -> Result<Field, String> {
        if let Some(value) = cursor.get("value") {
            let text = value.text().ok_or("the value is not a text")?;
            return match evaluate(text, self.parameters)? {
                Argument::GroupTag(key) => Ok(Field::Related(self.related("azure-resource-group", &key)?)),
                Argument::SubscriptionTag(key) => {
                    Ok(Field::Related(self.related("azure-subscription", &key)?))
                }
                _ => Err("a condition about a constant has no counterpart".to_owned()),
            };
        }
        let text =
            cursor.get("field").and_then(|field| field.text()).ok_or("the condition has no `field`")?;
        let Argument::Text(field) = evaluate(text, self.parameters)? else {
            return Err(format!("the field `{text}` has no counterpart"));
        };
        if let Some(key) = tag_key(&field) {
            return Ok(Field::Tag(key.to_owned()));
        }
        Ok(match field.to_ascii_lowercase().as_str() {
            "tags" => Field::Tags,
            "type" => Field::Attribute(Attribute::Type),
            "name" => Field::Attribute(Attribute::Name),
            "location" => Field::Attribute(Attribute::Region),
            "id" => Field::Attribute(Attribute::Id),
            _ => return Err(format!("the field `{field}` has no counterpart")),
        })
    }

    /// A tag of the resource group or the subscription.
    fn related(&mut self, relation: &'static str, key: &str) -> Result<Subject, String> {
        let tag = self.draft.tag(key)?;
        self.draft.use_relation(relation);
        Ok(Subject::Related { relation: relation.to_owned(), tag })
    }

    fn test(&mut self, field: &Field, operator: &str, operand: &Cursor<'_>) -> Result<Read, String> {
        match (field, operator) {
            (Field::Tags, "containskey") => match self.argument(operand)? {
                Argument::Text(key) => Ok((has_key(&key)?, Outcome::Exact, None)),
                _ => Err("a key is a text".to_owned()),
            },
            (Field::Tags, _) => Err("of all tags, only `containsKey` has a counterpart".to_owned()),
            (Field::Tag(key), "exists") => {
                let condition = has_key(key)?;
                Ok((if truth(operand)? { condition } else { condition.not() }, Outcome::Exact, None))
            }
            (Field::Attribute(attribute), "exists") => {
                let condition = Condition::Test(Subject::Attribute(*attribute), Test::Set);
                Ok((if truth(operand)? { condition } else { condition.not() }, Outcome::Exact, None))
            }
            (Field::Tag(key), operator) => {
                let tag = self.draft.tag(key)?;
                let subject = Subject::NativeOf { tag, key: key.clone() };
                Ok((self.text_test(&subject, operator, operand)?, Outcome::Broader, Some(SEPARATORS)))
            }
            (Field::Attribute(Attribute::Type), operator) => {
                Ok((self.type_test(operator, operand)?, Outcome::Exact, None))
            }
            (Field::Attribute(attribute), operator) => {
                let subject = Subject::Attribute(*attribute);
                Ok((self.text_test(&subject, operator, operand)?, Outcome::Exact, None))
            }
            (Field::Related(subject), "equals") if operand.text() == Some("") => {
                let condition = Condition::Test(subject.clone(), Test::Missing);
                Ok((condition, Outcome::Exact, None))
            }
            (Field::Related(subject), operator) => {
                Ok((self.text_test(subject, operator, operand)?, Outcome::Broader, Some(SEPARATORS)))
            }
        }
    }

    /// A type, in the forms that inventories have.
    fn type_test(&mut self, operator: &str, operand: &Cursor<'_>) -> Result<Condition, String> {
        let subject = Subject::Lower(Box::new(Subject::Attribute(Attribute::Type)));
        let argument = self.argument(operand)?;
        let texts = match (operator, argument) {
            ("equals", Argument::Text(text)) => vec![text],
            ("in", Argument::List(texts)) => texts,
            _ => return self.text_test(&Subject::Attribute(Attribute::Type), operator, operand),
        };
        let mut types = Vec::new();
        for text in texts {
            let text = text.to_lowercase();
            // Resource Graph and the other interfaces have two names for groups.
            let other = text.replace(
                "microsoft.resources/subscriptions/resourcegroups",
                "microsoft.resources/resourcegroups",
            );
            types.extend([other, text]);
        }
        Ok(Condition::one_of(subject, types))
    }

    /// A test of a text, regardless of case.
    fn text_test(
        &mut self,
        subject: &Subject,
        operator: &str,
        operand: &Cursor<'_>,
    ) -> Result<Condition, String> {
        let argument = self.argument(operand)?;
        let lower = Subject::Lower(Box::new(subject.clone()));
        Ok(match (operator, argument) {
            ("equals", Argument::Text(text)) => Condition::equals(lower, text.to_lowercase()),
            ("equals", Argument::GroupTag(key)) => {
                let other = self.related("azure-resource-group", &key)?;
                Condition::Test(lower, Test::Same(Subject::Lower(Box::new(other))))
            }
            ("equals", Argument::SubscriptionTag(key)) => {
                let other = self.related("azure-subscription", &key)?;
                Condition::Test(lower, Test::Same(Subject::Lower(Box::new(other))))
            }
            ("in", Argument::List(texts)) => {
                Condition::one_of(lower, texts.iter().map(|text| text.to_lowercase()).collect())
            }
            ("contains", Argument::Text(text)) => {
                Condition::Test(lower, Test::Contains(vec![text.to_lowercase()]))
            }
            ("like", Argument::Text(text)) => {
                let pattern =
                    text.to_lowercase().split('*').map(escaped).collect::<Vec<_>>().join("(?:.|\\n)*");
                Condition::Test(lower, Test::Matches(Pattern::new(&pattern, false)?))
            }
            ("match", Argument::Text(text)) => {
                Condition::Test(subject.clone(), Test::Matches(Pattern::new(&match_pattern(&text), false)?))
            }
            ("matchinsensitively", Argument::Text(text)) => {
                Condition::Test(subject.clone(), Test::Matches(Pattern::new(&match_pattern(&text), true)?))
            }
            (operator, _) => return Err(format!("`{operator}` with this value has no counterpart")),
        })
    }

    /// Returns the value of an operator.
    fn argument(&self, operand: &Cursor<'_>) -> Result<Argument, String> {
        match &operand.node.value {
            Value::Text(text) => evaluate(text, self.parameters),
            Value::List(_) => {
                let mut texts = Vec::new();
                for item in operand.items() {
                    match item.text().map(|text| evaluate(text, self.parameters)).transpose()? {
                        Some(Argument::Text(text)) => texts.push(text),
                        _ => return Err("a list of texts is expected".to_owned()),
                    }
                }
                Ok(Argument::List(texts))
            }
            _ => operand.scalar().map(Argument::Text).ok_or_else(|| "a text is expected".to_owned()),
        }
    }
}

/// A resource has a key, in any case.
fn has_key(key: &str) -> Result<Condition, String> {
    Ok(Condition::Test(Subject::AnyKey, Test::Matches(Pattern::literal_ignoring_case(key)?)))
}

/// Reads `true` and `false`, also as texts.
fn truth(operand: &Cursor<'_>) -> Result<bool, String> {
    match operand.scalar().map(|text| text.to_ascii_lowercase()).as_deref() {
        Some("true") => Ok(true),
        Some("false") => Ok(false),
        _ => Err("`exists` is `true` or `false`".to_owned()),
    }
}

/// `match`: `#` is a digit, `?` a letter, `.` any character.
fn match_pattern(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '#' => "[0-9]".to_owned(),
            '?' => "[a-zA-Z]".to_owned(),
            '.' => ".".to_owned(),
            c => escaped(&c.to_string()),
        })
        .collect()
}
