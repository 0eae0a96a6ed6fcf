//! Terraform: plans and states.
//!
//! In: what `terraform show -json` writes, or a state file. Out: the resources that can carry tags;
//! those of a plan as they will be, their ids the addresses in the configuration, and those of a
//! state as they are, their ids those of the cloud where the state tells them. Data sources, what
//! will be deleted and types without tags are left out, and noted; a resource whose tags cannot be read is
//! rejected.
//!
//! Values other than tags, names and places are not kept: a state holds secrets. A document is held
//! in memory while it is read, unlike other formats, because what a resource inherits stands at its
//! end.

mod address;
mod attributes;
mod defaults;
mod derived;
mod document;
mod launch;
mod tags;
mod types;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Read;

use serde_json::value::RawValue;

use self::attributes::Attributes;
use self::defaults::Defaults;
use self::document::{Document, Module, Values};
use self::launch::{TEMPLATE, Templates};
use self::tags::{Tagging, Tags, tags_of};
use super::probe::Probe;
use super::record::Record;
use crate::error::ImportError;
use crate::format::Format;
use crate::reject::Flaw;
use crate::sink::Sink;
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
    let mut templates = Templates::of(&document);
    each_resource(&document, &mut |stated| {
        if let Stated::Resource(resource) = stated
            && resource.type_ == TEMPLATE
        {
            templates.add(&resource.address, &resource.attributes());
        }
        Ok(())
    })?;
    let (defaults, lines) = (Defaults::of(&document), Lines::of(text));
    let mut reading = Reading { defaults, lines, templates, left_out: LeftOut::default(), sink };
    each_resource(&document, &mut |stated| reading.take(stated))?;
    reading.left_out.note(reading.sink);
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

/// A resource as a document states it, its values not yet looked at.
struct Statement<'a> {
    address: String,
    type_: &'a str,
    name: &'a str,
    provider: &'a str,
    actions: Option<&'a [String]>,
    known: Option<&'a RawValue>,
    unknown: Option<&'a RawValue>,
    sensitive: Option<&'a RawValue>,
}

impl<'a> Statement<'a> {
    fn attributes(&self) -> Attributes<'a> {
        Attributes::of(self.known, self.unknown, self.sensitive)
    }
}

/// Something that a document states.
enum Stated<'a> {
    Resource(Statement<'a>),
    /// A data source, or an old object that is being replaced.
    NoResource,
    /// A resource that the plan deletes.
    Deleted,
}

/// What is called with each resource.
type Visit<'v, 'a> = &'v mut dyn FnMut(Stated<'a>) -> Result<(), ImportError>;

/// Visits the resources of a plan or a state, in their order.
fn each_resource<'a>(document: &'a Document<'a>, visit: Visit<'_, 'a>) -> Result<(), ImportError> {
    if document.version.is_some() && document.resources.is_some() {
        return each_of_state_file(document, visit);
    }
    let planned = document.resource_changes.is_some() || document.planned_values.is_some();
    match planned {
        true => each_of_plan(document, visit),
        false => each_of_values(document.values.as_ref(), None, visit),
    }
}

/// Visits what a plan changes or leaves as it is, and then what only its values have.
fn each_of_plan<'a>(document: &'a Document<'a>, visit: Visit<'_, 'a>) -> Result<(), ImportError> {
    let changes = document.resource_changes.as_deref().unwrap_or_default();
    for change in changes {
        let difference = &change.change;
        if change.mode == "data" || change.deposed.is_some() {
            visit(Stated::NoResource)?;
            continue;
        }
        if difference.actions.iter().all(|action| action == "delete" || action == "forget") {
            visit(Stated::Deleted)?;
            continue;
        }
        visit(Stated::Resource(Statement {
            address: change.address.clone(),
            type_: &change.type_,
            name: &change.name,
            provider: &change.provider_name,
            actions: Some(&difference.actions),
            known: difference.after,
            unknown: difference.after_unknown,
            sensitive: difference.after_sensitive,
        }))?;
    }
    let known = changes.iter().map(|change| change.address.as_str()).collect();
    each_of_values(document.planned_values.as_ref(), Some(&known), visit)
}

/// Visits the resources of all modules, but for those that are `known` of a plan.
fn each_of_values<'a>(
    values: Option<&'a Values<'a>>,
    known: Option<&rustc_hash::FxHashSet<&str>>,
    visit: Visit<'_, 'a>,
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
                visit(Stated::NoResource)?;
                continue;
            }
            visit(Stated::Resource(Statement {
                address: resource.address.clone(),
                type_: &resource.type_,
                name: &resource.name,
                provider: &resource.provider_name,
                actions: known.map(|_| &[][..]),
                known: resource.values,
                unknown: None,
                sensitive: resource.sensitive_values,
            }))?;
        }
    }
    Ok(())
}

