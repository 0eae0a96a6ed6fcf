//! Terraform: plans and states.
//!
//! In: what `terraform show -json` writes, or a state file. Out: the resources that can carry tags;
//! those of a plan as they will be, their ids the addresses in the configuration, and those of a
//! state as they are, their ids those of the cloud where the state tells them. Data sources, what
//! will be deleted and what cannot carry tags are left out.
//!
//! Values other than tags, names and places are not kept: a state holds secrets. A document is held
//! in memory while it is read, unlike other formats, because what a resource inherits stands at its
//! end.

mod address;
mod attributes;
mod defaults;
mod derived;
mod document;
mod tags;
mod types;

use std::borrow::Cow;
use std::io::Read;

use self::attributes::Attributes;
use self::defaults::Defaults;
use self::document::{Document, Module, Values};
use self::tags::{Tagging, tags_of};
use super::Sink;
use super::probe::Probe;
use super::record::Record;
use crate::error::ImportError;
use crate::format::Format;
use crate::reject::Flaw;
use crate::source::Source;
use crate::tags::syntax_reason;

/// Bytes of a document that are read at most.
const LIMIT: u64 = 256 * 1024 * 1024;

/// Whether the text is a plan or a state.
pub(crate) fn fits(probe: &Probe) -> bool {
    let shown = probe.has(".format_version")
        && ["terraform_version", "planned_values", "values", "resource_changes"]
            .iter()
            .any(|name| probe.has(&format!(".{name}")));
    shown || (probe.has(".terraform_version") && (probe.has(".lineage") || probe.has(".serial")))
}

/// Reads a plan or a state.
pub(crate) fn read(mut source: Source, sink: &mut Sink<'_>) -> Result<Source, ImportError> {
    let mut text = Vec::new();
    Read::by_ref(&mut source).take(LIMIT + 1).read_to_end(&mut text).map_err(|e| sink.read_error(e))?;
    if text.len() as u64 > LIMIT {
        let what = format!("more than {} MiB, the limit of a Terraform document", LIMIT >> 20);
        return Err(ImportError::TooLarge { path: sink.path().to_owned(), what });
    }
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
    if text.trim_ascii_start().first() != Some(&b'{') {
        return Err(no_document(sink));
    }
    let document: Document<'_> = serde_json::from_slice(text).map_err(|error| broken(&error, sink))?;
    if document.format_version.is_none() && document.version.is_none() {
        return Err(no_document(sink));
    }
    if document.errored {
        let reason = "the plan ended with an error, so that resources may be missing";
        sink.reject(Flaw::of_file("errored", reason))?;
        sink.gap(Format::Terraform, "errored");
    } else if document.complete == Some(false) {
        sink.gap(Format::Terraform, "complete");
    }
    let defaults = Defaults::of(&document);
    let lines = Lines::of(text);
    let mut reading = Reading { defaults, lines, sink };
    reading.read(&document)?;
    Ok(source)
}

fn no_document(sink: &Sink<'_>) -> ImportError {
    let found = "it is not a Terraform plan or state; write it with `terraform show -json PLAN`".to_owned();
    ImportError::UnknownFormat { path: sink.path().to_owned(), found }
}

fn broken(error: &serde_json::Error, sink: &Sink<'_>) -> ImportError {
    let (path, line, column) = (sink.path().to_owned(), error.line() as u64, error.column() as u64);
    if error.is_eof() {
        return ImportError::Truncated { path, line, column, what: "the JSON document" };
    }
    ImportError::Json { path, line, column, reason: syntax_reason(error) }
}

/// Where lines end in a text.
struct Lines<'a> {
    text: &'a [u8],
    ends: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn of(text: &'a [u8]) -> Self {
        Self { text, ends: memchr::memchr_iter(b'\n', text).collect() }
    }

    /// Returns the line, from 1, on which a part of the text begins.
    fn line(&self, part: &str) -> u64 {
        let at = (part.as_ptr() as usize).wrapping_sub(self.text.as_ptr() as usize);
        self.ends.partition_point(|end| *end < at) as u64 + 1
    }
}

/// A resource, wherever in a document it stands.
#[derive(Debug)]
struct Found<'a> {
    address: String,
    type_: &'a str,
    name: &'a str,
    provider: &'a str,
    /// What Terraform will do; none in a state.
    actions: Option<&'a [String]>,
    attributes: Attributes<'a>,
}

/// A document that is being read.
struct Reading<'a, 's, 'i> {
    defaults: Defaults,
    lines: Lines<'a>,
    sink: &'s mut Sink<'i>,
}

impl<'a> Reading<'a, '_, '_> {
    fn read(&mut self, document: &Document<'a>) -> Result<(), ImportError> {
        if document.version.is_some() && document.resources.is_some() {
            return self.state_file(document);
        }
        let planned = document.resource_changes.is_some() || document.planned_values.is_some();
        if planned { self.plan(document) } else { self.values(document.values.as_ref(), None) }
    }

