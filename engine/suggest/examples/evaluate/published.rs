//! The published figures of simple methods, read from the table that they stand in.

use std::collections::BTreeMap;

/// The best share and the number of resources asked about, by organization, tag and split.
pub(crate) type Published = BTreeMap<(String, String, String), (f64, usize)>;

/// Reads the tables: a section a tag, a row an organization, a split and what methods looked at.
pub(crate) fn read(text: &str) -> Published {
    let mut published = Published::new();
    let mut tag = String::new();
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            tag = title.trim().to_owned();
        }
        if let Some((org, split, asked, best)) = row(line) {
            let entry = published.entry((org, tag.clone(), split)).or_insert((0.0, asked));
            entry.0 = f64::max(entry.0, best);
        }
    }
    published
}

/// Reads `| ORG random 80/20 | 860/215 | 3 | 32.6 | 1 | NB | LR | …`.
fn row(line: &str) -> Option<(String, String, usize, f64)> {
    let cells: Vec<&str> = line.strip_prefix('|')?.split('|').map(str::trim).collect();
    let [what, sizes, _, _, _, bayes, linear, ..] = cells.as_slice() else { return None };
    let (org, split) = what.split_once(' ')?;
    let split = split.strip_suffix(" 80/20").unwrap_or(split);
    let asked = sizes.split_once('/')?.1.parse().ok()?;
    let best = f64::max(bayes.parse().ok()?, linear.parse().ok()?);
    Some((org.to_owned(), split.to_owned(), asked, best / 100.0))
}
