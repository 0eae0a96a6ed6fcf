//! Words become a condition of the language, by the vocabulary of tags, values and attributes and without a model:
//! `production without owner` is `environment == "production" and owner is missing`.
//!
//! In: words of a person and a [`FilterVocabulary`]. Out: a [`FilterReading`], whose condition is to be shown before it
//! is used, with the words that were not understood. Promises that the condition is of the language, whatever the words and the
//! values are, and that a word is either used, filler, or reported.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::sentence::Currency;

/// What words can mean.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FilterVocabulary {
    /// Names of tags with the values that are known of each, of the policies or of the inventory.
    pub tags: Vec<(String, Vec<String>)>,
    /// Currency of amounts for which words name none, ISO 4217. None: an amount without one is not understood.
    pub currency: Option<String>,
    /// Attributes of resources (`type`, `provider`, `account`, `region`, `name`) with the values of the inventory.
    pub attributes: Vec<(String, Vec<String>)>,
    /// Other spellings of values, such as those that the policies normalize: the tag, the spelling, the value.
    pub spellings: Vec<(String, String, String)>,
    /// Conditions with a name in the policies.
    pub definitions: Vec<String>,
}

/// What words mean.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FilterReading {
    /// The condition. None: no word means anything.
    pub condition: Option<String>,
    /// The words that were not understood, as they were written.
    pub not_understood: Vec<String>,
}

/// Words of a request that change nothing.
const FILLERS: &[&str] = &[
    "a",
    "all",
    "an",
    "and",
    "are",
    "by",
    "every",
    "everything",
    "for",
    "find",
    "from",
    "in",
    "is",
    "list",
    "me",
    "of",
    "on",
    "only",
    "resource",
    "resources",
    "show",
    "that",
    "the",
    "them",
    "those",
    "to",
    "value",
    "values",
    "which",
    "whose",
    "with",
    "where",
    "have",
];
const ARTICLES: &[&str] = &["a", "an", "any", "the"];
const MISSING: &[&str] = &["without", "no", "missing", "lack", "lacking", "lacks", "untagged"];
const NOT: &[&str] = &["not", "except", "excluding", "outside", "isnt", "but"];
const MORE: &[&str] = &["over", "above", "more", ">", "exceeding"];
const LESS: &[&str] = &["under", "below", "less", "<", "cheaper"];

/// Kinds of resources in words, and what the types of such resources contain, followed by no other letter than `s`.
const KINDS: &[(&[&str], &[&str])] = &[
    (
        &["database", "databases", "db", "dbs"],
        &[
            "rds:db",
            "rds:cluster",
            "dynamodb:table",
            "docdb:cluster",
            "neptune:cluster",
            "redshift:cluster",
            "database",
            "databaseaccount",
            "sqladmin.googleapis.com/instance",
            "dbforpostgresql/server",
            "dbforpostgresql/flexibleserver",
            "dbformysql/server",
            "dbformysql/flexibleserver",
            "aws_db_instance",
            "aws_rds_cluster",
            "aws_dynamodb_table",
        ],
    ),
    (
        &["vm", "vms", "machine", "machines", "server", "servers"],
        &[
            "ec2:instance",
            "virtualmachine",
            "compute.googleapis.com/instance",
            "aws_instance",
            "google_compute_instance",
            "virtual_machine",
        ],
    ),
    (&["bucket", "buckets"], &["bucket"]),
    (&["disk", "disks", "volume", "volumes"], &["volume", "disk"]),
    (&["function", "functions", "lambda", "lambdas"], &["function"]),
    (&["cluster", "clusters"], &["cluster"]),
];

/// Parts of the world in words, and the words of regions in them.
const PLACES: &[(&[&str], &[&str])] = &[
    (&["eu", "europe", "european"], &["eu", "europe"]),
    (&["us", "usa", "american"], &["us"]),
    (&["asia", "apac", "asian"], &["asia", "ap"]),
];

/// Currencies that are recognized in words.
const CURRENCIES: &[&str] = &["AUD", "CAD", "CHF", "CNY", "EUR", "GBP", "INR", "JPY", "SEK", "USD"];

