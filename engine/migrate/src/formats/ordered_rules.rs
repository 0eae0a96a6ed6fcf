//! Tags whose value comes from the first rule that matches, as cost categories and dimensions have them.

use std::collections::BTreeMap;

use crate::policy::condition::{Condition, Literal};
use crate::policy::samples::{self, Expected, Sample, What};
use crate::policy::{Item, ItemKind, Normalize, Rule, RuleValue, Type};

/// A rule in its order.
pub(super) struct OrderedRule {
    pub(super) name: String,
    /// None: always.
    pub(super) when: Option<Condition>,
    pub(super) value: RuleValue,
}

/// Makes the tag, which no native key gives a value, and its rules with falling priorities.
pub(super) fn items(tag: &str, remark: String, rules: &[OrderedRule]) -> Vec<Item> {
    let normalize = Normalize { tag: tag.to_owned(), ignores_native: true, ..Normalize::default() };
    let mut items = vec![
        Item::with_remark(ItemKind::Tag { name: tag.to_owned(), ty: Type::Text }, remark),
        // A native tag that happens to have the name gives it no value.
        Item::new(ItemKind::Normalize(normalize)),
    ];
    for (at, rule) in rules.iter().enumerate() {
        items.push(Item::new(ItemKind::Rule(Rule {
            name: rule.name.clone(),
            priority: rules.len() - at,
            when: rule.when.clone(),
            set: false,
            tag: tag.to_owned(),
            value: rule.value.clone(),
        })));
    }
    items
}

/// Makes a test with one resource for each rule with a plain value, where none of the rules before it matches.
pub(super) fn test(title: String, tag: &str, rules: &[OrderedRule]) -> Option<Item> {
    let mut test = samples::Test { title, ..samples::Test::default() };
    let mut before: Vec<Condition> = Vec::new();
    for rule in rules {
        let when = rule.when.clone().unwrap_or(Condition::Always(true));
        let condition = Condition::All([vec![when.clone()], before.clone()].concat());
        // A rule that takes the value of a tag may have none.
        let RuleValue::Literal(Literal::Text(value)) = &rule.value else { break };
        before.push(when.not());
        let found = samples::find(&condition, true, &Sample::default(), &BTreeMap::new());
        let Some(sample) = found else { continue };
        let what = What::Value { tag: tag.to_owned(), value: value.clone(), rule: Some(rule.name.clone()) };
        test.expected.push(Expected { given: rule.name.clone(), what });
        test.givens.push((rule.name.clone(), sample));
    }
    (!test.givens.is_empty()).then(|| Item::new(ItemKind::Test(test)))
}
