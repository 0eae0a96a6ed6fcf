//! Cost Categories of AWS.
//!
//! A category is a virtual tag: its rules are tried in order, and the first that matches gives the value. Here each rule
//! has a lower priority than the one before it, and the tag reads no native key of its own. Forms: the output of
//! `aws ce describe-cost-category-definition`, and the arguments of Terraform's `aws_ce_cost_category`, evaluated.

use std::collections::BTreeMap;

use super::ordered_rules::{self, OrderedRule};
use super::{Draft, about};
use crate::Input;
use crate::construct::Outcome;
use crate::document::{self, Cursor, Node};
use crate::error::MigrateError;
use crate::policy::condition::{Attribute, Condition, Literal, Subject, Test};
use crate::policy::finish::File;
use crate::policy::names::kebab;
use crate::policy::{Allocation, Item, ItemKind, RuleValue, Split, Table};

const EXPECTED: &str = "a cost category has a name and rules";

/// The table of the names of accounts.
const ACCOUNTS: &str = "accounts";

/// A category and its tag.
struct Category<'a> {
    file: usize,
    cursor: Cursor<'a>,
    name: String,
    tag: String,
}

/// Reads all categories; they may refer to each other.
pub(super) fn read(inputs: &[Input], draft: &mut Draft<'_>) -> Result<(), MigrateError> {
    let nodes = inputs
        .iter()
        .map(|input| document::either(&input.name, &input.text))
        .collect::<Result<Vec<Node>, _>>()?;
    let mut categories = Vec::new();
    for (file, (input, node)) in inputs.iter().zip(&nodes).enumerate() {
        let root = Cursor::new(&input.name, node);
        for cursor in root.one_or_more() {
            let cursor = cursor.get("CostCategory").unwrap_or(cursor);
            let name = cursor.get_any(&["Name", "name"]).and_then(|name| name.text());
            let rules = cursor.get_any(&["Rules", "rule", "rules"]);
            let (Some(name), Some(_)) = (name, rules) else {
                return Err(cursor.error(format!("this is not a cost category: {EXPECTED}")));
            };
            let tag = draft.names.unique(&kebab(name, "category"));
            categories.push(Category { file, cursor, name: name.to_owned(), tag });
        }
    }
    if categories.is_empty() {
        return Err(MigrateError::Nothing { expected: EXPECTED });
    }
    let tags: BTreeMap<String, String> =
        categories.iter().map(|category| (category.name.clone(), category.tag.clone())).collect();
    for (file, input) in inputs.iter().enumerate() {
        let mut items = Vec::new();
        for category in categories.iter().filter(|category| category.file == file) {
            items.extend(Reader { draft, tags: &tags, category }.items()?);
        }
        if let Some(node) = nodes.get(file) {
            draft.report_unread(&Cursor::new(&input.name, node), 0);
        }
        draft.add_file(&input.name, about("Cost Categories of AWS", &input.name), items);
    }
    Ok(())
}

struct Reader<'r, 's, 'a> {
    draft: &'r mut Draft<'s>,
    tags: &'r BTreeMap<String, String>,
    category: &'r Category<'a>,
}

