//! A comparison as a comment on a pull request.
//!
//! Promises at most [`LONGEST`] bytes, which is what the large forges take, whatever changes: details
//! are folded, and those that do not fit are counted. Foreign text is code, so it can be neither markup
//! nor a mention; names of policies and tags have no letter that could be.

use std::fmt::Write as _;

use tagpol_sink::markdown;

use super::{check_change, counts, finding_details, severity, totals};
use crate::markdown::code;
use crate::text::{count, several};
use tagpol_eval::diff::{Change, CheckDiff, Diff, TagDiff};

/// Bytes of a comment: GitHub takes 65,536 characters.
const LONGEST: usize = 60_000;
/// Bytes that are kept for the note about what was left out.
const RESERVED: usize = 200;

/// Returns the comment: totals, then a folded table for each check and each tag.
pub fn markdown(diff: &Diff) -> String {
    let mut out = String::new();
    let (before, after) = (code(&diff.before.label), code(&diff.after.label));
    let [entered, left, changed] = diff.totals();
    let _ = writeln!(out, "### tagpol: {before} → {after}\n");
    let _ = writeln!(
        out,
        "**{} entered, {} left, {} changed**\n",
        several(entered, "finding"),
        count(left),
        count(changed)
    );
    out.push_str("| | before | after | |\n|---|---:|---:|---:|\n");
    let text = |text: &str| markdown::text(text, false);
    for line in totals(diff) {
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} |",
            text(&line.what),
            text(&line.before),
            text(&line.after),
            line.by
        );
    }
    for (found, what) in [(diff.resources_entered, "new"), (diff.resources_left, "gone")] {
        if found > 0 {
            let _ = writeln!(out, "\n{} {what}", several(found, "resource"));
        }
    }
    let sections = diff.checks.iter().map(check).chain(diff.tags.iter().map(tag));
    append(&mut out, sections);
    out
}

/// Appends the sections that fit, and counts those that do not.
fn append(out: &mut String, sections: impl Iterator<Item = Section>) {
    let mut omitted = 0;
    for section in sections {
        let whole = section.text(section.rows.len());
        if out.len() + whole.len() + RESERVED <= LONGEST {
            out.push_str(&whole);
            continue;
        }
        // Rather the heading without a table than nothing.
        let heading = section.text(0);
        if out.len() + heading.len() + RESERVED <= LONGEST {
            out.push_str(&heading);
        } else {
            omitted += 1;
        }
    }
    if omitted > 0 {
        let _ =
            writeln!(out, "\n… and {} more; `tagpol diff` shows all of it", several(omitted, "check or tag"));
    }
}

/// A folded table.
struct Section {
    summary: String,
    heading: &'static str,
    rows: Vec<String>,
    /// What the table does not list.
    more: u64,
}

impl Section {
    fn text(&self, rows: usize) -> String {
        let mut text = format!("\n<details><summary>{}</summary>\n\n", self.summary);
        if rows > 0 {
            text.push_str(self.heading);
            self.rows.iter().take(rows).for_each(|row| text.push_str(row));
        }
        let more = self.more + (self.rows.len() - rows) as u64;
        if more > 0 {
            let _ = writeln!(text, "\n… and {} more", count(more));
        }
        text.push_str("\n</details>\n");
        text
    }
}

fn check(check: &CheckDiff) -> Section {
    let path = format!("<code>{}/{}</code>", check.policy, check.check);
    let check_change = match check_change(check) {
        "" => String::new(),
        check_change => format!(" ({check_change})"),
    };
    let row = |finding: &crate::diff::FindingDiff| {
        let sign = match finding.change {
            Change::Entered => "entered",
            Change::Left => "left",
            Change::Changed => "changed",
        };
        let name = finding.name.as_ref().unwrap_or(&finding.resource);
        let cell = |text: &Option<String>| text.as_deref().map(code).unwrap_or_default();
        let (ty, account) = (cell(&finding.ty), cell(&finding.account));
        format!(
            "| {sign} | {} | {ty} | {account} | {} |\n",
            code(name),
            finding_details(check, finding, code)
        )
    };
    let all = check.entered + check.left + check.changed;
    Section {
        summary: format!(
            "{} {path} <b>{}</b>{check_change}",
            severity(check).replace("->", "→"),
            counts(check)
        ),
        heading: "| | resource | type | account | |\n|---|---|---|---|---|\n",
        rows: check.findings.iter().map(row).collect(),
        more: all.saturating_sub(check.findings.len() as u64),
    }
}

fn tag(moved: &TagDiff) -> Section {
    let value = |value: &Option<String>| value.as_deref().map_or("missing".to_owned(), code);
    let row = |step: &tagpol_eval::diff::Move| {
        let examples: Vec<String> = step.examples.iter().map(|id| code(id)).collect();
        let (from, to) = (value(&step.from), value(&step.to));
        format!("| {from} | {to} | {} | {} |\n", count(step.resources), examples.join(", "))
    };
    let listed: u64 = moved.moves.iter().map(|step| step.resources).sum();
    Section {
        summary: format!("tag <code>{}</code> <b>{}</b>", moved.tag, several(moved.resources, "resource")),
        heading: "| from | to | resources | example |\n|---|---|---:|---|\n",
        rows: moved.moves.iter().map(row).collect(),
        more: moved.resources.saturating_sub(listed),
    }
}
