//! How far up what is wanted stands among the offers, on fixed tasks: `typing.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use tagpol_ide::{Completion, Facts, Seen, Subject, Versioned, completions};

use crate::suite::{self, Case};
use crate::support::Fixture;

/// Shares of tasks in which the wanted item is first, and among the first three.
const FIRST: f64 = 0.84;
const FIRST_THREE: f64 = 0.96;

/// Offers that the suite shows.
const SHOWN: usize = 5;

fn path() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/typing.md")
}

#[test]
fn wanted_items_come_first() {
    let markdown = std::fs::read_to_string(path()).unwrap();
    let mut ranks = Vec::new();
    for case in suite::cases(&markdown) {
        let (wanted, offers) = (wanted(&case), offers(&markdown, &case));
        ranks.push((case.title.clone(), rank(&offers, wanted)));
    }
    assert!(ranks.len() >= 60, "{} tasks", ranks.len());
    let absent: Vec<&String> =
        ranks.iter().filter(|(_, rank)| rank.is_none()).map(|(title, _)| title).collect();
    let share = |most: usize| {
        let good = ranks.iter().filter(|(_, rank)| rank.is_some_and(|rank| rank <= most)).count();
        good as f64 / ranks.len() as f64
    };
    let figures = format!(
        "{} tasks: {:.0}% first, {:.0}% among the first three, {} absent: {absent:#?}",
        ranks.len(),
        100.0 * share(1),
        100.0 * share(3),
        absent.len()
    );
    assert!(absent.is_empty() && share(1) >= FIRST && share(3) >= FIRST_THREE, "{figures}");
}

#[test]
fn offers_of_each_task() {
    let markdown = std::fs::read_to_string(path()).unwrap();
    suite::check(&path(), |case| {
        let offers = offers(&markdown, case);
        let rank = rank(&offers, wanted(case)).map_or_else(|| "absent".to_owned(), |rank| rank.to_string());
        let first: Vec<&str> = offers.iter().take(SHOWN).map(|item| item.label.as_str()).collect();
        format!("{rank}: {}\n", first.join(" | "))
    });
}

/// The label that a task wants, which ends its heading.
fn wanted(case: &Case) -> &str {
    case.title.rsplit("`").nth(1).unwrap()
}

fn rank(offers: &[Completion], wanted: &str) -> Option<usize> {
    offers.iter().position(|item| item.label == wanted).map(|at| at + 1)
}

/// The offers at the cursor of a task, as an editor shows them: those that contain the letters typed so far.
fn offers(markdown: &str, case: &Case) -> Vec<Completion> {
    assert_eq!(case.files.len(), 1, "`{}` has not one input", case.title);
    let text = &case.files[0].1;
    let base = fence(markdown, "tagpol base");
    let mut fixture = Fixture::new(&format!("//- base.tagpol\n{base}//- z.tagpol\n{}", text.trim_end()));
    let inventory = Census::new(markdown);
    let tables =
        inventory.files.iter().map(|(path, headings)| (path.clone(), Ok(headings.clone()))).collect();
    fixture.db.set_tables(fixture.project, tables);
    let found = completions(&fixture.db, fixture.project, fixture.file, fixture.offset, &inventory);
    let typed: usize = fixture.offset.into();
    let typed = fixture.file.text(&fixture.db)[found.replace.start().into()..typed].to_lowercase();
    let is_shown = |item: &Completion| {
        let mut left = item.label.chars().flat_map(char::to_lowercase);
        typed.chars().all(|wanted| left.any(|found| found == wanted))
    };
    found.items.into_iter().filter(is_shown).collect()
}

fn fence<'m>(markdown: &'m str, info: &str) -> &'m str {
    markdown.split(&format!("```{info}\n")).nth(1).unwrap().split("```").next().unwrap()
}

/// What the inventory of the suite contains, counted as a snapshot does.
struct Census {
    /// By heading: each value with the resources that have it.
    columns: BTreeMap<String, BTreeMap<String, u64>>,
    /// Files of tables with their headings.
    files: Vec<(String, Vec<String>)>,
}

impl Census {
    fn new(markdown: &str) -> Self {
        let mut lines = fence(markdown, "csv inventory").lines();
        let headings: Vec<&str> = lines.next().unwrap().split(',').collect();
        let mut columns: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
        for line in lines {
            let cells: Vec<&str> = line.split(',').collect();
            for (heading, cell) in headings.iter().zip(&cells).skip(1).filter(|(_, cell)| !cell.is_empty()) {
                let column = columns.entry((*heading).to_owned()).or_default();
                *column.entry((*cell).to_owned()).or_default() += cells[0].parse::<u64>().unwrap();
            }
        }
        let files = markdown.split("```csv file=").skip(1).map(|rest| {
            let mut lines = rest.lines();
            let path = lines.next().unwrap().to_owned();
            (path, lines.next().unwrap().split(',').map(str::to_owned).collect())
        });
        Self { columns, files: files.collect() }
    }

    /// The values of a column, the most frequent first.
    fn column(&self, heading: &str) -> Vec<Seen> {
        let values = self.columns.get(heading).into_iter().flatten();
        let mut seen: Vec<Seen> =
            values.map(|(text, count)| Seen { text: text.clone(), count: *count, cost: None }).collect();
        seen.sort_by_key(|seen| std::cmp::Reverse(seen.count));
        seen
    }
}

impl Facts for Census {
    fn keys(&self) -> Vec<Seen> {
        let native = self.columns.iter().filter_map(|(heading, values)| {
            Some(Seen {
                text: heading.strip_prefix("native ")?.to_owned(),
                count: values.values().sum(),
                cost: None,
            })
        });
        let mut keys: Vec<Seen> = native.collect();
        keys.sort_by_key(|seen| std::cmp::Reverse(seen.count));
        keys
    }

    fn values(&self, of: &Subject) -> Vec<Seen> {
        self.column(&match of {
            Subject::Attribute(name) => name.clone(),
            Subject::Native(key) => format!("native {key}"),
            Subject::Tag(tag) => format!("tag {tag}"),
        })
    }

    fn table_files(&self, _: &str) -> Vec<String> {
        self.files.iter().map(|(path, _)| path.clone()).collect()
    }

    fn unmapped(&self, tag: &str) -> Option<Versioned<Vec<Seen>>> {
        Some(Versioned { answer: self.column(&format!("unmapped {tag}")), is_stale: false })
    }
}

#[test]
fn titles_differ() {
    let markdown = std::fs::read_to_string(path()).unwrap();
    let cases = suite::cases(&markdown);
    let titles: BTreeSet<&str> = cases.iter().map(|case| case.title.as_str()).collect();
    assert_eq!(titles.len(), cases.len());
}