impl Reader<'_, '_, '_> {
    fn items(&mut self) -> Result<Vec<Item>, MigrateError> {
        let tag = self.category.tag.clone();
        let rules = self.rules();
        let remark = format!("The cost category {}. Only its rules give it values.", self.category.name);
        let mut items = ordered_rules::items(&tag, remark, &rules);
        items.extend(self.splits(&rules));
        items.extend(ordered_rules::test(format!("cost category {}", self.category.name), &tag, &rules));
        self.report_members();
        Ok(items)
    }

    /// Reads the rules and the default value.
    fn rules(&mut self) -> Vec<OrderedRule> {
        let mut given = Vec::new();
        let list = self.category.cursor.get_any(&["Rules", "rule", "rules"]);
        for rule in list.iter().flat_map(Cursor::items) {
            let value = rule
                .get_any(&["Value", "value"])
                .and_then(|value| value.text())
                .unwrap_or_default()
                .to_owned();
            let construct = format!("{}: rule {value}", self.category.name).trim_end().to_owned();
            let inherited = rule.get_any(&["InheritedValue", "inherited_value"]).map(first);
            let kind =
                rule.get_any(&["Type", "type"]).and_then(|kind| kind.text()).filter(|kind| !kind.is_empty());
            let inherited = inherited.filter(|inherited| inherited.is_map() && !inherited.is_empty());
            let read = match (kind, inherited) {
                (None | Some("INHERITED_VALUE"), Some(inherited)) => self.inherited(&inherited),
                (None | Some("REGULAR"), None) => self.regular(&rule, &value),
                (kind, _) => {
                    Err(format!("a rule of the type `{}` has no counterpart", kind.unwrap_or_default()))
                }
            };
            match read {
                Ok((when, value_of_rule, outcome, reason)) => {
                    let name = self.draft.names.unique(&format!(
                        "{}-{}",
                        self.category.tag,
                        kebab(&value, "inherited")
                    ));
                    self.draft.constructs.add(construct, outcome, rule.place(), Some(&name), reason);
                    given.push(OrderedRule { name, when, value: value_of_rule });
                }
                Err(reason) => self.draft.constructs.lost(construct, rule.place(), reason),
            }
        }
        let default = self.category.cursor.get_any(&["DefaultValue", "default_value"]);
        if let Some((cursor, text)) =
            default.and_then(|cursor| cursor.text().map(|text| (cursor.clone(), text.to_owned())))
        {
            if tagpol_sema::formats::is_blank(&text) {
                let construct = format!("{}: default value", self.category.name);
                self.draft.constructs.lost(construct, cursor.place(), "a rule gives no blank value");
                return given;
            }
            let name = self.draft.names.unique(&format!("{}-default", self.category.tag));
            self.draft.constructs.exact(
                format!("{}: default value", self.category.name),
                cursor.place(),
                Some(&name),
            );
            given.push(OrderedRule { name, when: None, value: RuleValue::Literal(Literal::Text(text)) });
        }
        given
    }

    /// A rule with a condition.
    fn regular(&mut self, rule: &Cursor<'_>, value: &str) -> Result<Read, String> {
        if tagpol_sema::formats::is_blank(value) {
            return Err("the rule has no value".to_owned());
        }
        let condition = rule.get_any(&["Rule", "rule"]).map(first).ok_or("the rule has no condition")?;
        let mut difference = Difference::default();
        let condition = self.expression(&condition, true, &mut difference);
        let condition = condition.ok_or("none of its conditions can be migrated")?.simplified();
        if let Condition::Always(_) = condition {
            return Err("the condition is the same for all charges".to_owned());
        }
        let (outcome, reason) = match (difference.broader, difference.narrower) {
            (false, false) => (Outcome::Exact, None),
            (true, _) => (
                Outcome::Broader,
                Some("some of its conditions are lost, so that it gives the value to more".to_owned()),
            ),
            (false, true) => {
                (Outcome::Narrower, Some("some of its conditions are narrower or lost".to_owned()))
            }
        };
        Ok((Some(condition), RuleValue::Literal(Literal::Text(value.to_owned())), outcome, reason))
    }

    /// A rule that takes the value of a tag, or the name of the account.
    fn inherited(&mut self, inherited: &Cursor<'_>) -> Result<Read, String> {
        let text =
            |names: &[&str]| inherited.get_any(names).and_then(|value| value.text()).unwrap_or_default();
        let key = text(&["DimensionKey", "dimension_key"]).to_owned();
        match text(&["DimensionName", "dimension_name"]) {
            "TAG" if !key.is_empty() => {
                let subject = Subject::Native(key);
                Ok((None, RuleValue::Subject(subject), Outcome::Exact, None))
            }
            "LINKED_ACCOUNT_NAME" => {
                let subject = self.account_name();
                Ok((None, RuleValue::Subject(subject), Outcome::Narrower, Some(FILL_IN.to_owned())))
            }
            other => Err(format!("an inherited value of `{other}` has no counterpart")),
        }
    }

    /// The name of the account, from a table that is made the first time.
    fn account_name(&mut self) -> Subject {
        let table = self.draft.accounts.clone().unwrap_or_else(|| self.declare_accounts());
        Subject::Cell { table, key: Attribute::Account, column: "name".to_owned() }
    }

    fn declare_accounts(&mut self) -> String {
        let table = self.draft.names.unique(ACCOUNTS);
        self.draft.declare(Item::with_remark(
            ItemKind::Table(Table {
                name: table.clone(),
                file: "accounts.csv".to_owned(),
                key: "account-id".to_owned(),
                columns: vec!["account-id".to_owned(), "name".to_owned()],
            }),
            "The names of the accounts. Fill in accounts.csv: cost categories know them, and bills often do not.",
        ));
        self.draft
            .tables
            .push(File { name: "accounts.csv".to_owned(), text: "account-id,name\n".to_owned() });
        self.draft.accounts = Some(table.clone());
        table
    }

    /// Reads an expression. None: it is lost, which has been reported.
    fn expression(
        &mut self,
        cursor: &Cursor<'_>,
        positive: bool,
        difference: &mut Difference,
    ) -> Option<Condition> {
        let mut parts = Vec::new();
        for (member, value) in cursor.entries().filter(|(_, value)| !value.is_empty()) {
            let part = match member.to_ascii_lowercase().as_str() {
                "and" => self.group(&value, positive, true, difference).map(Condition::All),
                "or" => self.group(&value, positive, false, difference).map(Condition::Any),
                "not" => self.expression(&first(value.clone()), !positive, difference).map(Condition::not),
                "dimension" | "dimensions" => {
                    self.leaf(&first(value.clone()), Kind::Dimension, positive, difference)
                }
                "tags" => self.leaf(&first(value.clone()), Kind::Tag, positive, difference),
                "cost_category" | "costcategories" => {
                    self.leaf(&first(value.clone()), Kind::Category, positive, difference)
                }
                _ => {
                    let construct = format!("{}: {member}", self.category.name);
                    self.draft.constructs.lost(construct, value.place(), "expressions have no such member");
                    None
                }
            };
            parts.push(part);
        }
        let (lost, kept): (Vec<_>, Vec<_>) = parts.into_iter().partition(Option::is_none);
        if !lost.is_empty() && !kept.is_empty() {
            difference.drop_part(positive);
        }
        let kept: Vec<Condition> = kept.into_iter().flatten().collect();
        (!kept.is_empty()).then_some(Condition::All(kept))
    }

    fn group(
        &mut self,
        list: &Cursor<'_>,
        positive: bool,
        all: bool,
        difference: &mut Difference,
    ) -> Option<Vec<Condition>> {
        let read: Vec<Option<Condition>> =
            list.items().map(|item| self.expression(&item, positive, difference)).collect();
        let lost = read.iter().any(Option::is_none);
        let kept: Vec<Condition> = read.into_iter().flatten().collect();
        if lost && !kept.is_empty() {
            difference.drop_part(all == positive);
        }
        (!kept.is_empty()).then_some(kept)
    }

    /// Reads a comparison of one value.
    fn leaf(
        &mut self,
        cursor: &Cursor<'_>,
        kind: Kind,
        positive: bool,
        difference: &mut Difference,
    ) -> Option<Condition> {
        let key = cursor.get_any(&["Key", "key"]).and_then(|key| key.text()).unwrap_or_default().to_owned();
        let construct = format!("{}: {} {key}", self.category.name, kind.as_str());
        let subject = match kind {
            Kind::Tag if !key.is_empty() => Ok((Subject::Native(key.clone()), None)),
            Kind::Tag => Err("the tag has no key".to_owned()),
            Kind::Category => match self.tags.get(&key) {
                Some(tag) if *tag != self.category.tag => Ok((Subject::Tag(tag.clone()), None)),
                _ => Err(format!("the cost category `{key}` is not among the files")),
            },
            Kind::Dimension => match key.as_str() {
                "LINKED_ACCOUNT" => Ok((Subject::Attribute(Attribute::Account), None)),
                "REGION" => Ok((Subject::Attribute(Attribute::Region), None)),
                "LINKED_ACCOUNT_NAME" => Ok((self.account_name(), Some(FILL_IN))),
                "RECORD_TYPE" => {
                    Err("it is a property of charges: write a rule with `charge.category`".to_owned())
                }
                "SERVICE_CODE" => {
                    Err("it is a property of charges: write a rule with `charge.service`".to_owned())
                }
                _ => Err(format!("`{key}` is a property of charges that rules of tagpol do not read")),
            },
        };
        let read = subject.and_then(|(subject, reason)| Ok((comparison(&subject, cursor)?, reason)));
        match read {
            Ok((condition, reason)) => {
                let outcome = if reason.is_some() { Outcome::Narrower } else { Outcome::Exact };
                if reason.is_some() {
                    difference.drop_part(!positive);
                }
                self.draft.constructs.add(
                    construct,
                    outcome,
                    cursor.place(),
                    None,
                    reason.map(str::to_owned),
                );
                Some(condition)
            }
            Err(reason) => {
                self.draft.constructs.lost(construct, cursor.place(), reason);
                None
            }
        }
    }

    /// Reads the split charge rules.
    fn splits(&mut self, rules: &[OrderedRule]) -> Vec<Item> {
        let mut items = Vec::new();
        let list = self.category.cursor.get_any(&["SplitChargeRules", "split_charge_rule"]);
        for rule in list.iter().flat_map(Cursor::items) {
            let text = |names: &[&str]| {
                rule.get_any(names).and_then(|value| value.text()).unwrap_or_default().to_owned()
            };
            let source = text(&["Source", "source"]);
            let construct = format!("{}: split of {source}", self.category.name);
            let read = if is_given(&source, rules) {
                split(&rule, &text(&["Method", "method"]), &source)
            } else {
                Err(format!("no rule of the category gives the value `{source}`"))
            };
            match read {
                Ok((targets, split)) => {
                    let name = self.draft.names.unique(&format!(
                        "{}-split-{}",
                        self.category.tag,
                        kebab(&source, "charge")
                    ));
                    self.draft.constructs.exact(construct, rule.place(), Some(&name));
                    let from = Condition::equals(Subject::Tag(self.category.tag.clone()), source);
                    let tag = self.category.tag.clone();
                    items.push(Item::new(ItemKind::Allocate(Allocation {
                        name,
                        from,
                        tag,
                        targets: Some(targets),
                        split,
                    })));
                }
                Err(reason) => self.draft.constructs.lost(construct, rule.place(), reason),
            }
        }
        items
    }

    /// Reports the members that have no counterpart.
    fn report_members(&mut self) {
        let cursor = &self.category.cursor;
        cursor.ignore_members(&[
            "RuleVersion",
            "rule_version",
            "CostCategoryArn",
            "arn",
            "id",
            "tags",
            "tags_all",
        ]);
        if let Some(start) =
            cursor.get_any(&["EffectiveStart", "effective_start"]).filter(|start| !start.is_null())
        {
            let construct = format!("{}: effective start", self.category.name);
            let reason = "rules of tagpol apply to all months of a bill";
            self.draft.constructs.lost(construct, start.place(), reason);
        }
    }
}

