//! Tests of virtual and native tags.
//!
//! A guard knows native tags only. A value that a rule sets replaces them, so that tests of it are lost; one that is only
//! filled in makes the guard stricter. Which spellings of a value pass is found out by evaluating each of them.

use regex_syntax::hir::HirKind;
use tagpol_sema::clouds::Cloud;
use tagpol_sema::formats::{fold_key, is_provider_key, lower, upper};
use tagpol_sema::lint::{Feasibility, feasible};
use tagpol_sema::program::{
    ActionKind, CmpOp, Format, MapTarget, NativePart, Normalize, Otherwise, Pattern, Pred, Regex, Tag, TagId,
    TagType, Value,
};

use super::literals::{Literal, equal, form, literal, pattern};
use super::{Fit, Reducer};
use crate::guard::{Form, Guard, Key, Matcher, Test};

/// Why a guard does not find some values.
const UNTRIMMED: &str = "the guard compares values with the white space around them";

/// Spellings of a value that are evaluated.
const MAX_SPELLINGS: usize = 2_000;

impl Reducer<'_> {
    /// A test of the value of a tag. `native`: of its native value alone.
    pub(super) fn tag(
        &mut self,
        pred: &Pred,
        id: TagId,
        literal: &Literal<'_>,
        native: bool,
        positive: bool,
    ) -> Result<Guard, String> {
        let tag = self.program.tag(id);
        let keys = self.keys(id, native)?;
        // `!=` and `not in` want a value as well; only `is missing` wants none.
        let present = if literal.matcher.is_some() { positive } else { positive != literal.negated };
        self.tag_differences(id, native, present);
        let Some(matcher) = &literal.matcher else {
            self.blank_values(tag, present);
            return self.key_test(&keys, None, literal.negated, positive);
        };
        if literal.is_shape {
            self.differs(Fit::over("of a date only the shape is checked"), positive != literal.negated);
        }
        let matcher = match matcher.form {
            Form::Equal => {
                let affirmed = affirmed(pred);
                self.spellings(tag, &affirmed, matcher.texts.clone(), positive != literal.negated)?
            }
            Form::Glob | Form::Regex if is_as_found(tag) => {
                // Labels of Google Cloud have no white space.
                if matcher.form == Form::Glob && self.dialect.cloud() != Cloud::Gcp {
                    self.differs(Fit::under(UNTRIMMED), positive != literal.negated);
                }
                matcher.clone()
            }
            Form::Glob | Form::Regex => return self.only_the_key(&keys, pred, positive),
        };
        self.value_of_keys(&keys, &matcher, literal.negated, positive)
    }

    /// `require TAG`: the tag has a value, and a valid one.
    pub(super) fn valid_tag(&mut self, id: TagId, positive: bool) -> Result<Guard, String> {
        let tag = self.program.tag(id);
        let keys = self.keys(id, false)?;
        self.tag_differences(id, false, positive);
        let valid = Pred::IsValid(id);
        let matcher = match &tag.ty {
            TagType::Text => {
                self.blank_values(tag, positive);
                return self.key_test(&keys, None, false, positive);
            }
            TagType::OneOf(members) => self.spellings(tag, &valid, members.clone(), positive)?,
            TagType::Bool => {
                self.spellings(tag, &valid, vec!["true".to_owned(), "false".to_owned()], positive)?
            }
            _ if !is_as_found(tag) => return self.only_the_key(&keys, &valid, positive),
            TagType::Matching(regex) => pattern(regex, true),
            TagType::Email => form(Format::Email),
            TagType::Number => form(Format::Number),
            TagType::Url => form(Format::Url),
            TagType::Duration => form(Format::Duration),
            TagType::Date => {
                self.differs(Fit::over("of a date only the shape is checked"), positive);
                form(Format::Date)
            }
        };
        self.value_of_keys(&keys, &matcher, false, positive)
    }

    /// `any native key …`, of plain keys.
    pub(super) fn any_key(&mut self, pred: &Pred, test: &Pred, positive: bool) -> Result<Guard, String> {
        let no_counterpart = self.no_counterpart(pred);
        let keys = match test {
            Pred::Matches { value: Value::Element, regex, whole: true } => {
                let text = plain_text(regex).ok_or(no_counterpart)?;
                let text = if regex.ignore_case { self.in_case(&text) } else { text };
                vec![Key { text, any_case: regex.ignore_case }]
            }
            test => {
                let literal =
                    literal(test).filter(|literal| !literal.negated && *literal.value == Value::Element);
                let matcher = literal.and_then(|literal| literal.matcher);
                let matcher = matcher.filter(|matcher| matcher.form == Form::Equal).ok_or(no_counterpart)?;
                matcher.texts.into_iter().map(|text| Key { text, any_case: matcher.any_case }).collect()
            }
        };
        // Keys that the cloud adds by itself do not count.
        if keys.iter().any(|key| is_provider_key(&key.text)) {
            return Err(self.no_counterpart(pred));
        }
        keys.iter().try_for_each(|key| self.legal_key(&key.text))?;
        self.key_test(&keys, None, false, positive)
    }

    /// `every native key of TAG == "Key"`.
    pub(super) fn spelling(
        &mut self,
        pred: &Pred,
        id: TagId,
        test: &Pred,
        positive: bool,
    ) -> Result<Guard, String> {
        let found = literal(test).filter(|literal| !literal.negated && *literal.value == Value::Element);
        let texts =
            found.and_then(|literal| literal.matcher).map(|matcher| matcher.texts).unwrap_or_default();
        let [text] = texts.as_slice() else { return Err(self.no_counterpart(pred)) };
        let is_read = self.keys(id, true)?.iter().any(|key| fold_key(&key.text) == fold_key(text));
        if !is_read {
            return Err(self.no_counterpart(pred));
        }
        self.differs(Fit::over(separators(text)), positive);
        self.test(Test::Spelling(text.clone()), positive)
    }

    /// `every native value of TAG …`.
    pub(super) fn every_value(
        &mut self,
        pred: &Pred,
        id: TagId,
        test: &Pred,
        positive: bool,
    ) -> Result<Guard, String> {
        let keys = self.keys(id, true)?;
        let found = literal(test).filter(|literal| !literal.negated && *literal.value == Value::Element);
        let matcher = found.and_then(|literal| literal.matcher).ok_or_else(|| self.no_counterpart(pred))?;
        let mut parts = Vec::new();
        for key in keys {
            self.differs(Fit::over(separators(&key.text)), positive);
            let value = self.test(Test::Value(key.clone(), matcher.clone()), positive)?;
            let absent = self.test(Test::Key(key), !positive)?.not();
            parts.push(Guard::join(vec![absent, value], false));
        }
        Ok(Guard::join(parts, true))
    }

    /// `count(native keys of TAG) <= 1`: of two spellings one is not the key's.
    pub(super) fn one_spelling(&mut self, pred: &Pred, positive: bool) -> Result<Guard, String> {
        let Pred::Compare {
            op: CmpOp::Le, left: Value::CountNative(tags), right: Value::Number(number), ..
        } = pred
        else {
            return Err(self.no_counterpart(pred));
        };
        let Some(id) = tags.of.filter(|_| tags.part == NativePart::Key && *number == 1.into()) else {
            return Err(self.no_counterpart(pred));
        };
        let key = self.keys(id, true)?.into_iter().next().map(|key| key.text).unwrap_or_default();
        self.dialect.fit(&Test::Spelling(key)).map_err(|_| self.no_counterpart(pred))?;
        self.differs(
            Fit::over("of several spellings AWS reports those that are not the key of the tag policy"),
            positive,
        );
        Ok(Guard::Const(true))
    }

    /// Returns the native keys of a tag that the cloud can have.
    pub(crate) fn keys(&self, id: TagId, native: bool) -> Result<Vec<Key>, String> {
        let tag = self.program.tag(id);
        if !native && let Some(rule) = self.rule_for(id, ActionKind::Set) {
            return Err(format!("the rule `{rule}` sets `{}`, which the cloud does not know", tag.name));
        }
        let implicit = Normalize::implicit(tag);
        let items = if tag.normalizes.is_empty() {
            std::slice::from_ref(&implicit)
        } else {
            tag.normalizes.as_slice()
        };
        let mut keys: Vec<Key> = Vec::new();
        let mut reason = None;
        // First the key under which the cloud's tags are to be written.
        let cloud = self.dialect.cloud();
        let written = items.iter().flat_map(|item| &item.writes).filter(|written| written.cloud == cloud);
        let texts = written.map(|written| &written.key).chain(items.iter().flat_map(|item| &item.keys));
        for text in texts {
            let text = &self.in_case(text);
            match self.legal_key(text) {
                Ok(()) if keys.iter().all(|key| lower(&key.text) != lower(text)) => {
                    keys.push(Key::any_case(text))
                }
                Ok(()) => {}
                Err(error) => reason = Some(error),
            }
        }
        match reason {
            Some(reason) if keys.is_empty() => Err(reason),
            _ => Ok(keys),
        }
    }

    /// Returns a key in the case that the cloud has, for keys that are meant in any case.
    fn in_case(&self, key: &str) -> String {
        if self.dialect.cloud() == Cloud::Gcp { lower(key) } else { key.to_owned() }
    }

    /// Notes how a tag and its native keys differ. `positive`: whether more findings follow if it has a value.
    pub(crate) fn tag_differences(&mut self, id: TagId, native: bool, positive: bool) {
        let tag = self.program.tag(id);
        for key in self.keys(id, native).unwrap_or_default() {
            self.differs(Fit::under(separators(&key.text)), positive);
        }
        if tag.normalizes.iter().any(|item| item.scope.is_some()) {
            let reason = format!("the guard applies `normalize {} where …` to all resources", tag.name);
            self.differs(Fit { over: Some(reason.clone()), under: Some(reason) }, positive);
        }
        if native {
            return;
        }
        let name = &tag.name;
        let mut givers: Vec<String> = self
            .rule_for(id, ActionKind::Fill)
            .map(|rule| format!("the rule `{rule}`"))
            .into_iter()
            .collect();
        givers.extend(tag.default.as_ref().map(|_| "its default".to_owned()));
        if self.program.inferences.iter().any(|inference| inference.tag == id) {
            givers.push("the model".to_owned());
        }
        if !givers.is_empty() {
            let reason = format!(
                "`{name}` may have a value from {}, which the guard does not know",
                givers.join(" or ")
            );
            self.differs(Fit::under(reason), positive);
        }
    }

    /// Notes values that count as missing.
    fn blank_values(&mut self, tag: &Tag, positive: bool) {
        let discarded = tag.normalizes.iter().any(|item| {
            item.otherwise == Otherwise::Missing
                || item.arms.iter().any(|arm| arm.target == MapTarget::Missing)
        });
        let more = if discarded { " or maps to `missing`" } else { "" };
        self.differs(
            Fit::over(format!("the guard takes a value of `{}` that is blank{more} for one", tag.name)),
            positive,
        );
    }

    /// Checks the key instead of its value, if fewer findings follow.
    fn only_the_key(&mut self, keys: &[Key], pred: &Pred, positive: bool) -> Result<Guard, String> {
        let reason = self.no_counterpart(pred);
        if positive {
            return Err(reason);
        }
        self.differences.narrower(format!("{reason}, so that only the key is checked"));
        self.key_test(keys, None, false, positive)
    }

    fn value_of_keys(
        &mut self,
        keys: &[Key],
        matcher: &Matcher,
        negated: bool,
        positive: bool,
    ) -> Result<Guard, String> {
        self.can_match(matcher)?;
        if keys.len() > 1 {
            let reason = "of several keys the guard takes any value, and not the first";
            let fit = Fit { over: Some(reason.to_owned()), under: negated.then(|| reason.to_owned()) };
            self.differs(fit, positive);
        }
        self.key_test(keys, Some(matcher), negated, positive)
    }

    /// Returns the spellings of values for which a condition holds, among those that the policies name.
    fn spellings(
        &mut self,
        tag: &Tag,
        holds: &Pred,
        mut candidates: Vec<String>,
        positive: bool,
    ) -> Result<Matcher, String> {
        if let TagType::OneOf(members) = &tag.ty {
            candidates.extend(members.iter().cloned());
        }
        let mut has_patterns = false;
        for arm in tag.normalizes.iter().flat_map(|item| &item.arms) {
            for pattern in &arm.patterns {
                match pattern {
                    Pattern::Literal(text) => candidates.push(text.clone()),
                    Pattern::Glob(_) | Pattern::Regex(_) => has_patterns = true,
                }
            }
        }
        let cloud = self.dialect.cloud();
        if cloud == Cloud::Gcp {
            // Values are in lower case there, and so are the spellings of them.
            candidates = candidates.iter().flat_map(|text| [text.clone(), lower(text)]).collect();
        }
        let mut seen = std::collections::BTreeSet::new();
        candidates.retain(|text| seen.insert(text.clone()));
        if candidates.len() > MAX_SPELLINGS {
            return Err(format!("`{}` has more than {MAX_SPELLINGS} spellings of values", tag.name));
        }
        let key = tag.normalizes.first().and_then(|item| item.keys.first()).unwrap_or(&tag.name);
        let passes = |text: &String| self.holds_with(key, text, holds);
        let passing: Vec<String> = candidates.iter().filter(|text| passes(text)).cloned().collect();
        let any_case = passing.iter().all(|text| passes(&lower(text)) && passes(&upper(text)));
        let mut texts: Vec<String> =
            passing.iter().filter(|text| cloud.wrong_value(text).is_none()).cloned().collect();
        if any_case {
            let mut folded = std::collections::BTreeSet::new();
            texts.retain(|text| folded.insert(lower(text)));
        }
        if texts.is_empty() {
            return Err(format!(
                "none of the values of `{}` that pass can be a tag in {}",
                tag.name,
                self.cloud_name()
            ));
        }
        if has_patterns {
            let reason =
                format!("the guard has the plain values of `normalize {}`, and not its patterns", tag.name);
            self.differs(Fit::under(reason), positive);
        }
        self.differs(Fit::under(UNTRIMMED), positive);
        Ok(Matcher { any_case, ..equal(texts) })
    }

    /// Fails if no value that the cloud can hold matches: the guard would refuse everything.
    pub(super) fn can_match(&self, matcher: &Matcher) -> Result<(), String> {
        if matcher.form != Form::Regex {
            return Ok(());
        }
        let regex = Regex { pattern: matcher.texts.join("|"), ignore_case: matcher.any_case };
        match feasible(self.dialect.cloud(), "x", &TagType::Matching(regex)) {
            Feasibility::Impossible(reason) => {
                Err(format!("{} has no tags with such values, since {reason}", self.cloud_name()))
            }
            Feasibility::Possible(_) | Feasibility::Unknown => Ok(()),
        }
    }

    /// Returns a rule that gives a tag values in this way.
    fn rule_for(&self, id: TagId, kind: ActionKind) -> Option<&str> {
        let gives = |rule: &&tagpol_sema::program::Rule| {
            rule.actions.iter().any(|action| action.tag == id && action.kind == kind)
        };
        self.program.rules.iter().find(gives).map(|rule| rule.name.as_str())
    }
}

