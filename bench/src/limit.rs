//! The least that can be done: every value judged once when it is read, then a loop over small codes on
//! one thread.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde_json::Value;

use crate::Counts;
use crate::by_hand::{KEYS, pairs};

/// What is known of a value: the lowest bit says that it is there, the others are judgments.
type Fact = u8;

const PRESENT: Fact = 1;
const PRODUCTION: Fact = 2;
const KNOWN: Fact = 4;
const VALID: Fact = 8;

/// Code and facts of the values of each column, and the codes of each resource.
pub(crate) struct Codes {
    columns: Vec<Column>,
    /// Environment by name.
    named: Vec<Fact>,
    costly: Vec<bool>,
    sensitive: Vec<bool>,
}

#[derive(Default)]
struct Column {
    codes: Vec<u32>,
    facts: Vec<Fact>,
    known: HashMap<String, u32>,
}

impl Column {
    fn push(&mut self, value: Option<&str>, judge: impl FnOnce(&str) -> Fact) {
        let next = self.facts.len() as u32;
        let code = match self.known.get(value.unwrap_or_default()) {
            Some(code) => *code,
            None => {
                self.facts.push(value.map_or(0, judge));
                self.known.insert(value.unwrap_or_default().to_owned(), next);
                next
            }
        };
        self.codes.push(code);
    }

    fn fact(&self, row: usize) -> Fact {
        self.codes.get(row).and_then(|code| self.facts.get(*code as usize)).copied().unwrap_or(0)
    }
}

impl Codes {
    /// Reads the inventory; the last column is that of accounts.
    pub(crate) fn load(inventory: &Path, policies: &Path) -> Self {
        let environments: HashMap<String, String> = pairs(policies, "environments.csv").into_iter().collect();
        let accounts: HashMap<String, String> = pairs(policies, "accounts.csv").into_iter().collect();
        let mut columns: Vec<Column> = (0..=KEYS.len()).map(|_| Column::default()).collect();
        let (mut named, mut costly, mut sensitive) = (Vec::new(), Vec::new(), Vec::new());
        for line in BufReader::new(File::open(inventory).expect("the inventory")).lines() {
            let row: Value = serde_json::from_str(&line.expect("a line")).expect("an object");
            let text = |field: &str| row.get(field).and_then(Value::as_str).unwrap_or_default();
            for (at, (column, key)) in columns.iter_mut().zip(KEYS).enumerate() {
                let value = row.get("tags").and_then(|tags| tags.get(key)).and_then(Value::as_str);
                let value = value.filter(|value| !value.is_empty());
                column.push(value, |value| judge(at, value, &environments));
            }
            if let Some(column) = columns.last_mut() {
                let owner = accounts.get(text("account")).map(String::as_str);
                column.push(owner, |owner| judge(10, owner, &environments));
            }
            let name = text("name");
            let words = [
                ("-prod-", "production"),
                ("-stg-", "staging"),
                ("-dev-", "development"),
                ("-test-", "test"),
            ];
            let word = words.iter().find(|(part, _)| name.contains(part));
            named.push(word.map_or(0, |(_, environment)| environment_facts(environment)));
            costly.push(row.get("cost_monthly").and_then(Value::as_f64).is_some_and(|cost| cost > 500.0));
            sensitive.push(text("type") == "rds");
        }
        Self { columns, named, costly, sensitive }
    }

    /// Returns the violations of each check.
    pub(crate) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        let first = |columns: std::ops::Range<usize>, row: usize| {
            let facts = self.columns.get(columns).unwrap_or_default().iter().map(|column| column.fact(row));
            facts.into_iter().find(|fact| *fact != 0).unwrap_or(0)
        };
        let or = |fact: Fact, other: Fact| if fact == 0 { other } else { fact };
        for (row, ((costly, named), sensitive)) in
            self.costly.iter().zip(&self.named).zip(&self.sensitive).enumerate()
        {
            let environment = or(first(0..6, row), *named);
            let center = first(6..10, row);
            let owner = or(first(10..12, row), first(18..19, row));
            let class = or(first(13..14, row), if *sensitive { PRESENT } else { 0 });
            let [backup, unit, why, approval, review] = [12, 14, 15, 16, 17].map(|at| first(at..at + 1, row));
            let production = environment & PRODUCTION != 0;
            let wrong = [
                environment == 0,
                center == 0,
                owner == 0,
                environment != 0 && environment & KNOWN == 0,
                production && center & VALID == 0,
                production && owner & VALID == 0,
                production && backup & VALID == 0,
                production && class & VALID == 0,
                *costly && unit == 0,
                *costly && why == 0,
                *costly && approval & VALID == 0,
                *costly && review & VALID == 0,
            ];
            for (count, wrong) in counts.iter_mut().zip(wrong) {
                *count += u64::from(wrong);
            }
        }
        counts
    }
}

fn environment_facts(name: &str) -> Fact {
    let known = matches!(name, "production" | "staging" | "development" | "test");
    PRESENT | if known { KNOWN } else { 0 } | if name == "production" { PRODUCTION } else { 0 }
}

/// Judges a value of the column of this index.
fn judge(column: usize, value: &str, environments: &HashMap<String, String>) -> Fact {
    let valid = match column {
        0..6 => return environment_facts(environments.get(value).map_or(value, String::as_str)),
        6..10 => is_center(value),
        10 | 11 => is_address(value),
        12 => matches!(value, "daily" | "hourly" | "weekly"),
        13 => matches!(value, "public" | "internal" | "confidential" | "restricted"),
        16 => value.strip_prefix("JIRA-").is_some_and(|digits| digits.len() >= 4 && is_number(digits)),
        17 => {
            value.len() == 10
                && chrono::NaiveDate::parse_from_str(value, "%Y-%m-%d").is_ok()
                && ("2026-08-03"..="2026-11-01").contains(&value)
        }
        _ => false,
    };
    PRESENT | if valid { VALID } else { 0 }
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

fn is_center(text: &str) -> bool {
    text.split_once('-').is_some_and(|(unit, number)| {
        unit.len() == 3
            && unit.bytes().all(|b| b.is_ascii_uppercase())
            && number.len() == 3
            && is_number(number)
    })
}

fn is_address(text: &str) -> bool {
    let Some((user, domain)) = text.split_once('@') else { return false };
    let Some((host, top)) = domain.rsplit_once('.') else { return false };
    let all = |text: &str, more: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
    };
    all(user, "._%+-") && all(host, ".-") && top.len() >= 2 && top.bytes().all(|b| b.is_ascii_alphabetic())
}