/// A rule's condition and value, its outcome, and the reason of a difference.
type Read = (Option<Condition>, RuleValue, Outcome, Option<String>);

const FILL_IN: &str = "the names of accounts have to be filled in: accounts.csv";

/// What lost parts do to a rule.
#[derive(Debug, Default)]
struct Difference {
    broader: bool,
    narrower: bool,
}

impl Difference {
    fn drop_part(&mut self, broader: bool) {
        if broader { self.broader = true } else { self.narrower = true }
    }
}

/// What a comparison is about.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Dimension,
    Tag,
    Category,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Dimension => "dimension",
            Self::Tag => "tag",
            Self::Category => "cost category",
        }
    }
}

/// Terraform writes blocks as lists of one.
fn first<'a>(cursor: Cursor<'a>) -> Cursor<'a> {
    if cursor.is_list() { cursor.items().next().unwrap_or(cursor) } else { cursor }
}

/// Whether one of the rules gives a value; one that takes the value of a tag may give any.
fn is_given(value: &str, rules: &[OrderedRule]) -> bool {
    rules.iter().any(|rule| match &rule.value {
        RuleValue::Literal(Literal::Text(text)) => text == value,
        RuleValue::Literal(_) => false,
        RuleValue::Subject(_) => true,
    })
}

/// Makes the condition of match options and values.
fn comparison(subject: &Subject, cursor: &Cursor<'_>) -> Result<Condition, String> {
    let texts = |names: &[&str]| -> Result<Vec<String>, String> {
        let Some(list) = cursor.get_any(names).filter(|list| !list.is_null()) else { return Ok(Vec::new()) };
        if !list.is_list() {
            return Err(
                "the values are not a list of texts: they stand for something that is only known elsewhere"
                    .to_owned(),
            );
        }
        list.items().map(|item| item.scalar().ok_or_else(|| "a value is not a text".to_owned())).collect()
    };
    let options = texts(&["MatchOptions", "match_options"])?;
    let mut values = texts(&["Values", "values"])?;
    let mut subject = subject.clone();
    let has = |option: &str| options.iter().any(|one| one == option);
    if has("CASE_INSENSITIVE") {
        subject = Subject::Lower(Box::new(subject));
        values = values.iter().map(|value| tagpol_sema::formats::lower(value)).collect();
    }
    let known =
        ["EQUALS", "ABSENT", "STARTS_WITH", "ENDS_WITH", "CONTAINS", "CASE_SENSITIVE", "CASE_INSENSITIVE"];
    if let Some(other) = options.iter().find(|option| !known.contains(&option.as_str())) {
        return Err(format!("the match option `{other}` has no counterpart"));
    }
    let ways = ["EQUALS", "ABSENT", "STARTS_WITH", "ENDS_WITH", "CONTAINS"];
    if ways.iter().filter(|way| has(way)).count() > 1 {
        return Err(format!("the match options {} are more than one way to compare", options.join(", ")));
    }
    if has("ABSENT") {
        return Ok(Condition::Test(subject, Test::Missing));
    }
    if values.is_empty() {
        return Err("there are no values".to_owned());
    }
    if values.iter().any(|value| value.starts_with("<unresolved:")) {
        return Err("a value is only known elsewhere".to_owned());
    }
    Ok(if has("STARTS_WITH") {
        Condition::Test(subject, Test::StartsWith(values))
    } else if has("ENDS_WITH") {
        Condition::Test(subject, Test::EndsWith(values))
    } else if has("CONTAINS") {
        Condition::Test(subject, Test::Contains(values))
    } else {
        Condition::one_of(subject, values)
    })
}

