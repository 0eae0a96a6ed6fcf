//! Values of CloudFormation templates, as far as they can be computed without a stack: parameters with a value, `Fn::If`
//! with its conditions, and texts that `Fn::Sub`, `Fn::Join`, `Fn::Select` and `Fn::Split` make of these.

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
            return self.parameter(name).map(Resolved::Text);
        }
        if let Some(text) = value.get_any(&["Fn::Sub", "!Sub"]) {
            return self.substituted(&text, depth).map(Resolved::Text);
        }
        if let Some(joined) = value.get_any(&["Fn::Join", "!Join"]) {
            let parts: Vec<_> = joined.items().collect();
            let [between, list] = parts.as_slice() else { return None };
            return Some(Resolved::Text(self.list_at(list, depth + 1)?.join(between.text()?)));
        }
        if let Some(selected) = value.get_any(&["Fn::Select", "!Select"]) {
            let parts: Vec<_> = selected.items().collect();
            let [index, list] = parts.as_slice() else { return None };
            let Resolved::Text(index) = self.value_at(index, depth + 1)? else { return None };
            let list = self.list_at(list, depth + 1)?;
            return list.get(index.parse::<usize>().ok()?).cloned().map(Resolved::Text);
        }
        let parts: Vec<_> = value.get_any(&["Fn::If", "!If"])?.items().collect();
        let [condition, yes, no] = parts.as_slice() else { return None };
        let holds = self.condition_at(condition.text()?, depth + 1)?;
        let (chosen, other) = if holds { (yes, no) } else { (no, yes) };
        // The other value counts as read too.
        self.value_at(other, depth + 1);
        self.value_at(chosen, depth + 1)
    }

    /// Returns the value of a parameter, or its default.
    fn parameter(&self, name: &str) -> Option<String> {
        let default = || self.root.at(&["Parameters", name, "Default"]).and_then(|default| default.scalar());
        self.parameters.get(name).cloned().or_else(default)
    }

    /// Returns a text with the values of `${Name}` in it: those next to it, else parameters. `${!Name}` is `${Name}`.
    fn substituted(&self, given: &Cursor<'_>, depth: usize) -> Option<String> {
        let parts: Vec<_> = given.one_or_more();
        let (text, own) = match parts.as_slice() {
            [text] => (text.text()?, None),
            [text, own] => (text.text()?, Some(own)),
            _ => return None,
        };
        let (mut out, mut rest) = (String::new(), text);
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}')?;
            out.push_str(before);
            match (name.strip_prefix('!'), own.and_then(|own| own.get(name.trim()))) {
                (Some(name), _) => out.push_str(&format!("${{{name}}}")),
                (None, Some(value)) => match self.value_at(&value, depth + 1)? {
                    Resolved::Text(value) => out.push_str(&value),
                    Resolved::Absent => return None,
                },
                (None, None) => out.push_str(&self.parameter(name.trim())?),
            }
            rest = after;
        }
        out.push_str(rest);
        Some(out)
    }

    /// Returns the texts of a list.
    fn list_at(&self, value: &Cursor<'_>, depth: usize) -> Option<Vec<String>> {
        if depth > MAX_DEPTH {
            return None;
        }
        if let Some(split) = value.get_any(&["Fn::Split", "!Split"]) {
            let parts: Vec<_> = split.items().collect();
            let [between, text] = parts.as_slice() else { return None };
            let between = between.text().filter(|between| !between.is_empty())?;
            let Resolved::Text(text) = self.value_at(text, depth + 1)? else { return None };
            return Some(text.split(between).map(str::to_owned).collect());
        }
        if let Some(reference) = value.get_any(&["Ref", "!Ref"]) {
            let name = reference.text()?;
            let kind = self.root.at(&["Parameters", name, "Type"])?;
            let is_list = |kind: &str| kind == "CommaDelimitedList" || kind.starts_with("List<");
            kind.text().filter(|kind| is_list(kind))?;
            return Some(self.parameter(name)?.split(',').map(|part| part.trim().to_owned()).collect());
        }
        if !value.is_list() {
            return None;
        }
        let texts = value.items().map(|item| self.value_at(&item, depth + 1));
        // `AWS::NoValue` in a list is no element.
        let texts = texts.filter(|text| *text != Some(Resolved::Absent));
        let text = |resolved| match resolved {
            Some(Resolved::Text(text)) => Some(text),
            _ => None,
        };
        texts.map(text).collect()
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