    /// Reads what a plan changes or leaves as it is, and then what only its values tell.
    fn plan(&mut self, document: &Document<'a>) -> Result<(), ImportError> {
        let changes = document.resource_changes.as_deref().unwrap_or_default();
        for change in changes {
            let difference = &change.change;
            let gone = difference.actions.iter().all(|action| action == "delete" || action == "forget");
            if change.mode == "data" || gone || change.deposed.is_some() {
                self.leave_out();
                continue;
            }
            let attributes =
                Attributes::of(difference.after, difference.after_unknown, difference.after_sensitive);
            self.resource(&Found {
                address: change.address.clone(),
                type_: &change.type_,
                name: &change.name,
                provider: &change.provider_name,
                actions: Some(&difference.actions),
                attributes,
            })?;
        }
        let known = changes.iter().map(|change| change.address.as_str()).collect();
        self.values(document.planned_values.as_ref(), Some(&known))
    }

    /// Reads the resources of all modules, but for those that are `known` of a plan.
    fn values(
        &mut self,
        values: Option<&Values<'a>>,
        known: Option<&rustc_hash::FxHashSet<&str>>,
    ) -> Result<(), ImportError> {
        let mut modules: Vec<&Module<'a>> =
            values.and_then(|values| values.root_module.as_ref()).into_iter().collect();
        while let Some(module) = modules.pop() {
            modules.extend(module.child_modules.iter().rev());
            for resource in &module.resources {
                if known.is_some_and(|known| known.contains(resource.address.as_str())) {
                    continue;
                }
                if resource.mode == "data" {
                    self.leave_out();
                    continue;
                }
                self.resource(&Found {
                    address: resource.address.clone(),
                    type_: &resource.type_,
                    name: &resource.name,
                    provider: &resource.provider_name,
                    actions: known.map(|_| &[][..]),
                    attributes: Attributes::of(resource.values, None, resource.sensitive_values),
                })?;
            }
        }
        Ok(())
    }

    fn state_file(&mut self, document: &Document<'a>) -> Result<(), ImportError> {
        for resource in document.resources.as_deref().unwrap_or_default() {
            for instance in &resource.instances {
                if resource.mode == "data" || instance.deposed.is_some() {
                    self.leave_out();
                    continue;
                }
                let module = resource.module.as_deref();
                let key = instance.index_key.map(|key| key.get());
                self.resource(&Found {
                    address: address::of(module, &resource.type_, &resource.name, key),
                    type_: &resource.type_,
                    name: &resource.name,
                    provider: address::provider(&resource.provider),
                    actions: None,
                    attributes: Attributes::of(instance.attributes, None, None),
                })?;
            }
        }
        Ok(())
    }

    fn leave_out(&mut self) {
        self.sink.count_row();
        self.sink.leave_out();
    }

    fn resource(&mut self, found: &Found<'_>) -> Result<(), ImportError> {
        let cloud = address::cloud(found.provider);
        let defaults = self.defaults.of_resource(&found.address).clone();
        let Some(tagging) = tags_of(&found.attributes, cloud, &defaults.tags) else {
            self.leave_out();
            return Ok(());
        };
        let line = found.attributes.start().map_or(1, |start| self.lines.line(start));
        let record = record(found, cloud, tagging, defaults.region.as_deref());
        for derived in derived::of(found, &record) {
            self.sink.count_row();
            derived.hand_over(line, self.sink)?;
        }
        self.sink.count_row();
        record.hand_over(line, self.sink)
    }
}

/// Makes a record of a resource.
fn record(found: &Found<'_>, cloud: &str, tagging: Tagging, region: Option<&str>) -> Record<'static> {
    let attributes = &found.attributes;
    let own = |text: String| Cow::Owned(text);
    let arn = attributes.text("arn");
    let mut record = Record::default();
    let draft = &mut record.draft;
    draft.id = own(match found.actions {
        Some(_) => found.address.clone(),
        None => address::cloud_id(attributes).unwrap_or_else(|| found.address.clone()),
    });
    let identity = arn.as_deref().map(crate::identity::identify).unwrap_or_default();
    let type_ = types::short(found.type_).map(str::to_owned).or(identity.type_);
    draft.type_ = Some(own(type_.unwrap_or_else(|| found.type_.to_owned())));
    draft.provider = Some(own(cloud.to_owned()));
    draft.account = identity.account.map(str::to_owned).or_else(|| attributes.text("project")).map(own);
    let place = identity.region.map(str::to_owned).or_else(|| attributes.region());
    draft.region = place.or_else(|| region.map(str::to_owned)).map(own);
    draft.name =
        Some(own(attributes.name().or_else(|| tagging.name()).unwrap_or_else(|| found.name.to_owned())));
    draft.meta = Some(own(meta(found)));
    tagging.into_record(&mut record);
    record
}

/// Returns what is known of the place in the configuration, as the text of a JSON object.
fn meta(found: &Found<'_>) -> String {
    let mut terraform = serde_json::Map::new();
    terraform.insert("address".to_owned(), found.address.as_str().into());
    terraform.insert("type".to_owned(), found.type_.into());
    if let Some(module) = address::module(&found.address) {
        terraform.insert("module".to_owned(), module.into());
    }
    if let Some(actions) = found.actions.filter(|actions| !actions.is_empty()) {
        terraform.insert("actions".to_owned(), actions.join(", ").into());
    }
    serde_json::json!({ "terraform": terraform }).to_string()
}
