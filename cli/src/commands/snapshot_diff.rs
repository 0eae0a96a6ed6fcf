//! `tagpol snapshot diff`

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;
use tagpol_app::inventory::{
    Change, Difference, Of, Resource, Snapshot, by_id, compare_snapshots, newest, two_newest,
};

use crate::args::RowFormat;
use crate::context::context;
use crate::diagnostics::one_line;
use crate::failure::{Exit, Failure};
use crate::output::{Output, counted};
use crate::rows;

/// Resources of each kind that are listed without `--all`.
const LISTED: usize = 20;

pub(super) fn run(
    folder: &Path,
    (before, after): (Option<&str>, Option<&str>),
    (format, all): (Option<RowFormat>, bool),
    output: &mut Output,
) -> Result<Exit, Failure> {
    let (before, after) = sides(folder, before, after)?;
    let mut found =
        Found { listed: if all || format.is_some() { usize::MAX } else { LISTED }, ..Found::default() };
    compare_snapshots((&before, &after), &context(None), |change| found.add(change))?;
    match format {
        Some(format) => output.print_exactly(&rows::text(format, &HEADING, found.rows())?)?,
        None => output.print(&found.pretty(&before, &after))?,
    }
    Ok(Exit::Success)
}

/// Returns the snapshots to compare.
fn sides(folder: &Path, before: Option<&str>, after: Option<&str>) -> Result<(Snapshot, Snapshot), Failure> {
    let too_few = || {
        Failure::engine(format!("there are no two snapshots in `{}`", folder.display()))
            .help("`tagpol snapshot import FILE` and `tagpol snapshot fetch` make them")
    };
    let Some(before) = before else { return two_newest(folder)?.ok_or_else(too_few) };
    let before = by_id(folder, before)?;
    let after = match after {
        Some(after) => by_id(folder, after)?,
        None => newest(folder)?.ok_or_else(too_few)?,
    };
    Ok((before, after))
}

/// The differences that were found, with those that are listed.
#[derive(Default)]
struct Found {
    listed: usize,
    added: Kind,
    removed: Kind,
    changed: Kind,
}

/// The resources of one kind.
#[derive(Default)]
struct Kind {
    count: u64,
    resources: Vec<(Box<Resource>, Vec<Difference>)>,
}

const HEADING: [&str; 11] =
    ["change", "resource", "name", "type", "provider", "account", "region", "of", "key", "before", "after"];

/// One difference, as other programs read it.
#[derive(Serialize)]
struct Row<'a> {
    change: &'static str,
    resource: &'a str,
    name: Option<&'a str>,
    #[serde(rename = "type")]
    type_: Option<&'a str>,
    provider: Option<&'a str>,
    account: Option<&'a str>,
    region: Option<&'a str>,
    /// `attribute` or `tag`. None: the resource as a whole.
    of: Option<&'static str>,
    key: Option<&'a str>,
    before: Option<&'a str>,
    after: Option<&'a str>,
}

impl Found {
    fn add(&mut self, change: Change) {
        let (kind, resource, differences) = match change {
            Change::Added(resource) => (&mut self.added, resource, Vec::new()),
            Change::Removed(resource) => (&mut self.removed, resource, Vec::new()),
            Change::Changed { resource, differences } => (&mut self.changed, resource, differences),
        };
        kind.count += 1;
        if kind.resources.len() < self.listed {
            kind.resources.push((resource, differences));
        }
    }

    /// The kinds, each with what it is called and the sign of its resources.
    fn kinds(&self) -> [(&Kind, &'static str, char); 3] {
        [(&self.added, "added", '+'), (&self.removed, "removed", '-'), (&self.changed, "changed", '~')]
    }

    fn rows(&self) -> Vec<Row<'_>> {
        let mut rows = Vec::new();
        for (kind, change, _) in self.kinds() {
            for (resource, differences) in &kind.resources {
                let whole = row(change, resource, None);
                match differences.is_empty() {
                    true => rows.push(whole),
                    false => rows.extend(differences.iter().map(|one| row(change, resource, Some(one)))),
                }
            }
        }
        rows
    }

    fn pretty(&self, before: &Snapshot, after: &Snapshot) -> String {
        let side = |snapshot: &Snapshot| {
            let resources = counted(snapshot.manifest().counts.resources, "resource", "resources");
            format!("{} ({resources})", snapshot.id())
        };
        let mut text = format!("{} -> {}\n", side(before), side(after));
        if self.kinds().iter().all(|(kind, ..)| kind.count == 0) {
            text.push_str(
                "\nno resource was added or removed, and no name, type, provider, account, region or native tag differs\n",
            );
        }
        for (kind, name, sign) in self.kinds().into_iter().filter(|(kind, ..)| kind.count > 0) {
            let _ = writeln!(text, "\n{} {name}", counted(kind.count, "resource", "resources"));
            for (resource, differences) in &kind.resources {
                let _ = writeln!(text, "  {sign} {}", described(resource));
                for difference in differences {
                    let _ = writeln!(text, "      {}", told(difference));
                }
            }
            let more = kind.count.saturating_sub(kind.resources.len() as u64);
            if more > 0 {
                let _ = writeln!(text, "  … and {more} more: `--all` lists them");
            }
        }
        text
    }
}

fn row<'a>(change: &'static str, resource: &'a Resource, difference: Option<&'a Difference>) -> Row<'a> {
    let (of, key) = match difference.map(|difference| &difference.of) {
        None => (None, None),
        Some(Of::Attribute(name)) => (Some("attribute"), Some(*name)),
        Some(Of::Tag(key)) => (Some("tag"), Some(key.as_str())),
    };
    Row {
        change,
        resource: &resource.id,
        name: resource.name.as_deref(),
        type_: resource.type_.as_deref(),
        provider: resource.provider.as_deref(),
        account: resource.account.as_deref(),
        region: resource.region.as_deref(),
        of,
        key,
        before: difference.and_then(|difference| difference.before.as_deref()),
        after: difference.and_then(|difference| difference.after.as_deref()),
    }
}

/// Returns a resource in one line.
fn described(resource: &Resource) -> String {
    let parts =
        [Some(&resource.id), resource.type_.as_ref(), resource.account.as_ref(), resource.region.as_ref()];
    let parts: Vec<String> = parts.into_iter().flatten().map(|part| one_line(part)).collect();
    parts.join("  ")
}

/// Returns a difference in one line.
fn told(difference: &Difference) -> String {
    let of = match &difference.of {
        Of::Attribute(name) => (*name).to_owned(),
        Of::Tag(key) => format!("tag {}", one_line(key)),
    };
    let quoted = |text: &String| format!("\"{}\"", one_line(text));
    match (&difference.before, &difference.after) {
        (Some(before), Some(after)) => format!("{of}: {} -> {}", quoted(before), quoted(after)),
        (None, Some(after)) => format!("{of}: added {}", quoted(after)),
        (Some(before), None) => format!("{of}: removed {}", quoted(before)),
        (None, None) => of,
    }
}
