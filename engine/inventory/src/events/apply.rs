//! Events are applied to a snapshot: the result is another snapshot.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use rustc_hash::FxHashMap;

use super::Event;
use super::read::{EventLog, Placed, read};
use super::replay::replay;
use crate::error::ImportError;
use crate::identity::{ec2_kind, join_key, last_part};
use crate::imported::{Derived, Import};
use crate::reject::Reject;
use crate::resource::Resource;
use crate::snapshot::{EventInfo, Snapshot};

/// How far the clock of a cloud may be ahead of this computer's. An event from later is wrong, and would beat all that
/// follow.
const AHEAD: TimeDelta = TimeDelta::days(1);

/// How to apply events.
#[derive(Debug, Clone)]
pub struct EventOptions {
    /// Whether the first event that cannot be applied is an error.
    pub strict: bool,
    /// The file with what was read from standard input; [`STANDARD_INPUT`](crate::STANDARD_INPUT) stands for it.
    pub standard_input: Option<PathBuf>,
    /// Now; whole seconds count.
    pub now: DateTime<Utc>,
}

/// A snapshot to which events were applied.
#[derive(Debug)]
pub struct AppliedEvents {
    /// The new snapshot; the one that was given if no event is new.
    pub snapshot: Snapshot,
    /// What became of the events.
    pub report: EventReport,
    /// Events that could not be read or applied.
    pub rejects: Vec<Reject>,
}

/// What became of the events in files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventReport {
    /// Changes that are new; an event may be about several resources.
    pub applied: u64,
    /// Changes that were applied before, or are in the files more than once.
    pub repeated: u64,
    /// Changes from before the resources were fetched, which the listing has already.
    pub outdated: u64,
    /// Events that change no tags, by what they are, in the plural.
    pub others: BTreeMap<String, u64>,
    /// Resources that differ from the listing after all events of the snapshot.
    pub changed: u64,
    /// Resources that the events removed.
    pub removed: u64,
    /// Resources that were written, and whose tags are unknown until they are fetched, since no event has them.
    pub unknown: u64,
}

/// Applies events to a snapshot, and writes the result as a new one into a folder of snapshots.
///
/// Charges stay as they were billed.
///
/// # Errors
///
/// If a file cannot be read or has no events, if the snapshot that earlier events were applied to is not in the folder
/// any more, or if the snapshot cannot be written; in strict mode with the first event that cannot be applied.
pub fn apply_events(
    snapshot: &Snapshot,
    snapshots: &Path,
    paths: &[PathBuf],
    options: &EventOptions,
) -> Result<AppliedEvents, ImportError> {
    let (base, mut events) = base(snapshot, snapshots)?;
    let mut log = read(paths, options.standard_input.as_deref())?;
    let resources: Vec<Resource> = base.resources()?.collect::<Result<_, _>>()?;
    let index = Index::new(&resources);
    let mut report = EventReport { others: std::mem::take(&mut log.others), ..EventReport::default() };
    // A listing that was fetched has everything from before. When an imported file was listed is not known.
    let since = (!base.manifest().coverage.is_empty()).then(|| base.manifest().taken_at.timestamp_micros());
    let until = (options.now + AHEAD).timestamp_micros();
    for Placed { mut event, file, line } in std::mem::take(&mut log.changes) {
        match index.find(&event.resource) {
            _ if event.time > until => {
                log.refuse(&Placed { event, file, line }, "its time is in the future".to_owned());
            }
            Ok(id) => {
                id.clone_into(&mut event.resource);
                let counter = match () {
                    () if since.is_some_and(|since| event.time < since) => &mut report.outdated,
                    () if events.insert(event) => &mut report.applied,
                    () => &mut report.repeated,
                };
                *counter += 1;
            }
            Err(reason) => log.refuse(&Placed { event, file, line }, reason.to_owned()),
        }
    }
    let place = |reject: &Reject| (log.files.iter().position(|file| file.path == reject.file), reject.line);
    log.rejects.sort_by_key(place);
    if let Some(reject) = log.rejects.first().filter(|_| options.strict) {
        return Err(ImportError::Strict { reject: Box::new(reject.clone()) });
    }
    let resources = replayed(resources, &events, &mut report);
    if report.applied == 0 {
        return Ok(AppliedEvents { snapshot: snapshot.clone(), report, rejects: log.rejects });
    }
    let rejects = log.rejects.clone();
    let derived = derive(snapshot, base, events, log);
    let import = Import::derived(&resources, derived, rejects.clone(), options.now)?;
    drop(resources);
    Ok(AppliedEvents { snapshot: import.write(snapshots, &mut |_| {})?, report, rejects })
}