/// Reads the targets and the method of a split charge rule.
fn split(rule: &Cursor<'_>, method: &str, source: &str) -> Result<(Vec<String>, Split), String> {
    let texts = |cursor: Option<Cursor<'_>>| -> Vec<String> {
        cursor.iter().flat_map(Cursor::items).filter_map(|item| item.scalar()).collect()
    };
    let targets = texts(rule.get_any(&["Targets", "targets"]));
    if targets.is_empty() || targets.iter().any(|target| target == source) || source.is_empty() {
        return Err("a split needs a source and other values as targets".to_owned());
    }
    let split = match method {
        "EVEN" => Split::Even,
        "PROPORTIONAL" => Split::Proportional,
        "FIXED" => {
            let parameters = rule.get_any(&["Parameters", "parameter", "parameters"]).map(first);
            // It is always `ALLOCATION_PERCENTAGES`.
            parameters.iter().for_each(|one| one.ignore_members(&["Type", "type"]));
            let shares = texts(parameters.and_then(|one| one.get_any(&["Values", "values"])));
            let numbers: Option<Vec<u32>> = shares.iter().map(|share| ten_thousandths(share)).collect();
            let is_whole = numbers.is_some_and(|numbers| numbers.iter().sum::<u32>() == 1_000_000);
            if !is_whole || shares.len() != targets.len() {
                return Err("the shares are not percentages of all targets that add up to 100".to_owned());
            }
            Split::Fixed(targets.iter().cloned().zip(shares).collect())
        }
        other => return Err(format!("the method `{other}` has no counterpart")),
    };
    Ok((targets, split))
}

/// Reads a percentage with up to four decimal places, as ten-thousandths of a percent. None: it is another text.
fn ten_thousandths(text: &str) -> Option<u32> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) || whole.len() > 3 || fraction.len() > 4 {
        return None;
    }
    format!("{whole}{fraction:0<4}").parse().ok()
}
