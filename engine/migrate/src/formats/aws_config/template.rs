//! Values of CloudFormation templates, as far as they can be computed without a stack: parameters with a value, and
//! `Fn::If` with its conditions.

use std::collections::BTreeMap;

use crate::document::Cursor;

/// Functions inside of functions, and conditions that refer to others, which may refer back.
const MAX_DEPTH: usize = 20;

/// A value of a template.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Resolved {
    Text(String),
    /// `AWS::NoValue`: as if the member were not there.
    Absent,
}

/// A template with the values of its parameters.
pub(super) struct Template<'t> {
    pub(super) root: &'t Cursor<'t>,
    pub(super) parameters: &'t BTreeMap<String, String>,
}

impl Template<'_> {
    /// Returns a value. None: it is computed from what the template does not have.
    pub(super) fn value(&self, value: &Cursor<'_>) -> Option<Resolved> {
        self.value_at(value, 0)
    }

    /// Returns whether a condition of the template is true. None: it is computed.
    pub(super) fn condition(&self, name: &str) -> Option<bool> {
        self.condition_at(name, 0)
    }

    fn value_at(&self, value: &Cursor<'_>, depth: usize) -> Option<Resolved> {
        if depth > MAX_DEPTH {
            return None;
        }
        if let Some(text) = value.scalar() {
            return Some(Resolved::Text(text));
        }
        if let Some(reference) = value.get_any(&["Ref", "!Ref"]) {
            let name = reference.text()?;
            if name == "AWS::NoValue" {
                return Some(Resolved::Absent);
            }
            let default =
                || self.root.at(&["Parameters", name, "Default"]).and_then(|default| default.scalar());
            return self.parameters.get(name).cloned().or_else(default).map(Resolved::Text);
        }
        let parts: Vec<_> = value.get_any(&["Fn::If", "!If"])?.items().collect();
        let [condition, yes, no] = parts.as_slice() else { return None };
        let holds = self.condition_at(condition.text()?, depth + 1)?;
        let (chosen, other) = if holds { (yes, no) } else { (no, yes) };
        // The other value counts as read too.
        self.value_at(other, depth + 1);
        self.value_at(chosen, depth + 1)
    }

    fn condition_at(&self, name: &str, depth: usize) -> Option<bool> {
        self.test(&self.root.at(&["Conditions", name])?, depth + 1)
    }

    fn test(&self, test: &Cursor<'_>, depth: usize) -> Option<bool> {
        if depth > MAX_DEPTH {
            return None;
        }
        if let Some(name) = test.get_any(&["Condition", "!Condition"]) {
            return self.condition_at(name.text()?, depth);
        }
        if let Some(pair) = test.get_any(&["Fn::Equals", "!Equals"]) {
            let sides: Option<Vec<Resolved>> =
                pair.items().map(|side| self.value_at(&side, depth + 1)).collect();
            return match sides?.as_slice() {
                [Resolved::Text(one), Resolved::Text(other)] => Some(one == other),
                _ => None,
            };
        }
        let parts = |names: &[&str]| -> Option<Option<Vec<bool>>> {
            let list = test.get_any(names)?;
            Some(list.items().map(|part| self.test(&part, depth + 1)).collect())
        };
        if let Some(read) = parts(&["Fn::Not", "!Not"]) {
            return match read?.as_slice() {
                [part] => Some(!part),
                _ => None,
            };
        }
        if let Some(read) = parts(&["Fn::And", "!And"]) {
            return read.map(|parts| parts.iter().all(|part| *part));
        }
        parts(&["Fn::Or", "!Or"])?.map(|parts| parts.iter().any(|part| *part))
    }
}