/// The most words that a name or a value has.
const LONGEST: usize = 5;

/// The most words that are read.
const WORDS: usize = 200;

/// What a name or a value is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Meaning {
    /// A tag or an attribute, as the language writes it.
    Field(String),
    /// A value of a field.
    Value(String, String),
    /// A test that is written already.
    Test(String),
}

/// A part of the condition, of one field.
struct Term {
    field: String,
    is_negated: bool,
    /// Values that it has, or has not. Empty: a test that is written already.
    values: Vec<String>,
    test: String,
}

/// Returns what words mean.
pub fn read(words: &str, vocabulary: &FilterVocabulary) -> FilterReading {
    let words = split(words);
    let currency = vocabulary.currency.as_deref().and_then(Currency::new);
    let mut reader = Reader {
        currency,
        words: &words,
        meanings: meanings(vocabulary),
        attributes: &vocabulary.attributes,
        terms: Vec::new(),
        unknown: Vec::new(),
        is_list: false,
    };
    let mut at = 0;
    while at < words.len() {
        at += reader.step(at).max(1);
    }
    let tests: Vec<String> = reader.terms.iter().map(Term::text).collect();
    let condition = (!tests.is_empty()).then(|| tests.join(" and "));
    FilterReading { condition, not_understood: reader.unknown }
}

struct Reader<'w> {
    words: &'w [String],
    meanings: BTreeMap<String, Vec<Meaning>>,
    attributes: &'w [(String, Vec<String>)],
    currency: Option<Currency>,
    terms: Vec<Term>,
    unknown: Vec<String>,
    /// Whether only `and` and `or` stand between the last value and the next word, so that they are a list.
    is_list: bool,
}