/// Returns the snapshot that was listed, and the events that were applied to it before.
fn base(snapshot: &Snapshot, snapshots: &Path) -> Result<(Snapshot, BTreeSet<Event>), ImportError> {
    snapshot.verify()?;
    let Some(info) = &snapshot.manifest().events else {
        return Ok((snapshot.clone(), BTreeSet::new()));
    };
    let gone = |_| ImportError::NoBase { id: snapshot.id().to_owned(), base: info.base.clone() };
    // The name comes from a file: it must not lead out of the folder.
    let is_name = info.base.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let folder = snapshots.join(if is_name { info.base.as_str() } else { "-" });
    let base = Snapshot::open(&folder).map_err(gone)?;
    base.verify()?;
    let events = snapshot.events()?.collect::<Result<_, _>>()?;
    Ok((base, events))
}

/// Returns how the new snapshot came about.
fn derive(snapshot: &Snapshot, base: Snapshot, events: BTreeSet<Event>, log: EventLog) -> Derived {
    let mut files = snapshot.manifest().events.as_ref().map(|info| info.files.clone()).unwrap_or_default();
    files.extend(log.files);
    let latest = events.iter().map(|event| event.time).max();
    let info = EventInfo {
        base: base.id().to_owned(),
        events: events.len() as u64,
        latest: latest.and_then(DateTime::from_timestamp_micros).unwrap_or_default(),
        files,
    };
    Derived { base, info, events: events.into_iter().collect() }
}

/// Returns the resources after their events.
fn replayed(resources: Vec<Resource>, events: &BTreeSet<Event>, report: &mut EventReport) -> Vec<Resource> {
    // Sorted by resource.
    let mut by_resource: FxHashMap<&str, Vec<&Event>> = FxHashMap::default();
    for event in events {
        by_resource.entry(event.resource.as_str()).or_default().push(event);
    }
    let mut replayed = Vec::with_capacity(resources.len());
    for resource in resources {
        let Some(events) = by_resource.get(resource.id.as_str()) else {
            replayed.push(resource);
            continue;
        };
        match replay(&resource, events) {
            None => report.removed += 1,
            Some(after) => {
                report.changed += u64::from(after != resource);
                report.unknown += u64::from(after.unknown.others);
                replayed.push(after);
            }
        }
    }
    replayed
}

/// Finds resources by the ids that events have.
struct Index<'r> {
    /// By what spellings of an id have in common.
    ids: FxHashMap<String, &'r str>,
    /// By the last part of ids of EC2, which calls have instead of ARNs. None: several have it.
    bare: FxHashMap<&'r str, Option<&'r str>>,
}

impl<'r> Index<'r> {
    fn new(resources: &'r [Resource]) -> Self {
        let mut index = Self { ids: FxHashMap::default(), bare: FxHashMap::default() };
        for resource in resources {
            let id = resource.id.as_str();
            index.ids.insert(join_key(id).into_owned(), id);
            if let Some(bare) = bare_id(id) {
                index.bare.entry(bare).and_modify(|known| *known = None).or_insert(Some(id));
            }
        }
        index
    }

    /// Returns the id that the snapshot has; an error is the reason why none fits.
    fn find(&self, id: &str) -> Result<&'r str, &'static str> {
        if let Some(found) = self.ids.get(join_key(id).as_ref()) {
            return Ok(found);
        }
        let by_bare = match bare_id(id).filter(|bare| ec2_kind(bare).is_some()) {
            Some(bare) => self.ids.get(bare).map(|found| Some(*found)),
            None => self.bare.get(id).copied(),
        };
        match by_bare {
            Some(Some(found)) => Ok(found),
            Some(None) => Err("several resources of the snapshot have this id"),
            None => Err("the snapshot has no such resource; a fetch lists it if it is there"),
        }
    }
}

/// Returns the bare id in an ARN of EC2, such as `i-0abc…`; None for other ids.
fn bare_id(id: &str) -> Option<&str> {
    let service = id.strip_prefix("arn:")?.split(':').nth(1);
    last_part(id).filter(|_| service == Some("ec2"))
}