/// Whether values of the tag are compared as they were found.
fn is_as_found(tag: &Tag) -> bool {
    !matches!(tag.ty, TagType::OneOf(_) | TagType::Bool)
        && tag.normalizes.iter().all(|item| {
            item.arms.is_empty() && item.transforms.is_empty() && item.otherwise == Otherwise::Keep
        })
}

/// Returns the condition without its negation: `in` for `not in`.
fn affirmed(pred: &Pred) -> Pred {
    match pred {
        Pred::Compare { op: CmpOp::Ne, left, right, by } => {
            Pred::Compare { op: CmpOp::Eq, left: left.clone(), right: right.clone(), by: *by }
        }
        Pred::In { value, list, negated: true, by } => {
            Pred::In { value: value.clone(), list: list.clone(), negated: false, by: *by }
        }
        other => other.clone(),
    }
}

fn separators(key: &str) -> String {
    format!("the guard reads `{key}` in any case, and not with other separators")
}

/// Returns the text that an expression stands for, if it stands for one only, apart from its case.
fn plain_text(regex: &Regex) -> Option<String> {
    let hir = regex_syntax::parse(&regex.pattern).ok()?;
    match hir.kind() {
        HirKind::Literal(literal) => String::from_utf8(literal.0.to_vec()).ok(),
        _ => None,
    }
}