impl Reader<'_> {
    /// Reads what begins at a word; returns how many words it has.
    fn step(&mut self, at: usize) -> usize {
        let word = self.word(at);
        let articles = (at + 1..).take_while(|at| ARTICLES.contains(&self.word(*at).as_str())).count();
        let behind = at + 1 + articles;
        if MISSING.contains(&word.as_str())
            && let Some((field, length)) = self.field(behind)
        {
            self.test(format!("{field} is missing"));
            return behind + length - at;
        }
        if word == "with"
            && let Some((field, length)) = self.field(behind)
            && !self.has_value(behind + length, &field)
        {
            self.test(format!("{field} is set"));
            return behind + length - at;
        }
        if let Some(length) = self.cost(at) {
            return length;
        }
        let negated = usize::from(NOT.contains(&word.as_str()));
        if let Some((field, length)) = self.field(at + negated) {
            return self.of_field(at + negated, field, length, negated > 0) + negated;
        }
        if let Some((test, length)) = self.written(at + negated) {
            self.test(if negated > 0 { format!("not ({test})") } else { test });
            return negated + length;
        }
        let similar =
            || Some(self.similar(at + negated)).filter(|values| !values.is_empty()).map(|values| (values, 1));
        if let Some((values, length)) = self.values(at + negated, None).or_else(similar) {
            let last = self.terms.last().filter(|_| self.is_list);
            let continues = last
                .is_some_and(|last| last.is_negated && values.iter().all(|(field, _)| *field == last.field));
            self.add(values, negated > 0 || continues);
            return negated + length;
        }
        self.is_list &= word == "or" || word == "and";
        let is_known = FILLERS.contains(&word.as_str()) || word == "or" || negated > 0;
        if !is_known {
            self.unknown.extend(self.words.get(at).cloned());
        }
        1
    }

    /// Reads what is behind a field: a value of it, `missing`, or nothing, so that it is to be set.
    fn of_field(&mut self, at: usize, field: String, length: usize, is_negated: bool) -> usize {
        let mut behind = at + length;
        let mut negated = is_negated;
        while ["is", "=", "==", ":", "equals", "in", "not", "of"].contains(&self.word(behind).as_str()) {
            negated |= self.word(behind) == "not";
            behind += 1;
        }
        if MISSING.contains(&self.word(behind).as_str()) && self.field(behind + 1).is_none() {
            self.test(format!("{field} is {}", if negated { "set" } else { "missing" }));
            return behind + 1 - at;
        }
        if let Some((values, of_value)) = self.values(behind, Some(&field)) {
            self.add(values, negated);
            return behind + of_value - at;
        }
        self.test(format!("{field} is {}", if negated { "missing" } else { "set" }));
        length
    }

    /// Reads `more than 500 usd`.
    fn cost(&mut self, at: usize) -> Option<usize> {
        let is_verb =
            |at: &usize| ["costing", "cost", "costs", "spending"].contains(&self.word(*at).as_str());
        let mut at_number = at + (at..).take_while(is_verb).count();
        let word = self.word(at_number);
        let sign = match word.as_str() {
            word if MORE.contains(&word) => ">",
            word if LESS.contains(&word) => "<",
            _ => return None,
        };
        at_number += 1;
        at_number += usize::from(self.word(at_number) == "than");
        let number = self.word(at_number).replace([',', '$'], "");
        let is_number = number.len() < 16
            && number.split('.').count() <= 2
            && number
                .split('.')
                .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
        if !is_number {
            return None;
        }
        let named = self.words.get(at_number + 1).and_then(|word| Currency::new(&word.to_ascii_uppercase()));
        let named = named.filter(|code| CURRENCIES.contains(&code.as_str()));
        let length = at_number + 1 + usize::from(named.is_some()) - at;
        let currency = named.or(self.currency)?;
        self.test(format!("resource.monthly-cost {sign} {number} {}", currency.as_str()));
        Some(length)
    }

    fn test(&mut self, test: String) {
        self.is_list = false;
        self.terms.push(Term { field: String::new(), is_negated: false, values: Vec::new(), test });
    }

    /// Adds a value, which can be one of several fields. Values of one field one after the other are alternatives.
    fn add(&mut self, values: Vec<(String, String)>, is_negated: bool) {
        self.is_list = true;
        if let Some((field, _)) = values.first()
            && values.iter().all(|(other, _)| other == field)
        {
            let all = values.iter().map(|(_, value)| value.clone());
            match self.terms.last_mut() {
                Some(term) if term.field == *field && term.is_negated == is_negated => {
                    for value in all {
                        if !term.values.contains(&value) {
                            term.values.push(value);
                        }
                    }
                }
                _ => {
                    let (field, values) = (field.clone(), all.collect());
                    self.terms.push(Term { field, is_negated, values, test: String::new() });
                }
            }
            return;
        }
        let tests: Vec<String> =
            values.iter().map(|(field, value)| format!("{field} == {}", string(value))).collect();
        let any = format!("({})", tests.join(" or "));
        self.test(if is_negated { format!("not {any}") } else { any });
    }

    /// Returns the longest name of a field at a place, and how many words it has.
    fn field(&self, at: usize) -> Option<(String, usize)> {
        self.longest(at, |meaning| match meaning {
            Meaning::Field(field) => Some(field.clone()),
            Meaning::Value(..) | Meaning::Test(_) => None,
        })
        .and_then(|(mut fields, length)| (fields.len() == 1).then(|| (fields.remove(0), length)))
    }

    /// Returns the longest value at a place, of one field or of all that have it.
    fn values(&self, at: usize, of: Option<&str>) -> Option<(Vec<(String, String)>, usize)> {
        self.longest(at, |meaning| match meaning {
            Meaning::Value(field, value) if of.is_none_or(|of| of == field) => {
                Some((field.clone(), value.clone()))
            }
            _ => None,
        })
    }

    /// Returns the test that words at a place stand for: a condition with a name, or whether there are tags at all.
    fn written(&self, at: usize) -> Option<(String, usize)> {
        let named = self.longest(at, |meaning| match meaning {
            Meaning::Test(test) => Some(test.clone()),
            _ => None,
        });
        if let Some((mut tests, length)) = named {
            return (!tests.is_empty()).then(|| (tests.remove(0), length));
        }
        match self.word(at).as_str() {
            "untagged" => Some(("count(native keys) == 0".to_owned(), 1)),
            "tagged" => Some(("count(native keys) > 0".to_owned(), 1)),
            _ => None,
        }
    }

    /// Returns the types and regions that a word stands for: a kind of resources, a part of the world, or a part of their
    /// names. Values of one field, in the order of the vocabulary.
    fn similar(&self, at: usize) -> Vec<(String, String)> {
        let word = self.word(at);
        let of = |name: &str, is_meant: &dyn Fn(&str) -> bool| -> Vec<(String, String)> {
            let attribute = self.attributes.iter().find(|(attribute, _)| attribute == name);
            let values = attribute.into_iter().flat_map(|(_, values)| values);
            let meant = values.filter(|value| is_meant(&value.to_lowercase()));
            meant.map(|value| (format!("resource.{name}"), value.clone())).collect()
        };
        let of_table = |table: &[(&[&str], &'static [&'static str])]| {
            table.iter().find(|(words, _)| words.contains(&word.as_str())).map(|(_, parts)| *parts)
        };
        if word.chars().count() < 2 {
            return Vec::new();
        }
        if let Some(parts) = of_table(KINDS) {
            return of("type", &|ty| parts.iter().any(|part| ends_a_name(ty, part)));
        }
        if let Some(parts) = of_table(PLACES) {
            return of("region", &|region| parts.iter().any(|part| is_in(region, part)));
        }
        let singular = word.strip_suffix('s').unwrap_or(&word);
        let has_part = |value: &str| {
            value
                .split(|c: char| !c.is_alphanumeric())
                .any(|part| !part.is_empty() && (part == word || part == singular))
        };
        let types = of("type", &has_part);
        if types.is_empty() { of("region", &has_part) } else { types }
    }

    fn has_value(&self, at: usize, field: &str) -> bool {
        self.values(at, Some(field)).is_some()
    }

    fn longest<T>(&self, at: usize, pick: impl Fn(&Meaning) -> Option<T>) -> Option<(Vec<T>, usize)> {
        (1..=LONGEST).rev().find_map(|length| {
            let words = self.words.get(at..at + length)?;
            let found: Vec<T> = self.meanings.get(&fold(&words.concat()))?.iter().filter_map(&pick).collect();
            (!found.is_empty()).then_some((found, length))
        })
    }

    fn word(&self, at: usize) -> String {
        self.words.get(at).map(|word| word.to_lowercase().replace('\'', "")).unwrap_or_default()
    }
}

