//! Google Cloud resources as the `list` commands of `gcloud` and `bq` write them.
//!
//! Each service has resources of its own shape. Labels are the tags (`labels`, `resourceLabels` of clusters,
//! `userLabels` of databases, labels below `metadata`); `tags` are network tags, which firewalls use, and stay in
//! `meta`. The id is the full name that Google gives the resource, made from its `selfLink`.

use std::borrow::Cow;

use super::gcp_assets::{read_data, read_labels};
use super::members::{object, text};
use super::probe::Probe;
use super::record::{BadRow, Meta, Record};
use crate::identity::{google_full_name, identify};
use crate::tags::Members;

/// Starts of the `kind` of a resource.
const KINDS: [&str; 6] = ["compute#", "sql#", "storage#", "container#", "bigquery#", "dns#"];

/// Collections of names like `projects/p/topics/t`, and their services.
const SERVICES: [(&str, &str); 9] = [
    ("functions", "cloudfunctions.googleapis.com"),
    ("topics", "pubsub.googleapis.com"),
    ("subscriptions", "pubsub.googleapis.com"),
    ("secrets", "secretmanager.googleapis.com"),
    ("repositories", "artifactregistry.googleapis.com"),
    ("keyRings", "cloudkms.googleapis.com"),
    ("cryptoKeys", "cloudkms.googleapis.com"),
    ("services", "run.googleapis.com"),
    ("clusters", "container.googleapis.com"),
];

/// Whether the text holds such a list.
pub(super) fn fits(probe: &Probe) -> bool {
    let text = |name: &str| probe.text_in_record(&[], name);
    let is_link = text("selfLink").is_some_and(|link| link.contains("googleapis.com/"));
    let is_kind = text("kind").is_some_and(|kind| KINDS.iter().any(|start| kind.starts_with(start)));
    let is_bucket = text("storage_url").is_some_and(|url| url.starts_with("gs://"));
    let is_project = probe.has_in_record(&[], "projectNumber") && probe.has_in_record(&[], "projectId");
    let is_service = text("apiVersion").is_some_and(|version| version.starts_with("serving.knative.dev/"));
    let is_named =
        text("name").is_some_and(|name| name.starts_with("projects/") && name.matches('/').count() > 2);
    is_link || is_kind || is_bucket || is_project || is_service || is_named
}

/// Whether a record is one of such a list rather than an asset.
pub(super) fn is_listed(members: &Members<'_>) -> bool {
    members.json("assetType").is_none() && members.json("asset_type").is_none()
}

/// Reads a resource.
pub(super) fn parse<'a>(members: &Members<'a>) -> Result<Record<'a>, BadRow> {
    let mut record = Record::default();
    let mut meta = Meta::default();
    for (name, value) in &members.0 {
        if !matches!(name.as_ref(), "labels" | "resourceLabels") {
            meta.add(name, value.get());
        }
    }
    let metadata = object(members, "metadata");
    let settings = object(members, "settings");
    let (id, type_) = id_and_type(members, metadata.as_ref());
    record.draft.provider = Some(Cow::Borrowed("gcp"));
    record.draft.type_ = type_.map(Cow::Borrowed);
    record.draft.account = text(members, "projectId").or_else(|| text(members, "project"));
    if record.draft.account.is_none() {
        record.draft.account = identify(&id).account.map(|account| Cow::Owned(account.to_owned()));
    }
    record.draft.id = Cow::Owned(id);
    read_data(&mut record, members);
    if let Some(metadata) = &metadata {
        read_data(&mut record, metadata);
    }
    record.draft.name = record.draft.name.take().or_else(|| text(members, "friendlyName"));
    record.draft.meta = meta.into_json().map(Cow::Owned);
    let labels = ["labels", "resourceLabels"].iter().find_map(|name| members.json(name));
    let of_settings = || settings.as_ref().and_then(|settings| settings.json("userLabels"));
    let of_metadata = || metadata.as_ref().and_then(|metadata| metadata.json("labels"));
    if let Some(labels) = labels.or_else(of_settings).or_else(of_metadata) {
        read_labels(&mut record, labels);
    }
    record.check_id("it has neither a `selfLink` nor a full `name`")?;
    Ok(record)
}

/// Returns the full name of a resource, and its type where the name does not show it.
fn id_and_type(members: &Members<'_>, metadata: Option<&Members<'_>>) -> (String, Option<&'static str>) {
    let kind = text(members, "kind");
    let link = text(members, "selfLink").and_then(|link| google_full_name(&link));
    if let Some(id) = link {
        let is_database = kind.as_deref() == Some("sql#instance");
        return (id, is_database.then_some("sqladmin.googleapis.com/Instance"));
    }
    if let Some(url) = text(members, "storage_url") {
        let name = url.strip_prefix("gs://").unwrap_or(&url);
        return (format!("//storage.googleapis.com/{}", name.trim_end_matches('/')), None);
    }
    if let Some(dataset) = object(members, "datasetReference") {
        let part = |name: &str| text(&dataset, name).unwrap_or_default().into_owned();
        let (project, name) = (part("projectId"), part("datasetId"));
        return (format!("//bigquery.googleapis.com/projects/{project}/datasets/{name}"), None);
    }
    if let (Some(project), Some(_)) = (text(members, "projectId"), members.json("projectNumber")) {
        let id = format!("//cloudresourcemanager.googleapis.com/projects/{project}");
        return (id, Some("cloudresourcemanager.googleapis.com/Project"));
    }
    if let Some(metadata) = metadata
        && let (Some(project), Some(name)) = (text(metadata, "namespace"), text(metadata, "name"))
    {
        let id = format!("//run.googleapis.com/projects/{project}/services/{name}");
        return (id, Some("run.googleapis.com/Service"));
    }
    let name = text(members, "name").unwrap_or_default();
    let collection = name.rsplit('/').nth(1).unwrap_or_default();
    match SERVICES.iter().find(|(known, _)| *known == collection) {
        Some((_, service)) if name.starts_with("projects/") => (format!("//{service}/{name}"), None),
        _ if name.starts_with("projects/") => (name.into_owned(), None),
        _ => (String::new(), None),
    }
}
