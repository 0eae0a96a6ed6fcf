//! Files of events: JSON and JSON lines, in whatever envelopes queues put around them.
//!
//! In: paths. Out: the changes in them with their places, and what else is in the files. A value that is not JSON is
//! a reject, and reading goes on at the next line.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::{Event, Record, aws, azure, cloudtrail, gcp};
use crate::error::ImportError;
use crate::reject::{Reject, RejectKind};
use crate::snapshot::EventFile;
use crate::source::{Source, read_error};
use crate::value::{parse_moment, shorten};

/// Bytes of a file after unpacking. A day of a large organization has some hundred megabytes.
const LIMIT: u64 = 1 << 30;

/// How many envelopes may be in each other: a queue, a topic, a bus, and the lists of each.
const DEPTH: usize = 12;

/// Members with lists of events or of messages: CloudTrail's files and look-ups, SQS, Pub/Sub.
const LISTS: [&str; 4] = ["Records", "Events", "Messages", "receivedMessages"];

/// Members with one event or message, as JSON or as a text of it.
const ENVELOPES: [&str; 6] = ["CloudTrailEvent", "message", "Body", "body", "Message", "data"];

/// A change, and where it was read.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) event: Event,
    /// Number of the file.
    pub(super) file: usize,
    /// Line on which the value starts that has it, from 1.
    pub(super) line: u64,
}

/// What files of events have.
#[derive(Debug, Default)]
pub(super) struct EventLog {
    pub(super) changes: Vec<Placed>,
    pub(super) files: Vec<EventFile>,
    /// What cannot be read.
    pub(super) rejects: Vec<Reject>,
    /// Events that change no tags, by what they are.
    pub(super) others: BTreeMap<String, u64>,
}

/// Reads files; `standard_input` is the file that the path of standard input stands for.
pub(super) fn read(paths: &[PathBuf], standard_input: Option<&Path>) -> Result<EventLog, ImportError> {
    let mut log = EventLog::default();
    for path in paths {
        let mut source = match standard_input.filter(|_| path == Path::new(crate::import::STANDARD_INPUT)) {
            Some(file) => Source::open_as(path, file)?,
            None => Source::open(path)?,
        };
        let mut bytes = Vec::new();
        let limited = source.by_ref().take(LIMIT + 1).read_to_end(&mut bytes);
        limited.map_err(|error| read_error(path, error))?;
        if bytes.len() as u64 > LIMIT {
            let what = format!("more than {} MB of events", LIMIT >> 20);
            return Err(ImportError::TooLarge { path: path.clone(), what });
        }
        let print = source.finish()?;
        let before = (log.changes.len(), log.rejects.len(), log.others.len());
        let events = log.read_text(path, &String::from_utf8_lossy(&bytes));
        if events == 0 && before.1 < log.rejects.len() {
            let reason = log.rejects.get(before.1).map(|reject| reject.reason.clone()).unwrap_or_default();
            return Err(ImportError::NoEvents { path: path.clone(), reason });
        }
        let path = path.display().to_string();
        log.files.push(EventFile { path, bytes: print.bytes, sha256: print.sha256, events });
    }
    Ok(log)
}

/// Checks that a text has events that can be read, as a file with it would.
///
/// # Errors
/// What is wrong with its first value.
pub fn check_events(text: &str) -> Result<(), String> {
    let mut log = EventLog::default();
    match (log.read_text(Path::new(""), text), log.rejects.into_iter().next()) {
        (0, Some(reject)) => Err(reject.reason),
        _ => Ok(()),
    }
}

impl EventLog {
    /// Reads the text of a file; returns how many events could be read.
    fn read_text(&mut self, path: &Path, text: &str) -> u64 {
        let (mut rest, mut line, mut events) = (text, 1_u64, 0);
        loop {
            let start = rest.trim_start();
            line += newlines(rest, rest.len() - start.len());
            if start.is_empty() {
                return events;
            }
            let mut values = serde_json::Deserializer::from_str(start).into_iter::<Value>();
            let read = values.next();
            let used = match read {
                Some(Ok(value)) => {
                    let mut messages = Vec::new();
                    open(value, DEPTH, &mut messages);
                    for message in messages {
                        events += u64::from(self.take(path, line, message));
                    }
                    values.byte_offset()
                }
                Some(Err(error)) => {
                    // The place in its message is counted from the value.
                    let reason = error.to_string();
                    let reason = reason.split(" at line ").next().unwrap_or_default();
                    let reason = format!("it is not valid JSON: {reason}");
                    let of_line = start.lines().next().unwrap_or_default();
                    self.reject(path, line, None, reason, of_line);
                    // The next value starts a line; what is inside of one is indented.
                    let next = ["\n{", "\n["].iter().filter_map(|sign| start.find(sign)).min();
                    next.unwrap_or(start.len())
                }
                None => return events,
            };
            line += newlines(start, used);
            rest = start.get(used..).unwrap_or_default();
        }
    }

    /// Takes a message; returns whether it is an event.
    fn take(&mut self, path: &Path, line: u64, message: Result<Value, (String, String)>) -> bool {
        let (value, file) = match message {
            Ok(value) => (value, self.files.len()),
            Err((reason, text)) => {
                self.reject(path, line, None, reason, &text);
                return false;
            }
        };
        match read_event(&value) {
            Ok(Record::Changes(events)) => {
                self.changes.extend(events.into_iter().map(|event| Placed { event, file, line }));
            }
            Ok(Record::Other(what)) => *self.others.entry(what).or_default() += 1,
            Err(reason) => self.reject(path, line, None, reason, &value.to_string()),
        }
        is_event(&value)
    }