impl Term {
    fn text(&self) -> String {
        let field = &self.field;
        match (self.values.as_slice(), self.is_negated) {
            ([], _) => self.test.clone(),
            ([value], false) => format!("{field} == {}", string(value)),
            ([value], true) => format!("not ({field} == {})", string(value)),
            (values, is_negated) => {
                let list: Vec<String> = values.iter().map(|value| string(value)).collect();
                let test = format!("{field} in [{}]", list.join(", "));
                if is_negated { format!("not ({test})") } else { test }
            }
        }
    }
}

/// Returns what each folded name and value means.
fn meanings(vocabulary: &FilterVocabulary) -> BTreeMap<String, Vec<Meaning>> {
    let mut meanings: BTreeMap<String, Vec<Meaning>> = BTreeMap::new();
    let mut add = |words: &str, meaning: Meaning| {
        let list = meanings.entry(fold(words)).or_default();
        if !list.contains(&meaning) {
            list.push(meaning);
        }
    };
    let attribute = |name: &String| format!("resource.{name}");
    let fields = vocabulary.tags.iter().map(|(name, values)| (name.clone(), name, values));
    let attributes = vocabulary.attributes.iter().map(|(name, values)| (attribute(name), name, values));
    for (field, name, values) in fields.chain(attributes) {
        // A tag is meant rather than an attribute of the same name.
        let is_taken =
            field.starts_with("resource.") && vocabulary.tags.iter().any(|(tag, _)| fold(tag) == fold(name));
        if !is_taken {
            add(name, Meaning::Field(field.clone()));
            add(&format!("{name}s"), Meaning::Field(field.clone()));
        }
        add(&field, Meaning::Field(field.clone()));
        for value in values.iter().filter(|value| !fold(value).is_empty()) {
            add(value, Meaning::Value(field.clone(), value.clone()));
        }
    }
    for (tag, spelling, value) in &vocabulary.spellings {
        if !fold(spelling).is_empty() {
            add(spelling, Meaning::Value(tag.clone(), value.clone()));
        }
    }
    for name in &vocabulary.definitions {
        let plural = name.strip_suffix('y').map_or_else(|| format!("{name}s"), |stem| format!("{stem}ies"));
        add(name, Meaning::Test(name.clone()));
        add(&plural, Meaning::Test(name.clone()));
    }
    meanings
}