fn each_of_state_file<'a>(document: &'a Document<'a>, visit: Visit<'_, 'a>) -> Result<(), ImportError> {
    for resource in document.resources.as_deref().unwrap_or_default() {
        for instance in &resource.instances {
            if resource.mode == "data" || instance.deposed.is_some() {
                visit(Stated::NoResource)?;
                continue;
            }
            let module = resource.module.as_deref();
            let key = instance.index_key.map(|key| key.get());
            visit(Stated::Resource(Statement {
                address: address::of(module, &resource.type_, &resource.name, key),
                type_: &resource.type_,
                name: &resource.name,
                provider: address::provider(&resource.provider),
                actions: None,
                known: instance.attributes,
                unknown: None,
                sensitive: None,
            }))?;
        }
    }
    Ok(())
}

/// Resources that are not judged, by the reason.
#[derive(Debug, Default)]
struct LeftOut {
    untaggable: BTreeMap<String, u64>,
    deleted: u64,
}

/// Types that a note names.
const NAMED_TYPES: usize = 8;

impl LeftOut {
    /// Notes how many resources are left out, and why.
    fn note(&self, sink: &mut Sink<'_>) {
        if !self.untaggable.is_empty() {
            let mut types: Vec<_> = self.untaggable.iter().collect();
            types.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
            let named = types.iter().take(NAMED_TYPES).map(|(type_, count)| format!("`{type_}` ({count})"));
            let mut named = named.collect::<Vec<_>>().join(", ");
            if types.len() > NAMED_TYPES {
                named.push_str(&format!(" and {} more", types.len() - NAMED_TYPES));
            }
            sink.remark("", &format!("resources of types without tags are not evaluated: {named}"));
        }
        if self.deleted > 0 {
            let reason = format!("resources that the plan deletes are not evaluated: {}", self.deleted);
            sink.remark("", &reason);
        }
    }
}

/// A document that is being read.
struct Reading<'a, 's, 'i> {
    defaults: Defaults,
    lines: Lines<'a>,
    templates: Templates,
    left_out: LeftOut,
    sink: &'s mut Sink<'i>,
}

impl Reading<'_, '_, '_> {
    fn take(&mut self, stated: Stated<'_>) -> Result<(), ImportError> {
        let statement = match stated {
            Stated::Resource(statement) => statement,
            Stated::NoResource => {
                self.leave_out();
                return Ok(());
            }
            Stated::Deleted => {
                self.left_out.deleted += 1;
                self.leave_out();
                return Ok(());
            }
        };
        let attributes = statement.attributes();
        let Statement { address, type_, name, provider, actions, .. } = statement;
        self.resource(&Found { address, type_, name, provider, actions, attributes })
    }

    fn leave_out(&mut self) {
        self.sink.count_row();
        self.sink.leave_out();
    }

    fn resource(&mut self, found: &Found<'_>) -> Result<(), ImportError> {
        let cloud = address::cloud(found.provider);
        let provider = found.provider.rsplit('/').next().unwrap_or(found.provider);
        let defaults = self.defaults.of_resource(&found.address);
        let line = found.attributes.start().map_or(1, |start| self.lines.line(start));
        let mut tagging = match tags_of(&found.attributes, (provider, found.type_), defaults) {
            Tags::Read(tagging) => tagging,
            Tags::Untaggable => {
                *self.left_out.untaggable.entry(found.type_.to_owned()).or_default() += 1;
                self.leave_out();
                return Ok(());
            }
            Tags::Unreadable { attribute, reason } => {
                self.sink.count_row();
                let reason =
                    format!("the resource is not evaluated, because `{attribute}` cannot be read: {reason}");
                let flaw = Flaw::row(line, reason, crate::value::shorten(&found.address));
                let resource = Some(found.address.clone());
                return self.sink.reject(Flaw { field: Some(attribute), resource, ..flaw });
            }
        };
        if found.type_ == "aws_instance"
            && let launch::Launch::Template(template) =
                self.templates.of_resource(&found.address, &found.attributes)
        {
            tagging.add_below(&template.instances);
        }
        let record = record(found, cloud, tagging, defaults.region.as_deref());
        for derived in derived::of(found, &record, &self.templates) {
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
    let type_ = type_.or_else(|| azapi_type(found));
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

/// Returns the type of a resource that is sent to the API of Azure as it is: `microsoft.app/containerapps` of
/// `Microsoft.App/containerApps@2024-03-01`.
fn azapi_type(found: &Found<'_>) -> Option<String> {
    let type_ = found.type_.starts_with("azapi_").then(|| found.attributes.text("type"))??;
    type_.split_once('@').map(|(type_, _)| type_.to_lowercase())
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