    fn reject(&mut self, path: &Path, line: u64, resource: Option<String>, reason: String, text: &str) {
        self.rejects.push(Reject {
            file: path.display().to_string(),
            line,
            column: None,
            field: None,
            kind: RejectKind::Row,
            resource,
            reason,
            text: shorten(text),
        });
    }

    /// Rejects a change that can be read, but not applied.
    pub(super) fn refuse(&mut self, placed: &Placed, reason: String) {
        let path = self.files.get(placed.file).map(|file| file.path.clone()).unwrap_or_default();
        let resource = placed.event.resource.clone();
        self.reject(Path::new(&path), placed.line, Some(resource.clone()), reason, &resource);
    }
}

fn newlines(text: &str, bytes: usize) -> u64 {
    let start = text.as_bytes().get(..bytes).unwrap_or_default();
    memchr::memchr_iter(b'\n', start).count() as u64
}

/// Reads an event, which is not in an envelope.
fn read_event(value: &Value) -> Result<Record, String> {
    match () {
        () if text(value, "detail-type").is_some() => aws::read(value),
        () if text(value, "eventName").is_some() => cloudtrail::read(value),
        () if azure::fits(value) => azure::read(value),
        () if gcp::fits(value) => gcp::read(value),
        () => {
            Err("it is not an event of EventBridge, CloudTrail, Event Grid or Cloud Asset Inventory"
                .to_owned())
        }
    }
}

/// Whether a value looks like an event that can be read.
fn is_event(value: &Value) -> bool {
    text(value, "detail-type").is_some()
        || text(value, "eventName").is_some()
        || azure::fits(value)
        || gcp::fits(value)
}

/// Takes the events out of the envelopes of queues. What is none of both is an error: a reason, and its text.
fn open(value: Value, depth: usize, found: &mut Vec<Result<Value, (String, String)>>) {
    let Some(depth) = depth.checked_sub(1) else {
        found.push(Err(("it has too many envelopes around it".to_owned(), value.to_string())));
        return;
    };
    match value {
        Value::Array(values) => values.into_iter().for_each(|value| open(value, depth, found)),
        Value::String(text) => match open_text(&text) {
            Some(value) => open(value, depth, found),
            None => found.push(Err(("its message is neither JSON nor base64 of JSON".to_owned(), text))),
        },
        value if is_event(&value) => found.push(Ok(value)),
        Value::Object(mut members) => {
            let list = LISTS.iter().find(|name| members.get(**name).is_some_and(Value::is_array));
            let envelope = ENVELOPES
                .iter()
                .find(|name| members.get(**name).is_some_and(|inner| inner.is_object() || inner.is_string()));
            match list.or(envelope).and_then(|name| members.remove(*name)) {
                Some(inner) => open(inner, depth, found),
                None => found.push(Ok(Value::Object(members))),
            }
        }
        other => found.push(Ok(other)),
    }
}

/// Reads the text of a message: JSON, or base64 of it.
fn open_text(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok().or_else(|| {
        let bytes = STANDARD.decode(text.trim()).ok()?;
        serde_json::from_slice(&bytes).ok()
    })
}

/// Returns a member that is a text and not empty.
pub(super) fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name)?.as_str().filter(|text| !text.is_empty())
}

/// Returns a member that is a time, in microseconds since 1970.
pub(super) fn moment(value: &Value, names: &[&str]) -> Result<i64, String> {
    let name = names.first().copied().unwrap_or_default();
    let found =
        names.iter().find_map(|name| text(value, name)).ok_or_else(|| format!("it has no `{name}`"))?;
    parse_moment(found).ok_or_else(|| format!("its `{name}` is not a time: `{}`", shorten(found)))
}

/// Reads tags: an object, or a list of objects with a key and a value, also inside of another object as XML has it.
/// None if they have another form.
pub(super) fn tag_map(value: &Value) -> Option<BTreeMap<String, String>> {
    const WRAPPERS: [&str; 3] = ["items", "TagSet", "Tag"];
    match value {
        Value::Array(tags) => tags.iter().map(pair).collect(),
        Value::Object(members) => {
            if let Some(inner) =
                WRAPPERS.iter().find_map(|name| members.get(*name)).filter(|v| !v.is_string())
            {
                // An element that is alone is not in a list.
                return tag_map(inner)
                    .filter(|_| pair(inner).is_none())
                    .or_else(|| Some([pair(inner)?].into()));
            }
            let of = |(key, value): (&String, &Value)| Some((key.clone(), tag_value(value)?));
            members.iter().filter(|(name, _)| *name != "xmlns").map(of).collect()
        }
        _ => None,
    }
}

/// Reads tags as clouds write them into events: an object of texts. None if they have another form.
pub(super) fn text_map(value: &Value) -> Option<BTreeMap<String, String>> {
    let of = |(key, value): (&String, &Value)| Some((key.clone(), value.as_str()?.to_owned()));
    value.as_object()?.iter().map(of).collect()
}

fn tag_value(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Null => Some(String::new()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

fn pair(tag: &Value) -> Option<(String, String)> {
    let member = |names: [&str; 4]| names.iter().find_map(|name| tag.get(*name));
    let key = member(["key", "Key", "tagKey", "TagKey"])?.as_str()?;
    let value = member(["value", "Value", "tagValue", "TagValue"]).map_or(Some(String::new()), tag_value)?;
    Some((key.to_owned(), value))
}

/// Reads keys of tags: a list of texts, or of tags. None if they have another form.
pub(super) fn key_list(value: &Value) -> Option<BTreeSet<String>> {
    match value {
        Value::Array(keys) => {
            keys.iter().map(|key| key.as_str().map(str::to_owned).or_else(|| Some(pair(key)?.0))).collect()
        }
        Value::Object(members) => {
            members.get("items").map_or_else(|| Some(tag_map(value)?.into_keys().collect()), key_list)
        }
        _ => None,
    }
}