/// Whether a text contains a name, followed by no other letter or digit than a plural's.
fn ends_a_name(text: &str, name: &str) -> bool {
    let behind = |at: usize| text.get(at + name.len()..).unwrap_or_default();
    let ends = |rest: &str| !rest.strip_prefix('s').unwrap_or(rest).starts_with(char::is_alphanumeric);
    text.match_indices(name).any(|(at, _)| ends(behind(at)))
}

/// Whether a region is in a part of the world: `eu-west-1`, `westeurope` and `eastus2` are.
fn is_in(region: &str, place: &str) -> bool {
    region.split('-').any(|part| {
        let part = part.trim_end_matches(|c: char| c.is_ascii_digit());
        part == place
            || (part.len() > 3 && (part.ends_with(place) || (place.len() > 3 && part.contains(place))))
    })
}

/// Splits a request into words; what is between quotes is one.
fn split(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let is_in_number =
            c == ',' && ends_with_digit(&words) && chars.peek().is_some_and(char::is_ascii_digit);
        match c {
            c if quote == Some(c) => {
                quote = None;
                words.push(String::new());
            }
            c if quote.is_some() => add_to_last(&mut words, c),
            '"' | '`' => {
                quote = Some(c);
                words.push(String::new());
            }
            c if c.is_whitespace() || c.is_control() => words.push(String::new()),
            c if is_in_number => add_to_last(&mut words, c),
            ',' | ';' | '?' | '!' | '(' | ')' => words.push(String::new()),
            '=' | '<' | '>' => {
                words.push(c.to_string());
                words.push(String::new());
            }
            c => add_to_last(&mut words, c),
        }
    }
    let words = words.into_iter().map(|word| word.trim_end_matches(['.', ':']).to_owned());
    words.filter(|word| !word.is_empty()).take(WORDS).collect()
}

fn add_to_last(words: &mut [String], c: char) {
    if let Some(last) = words.last_mut() {
        last.push(c);
    }
}

fn ends_with_digit(words: &[String]) -> bool {
    words.last().is_some_and(|word| word.ends_with(|c: char| c.is_ascii_digit()))
}

/// Returns a name or a value as it is compared: without case, spaces and separators.
fn fold(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && !"-_".contains(*c)).flat_map(char::to_lowercase).collect()
}

/// Writes a text as a string of the language.
fn string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' | '{' | '}' => out.extend(['\\', c]),
            c if tagpol_sink::terminal::is_steering(c) => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            c => out.push(c),
        }
    }
    out + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocabulary() -> FilterVocabulary {
        let list = |name: &str, values: &[&str]| {
            (name.to_owned(), values.iter().map(|value| (*value).to_owned()).collect())
        };
        FilterVocabulary {
            currency: Some("USD".to_owned()),
            tags: vec![
                list("environment", &["production", "staging", "development"]),
                list("owner", &["jane@example.com"]),
                list("cost-center", &["ENG-001", "web shop"]),
                list("team", &["platform", "data"]),
            ],
            attributes: vec![
                list(
                    "type",
                    &[
                        "ec2:instance",
                        "rds:db",
                        "rds:snapshot",
                        "s3:bucket",
                        "microsoft.sql/servers/databases",
                    ],
                ),
                list("region", &["eu-west-1", "us-east-1", "westeurope", "eastus2", "europe-west1"]),
                list("account", &["111122223333", "data"]),
            ],
            spellings: vec![("environment".to_owned(), "prd".to_owned(), "production".to_owned())],
            definitions: vec!["public-facing".to_owned()],
        }
    }

    #[test]
    fn words_become_conditions() {
        for (words, condition) in [
            ("production", r#"environment == "production""#),
            ("production without owner", r#"environment == "production" and owner is missing"#),
            ("all resources without a cost center", "cost-center is missing"),
            (
                "production or staging in eu-west-1",
                r#"environment in ["production", "staging"] and resource.region == "eu-west-1""#,
            ),
            ("not production", r#"not (environment == "production")"#),
            ("everything except staging, development", r#"not (environment in ["staging", "development"])"#),
            (
                "rds:db costing more than 1,500 USD",
                r#"resource.type == "rds:db" and resource.monthly-cost > 1500 USD"#,
            ),
            ("cost under 0.50", "resource.monthly-cost < 0.50 USD"),
            ("over 20 eur", "resource.monthly-cost > 20 EUR"),
            ("team is data", r#"team == "data""#),
            ("data", r#"(team == "data" or resource.account == "data")"#),
            ("owner missing", "owner is missing"),
            ("which buckets lack an owner?", r#"resource.type == "s3:bucket" and owner is missing"#),
            ("owner is not missing", "owner is set"),
            ("with owner", "owner is set"),
            ("cost center = web shop", r#"cost-center == "web shop""#),
            ("costcenter \"Web Shop\"", r#"cost-center == "web shop""#),
            ("owner jane@example.com", r#"owner == "jane@example.com""#),
            ("regions us-east-1", r#"resource.region == "us-east-1""#),
            (
                "untagged production databases in eu",
                r#"count(native keys) == 0 and environment == "production" and resource.type in ["rds:db", "microsoft.sql/servers/databases"] and resource.region in ["eu-west-1", "westeurope", "europe-west1"]"#,
            ),
            (
                "prd buckets in the us",
                r#"environment == "production" and resource.type == "s3:bucket" and resource.region in ["us-east-1", "eastus2"]"#,
            ),
            ("public facing instances", r#"public-facing and resource.type == "ec2:instance""#),
            ("not public facing", "not (public-facing)"),
            (
                "tagged resources outside europe",
                r#"count(native keys) > 0 and not (resource.region in ["eu-west-1", "westeurope", "europe-west1"])"#,
            ),
            ("rds", r#"resource.type in ["rds:db", "rds:snapshot"]"#),
        ] {
            assert_eq!(read(words, &vocabulary()).condition.as_deref(), Some(condition), "{words}");
        }
    }

    #[test]
    fn what_is_not_understood_is_reported() {
        let reading = read("show me purple production elephants", &vocabulary());
        assert_eq!(reading.condition.as_deref(), Some(r#"environment == "production""#));
        assert_eq!(reading.not_understood, ["purple", "elephants"]);
        assert_eq!(read("", &vocabulary()), FilterReading::default());
        assert_eq!(read("the resources", &vocabulary()), FilterReading::default());
        let nothing = read("over the moon", &vocabulary());
        assert_eq!((nothing.condition, nothing.not_understood.len()), (None, 2));
    }

    #[test]
    fn values_stay_strings() {
        let value = "x\" or owner is set or owner == \"\\{}\u{202e}\n";
        let vocabulary = FilterVocabulary {
            tags: vec![("team".to_owned(), vec![value.to_owned()])],
            ..FilterVocabulary::default()
        };
        let without_currency = read("team over 20", &vocabulary);
        assert_eq!(without_currency.not_understood, ["over", "20"]);
        let reading = read(&format!("team `{value}`"), &vocabulary);
        let condition = reading.condition.unwrap();
        assert_eq!(condition, r#"team == "x\" or owner is set or owner == \"\\\{\}\u{202e}\u{a}""#);
    }
}
