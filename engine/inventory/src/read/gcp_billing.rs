//! Billing exports of Google Cloud to BigQuery, standard and detailed, as JSON, Parquet and CSV.
//!
//! In: rows of the export. Out: charges at their cost before credits, and the credits of each as a charge of their
//! own, so that both add up to the invoice. Only the detailed export has resources. Columns are those of the export,
//! nested or with their names joined by `.` or `_`.

use std::borrow::Cow;
use std::path::Path;

use super::bill::{Charge, Layout, Place, Row, TagCell, TagKeys, need};
use crate::charges::{Amounts, Texts};
use crate::error::ImportError;
use crate::format::Format;
use crate::value::parse_moment;

/// Objects of a row whose members are columns.
pub(crate) const STRUCTS: [&str; 6] =
    ["service", "project", "location", "resource", "invoice", "adjustment_info"];

/// Columns that JSON leaves out if they are null or empty.
pub(crate) const NULLABLE: [&str; 7] =
    ["project.id", "project.labels", "resource.global_name", "resource.name", "labels", "tags", "credits"];

/// What the keys of a project's labels begin with.
pub(crate) const PROJECT_LABEL: &str = "projectLabel/";

/// Whether a header is that of such an export.
pub(crate) fn looks_like_gcp_billing(names: &[String]) -> bool {
    let has = |wanted: &'static str| Place::find(names, &[wanted]).at.is_some();
    has("billing_account_id") && has("usage_start_time") && has("cost")
}

/// Where the columns of an export stand.
#[derive(Debug)]
pub(crate) struct Columns {
    global_name: Place,
    name: Place,
    service: Place,
    billing_account: Place,
    project: Place,
    project_number: Place,
    /// The region, then a place of any size.
    regions: [Place; 2],
    kind: Place,
    start: Place,
    end: Place,
    month: Place,
    cost: Place,
    list: Place,
    credits: Place,
    currency: Place,
    labels: Place,
    tags: Place,
    project_labels: Place,
}

impl Columns {
    /// Finds them in a header.
    ///
    /// # Errors
    ///
    /// Where one is missing that an export cannot be read without.
    pub(crate) fn of(names: &[String], path: &Path) -> Result<Self, ImportError> {
        let find = |wanted| Place::find(names, &[wanted]);
        let columns = Self {
            global_name: find("resource.global_name"),
            name: find("resource.name"),
            service: find("service.description"),
            billing_account: find("billing_account_id"),
            project: find("project.id"),
            project_number: find("project.number"),
            regions: [find("location.region"), find("location.location")],
            kind: find("cost_type"),
            start: find("usage_start_time"),
            end: find("usage_end_time"),
            month: find("invoice.month"),
            cost: find("cost"),
            list: find("cost_at_list"),
            credits: find("credits"),
            currency: find("currency"),
            labels: find("labels"),
            tags: find("tags"),
            project_labels: find("project.labels"),
        };
        need(&[columns.start, columns.cost, columns.currency], path, Format::GcpBilling)?;
        Ok(columns)
    }

    /// Returns the id of the resource as inventories have it. The export identifies resources of Compute Engine by
    /// numbers, and gives their names apart from that.
    fn id<'r>(&self, row: &mut Row<'r, '_, '_>) -> Result<Option<Cow<'r, str>>, ImportError> {
        let Some(global) = row.id() else { return Ok(None) };
        let number = row.text(self.project_number)?;
        let project = row.text(self.project)?;
        let name = row.text(self.name)?;
        let named = full_name(&global, number.as_deref().zip(project.as_deref()), name.as_deref());
        Ok(Some(named.map_or(global, Cow::Owned)))
    }

    /// Returns the tags of the resource, then its labels, which count more; and below both the labels of the project,
    /// whose keys have a prefix.
    fn tags<'r>(&self, row: &mut Row<'r, '_, '_>) -> Result<TagCell<'r>, ImportError> {
        let own = row.all_tags([self.tags, self.labels], TagKeys::AsWritten)?;
        let project = row.tags(self.project_labels, TagKeys::Below(PROJECT_LABEL))?;
        Ok(project.and(own))
    }
}

/// Returns the full name with the names of the project and of the resource instead of their numbers; None if it has
/// no numbers.
fn full_name(global: &str, project: Option<(&str, &str)>, name: Option<&str>) -> Option<String> {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let rest = global.strip_prefix("//")?;
    let mut parts: Vec<&str> = rest.split('/').collect();
    if let Some((number, id)) = project
        && let Some(at) = parts.iter().position(|part| *part == "projects")
        && let Some(part) = parts.get_mut(at + 1)
        && *part == number
    {
        *part = id;
    }
    if let Some(name) = name.filter(|name| !name.contains('/'))
        && let [.., collection, last] = parts.as_mut_slice()
        && is_number(last)
    {
        *last = name;
        if *collection == "disk" {
            *collection = "disks";
        }
    }
    let named = format!("//{}", parts.join("/"));
    (named != global).then_some(named)
}

impl Layout for Columns {
    fn version(&self) -> Option<&'static str> {
        None
    }

    fn columns(&self) -> Vec<usize> {
        let [region, location] = self.regions;
        let texts = [self.global_name, self.name, self.service, self.billing_account, self.project];
        let others = [self.project_number, region, location, self.kind, self.start, self.end, self.month];
        let amounts = [self.cost, self.list, self.credits, self.currency];
        let tags = [self.labels, self.tags, self.project_labels];
        let places = texts.into_iter().chain(others).chain(amounts).chain(tags);
        places.filter_map(|place| place.at).collect()
    }

    fn tag_columns(&self) -> Vec<usize> {
        let nested = [self.labels, self.tags, self.project_labels, self.credits];
        nested.into_iter().filter_map(|place| place.at).collect()
    }

    fn is_known(&self, name: &str) -> bool {
        // Quantities, and labels that Google sets itself.
        name.starts_with("usage") || Place::is_called(name, "system_labels")
    }

    fn notes(&self) -> Vec<(&'static str, &'static str)> {
        let notes = [
            (
                self.global_name,
                "without this column no charge can be assigned to a resource; use the detailed export",
            ),
            (self.labels, "without this column charges have no labels"),
            (self.credits, "without this column costs are those before credits"),
        ];
        let absent = notes.into_iter().filter(|(place, _)| place.at.is_none());
        absent.map(|(place, reason)| (place.name, reason)).collect()
    }

    fn notes_on_empty(&self, columns: &[&'static str]) -> Vec<(&'static str, &'static str)> {
        let notes = [
            (
                "resource.global_name",
                "no charge of the file has a resource, which only the detailed export has",
            ),
            ("labels", "no charge of the file has labels"),
        ];
        notes.into_iter().filter(|(column, _)| columns.contains(column)).collect()
    }

    fn charge<'r>(&'r self, row: &mut Row<'r, '_, '_>) -> Result<Option<Charge<'r>>, ImportError> {
        if !row.read_id(self.global_name)? {
            return Ok(None);
        }
        let Some(start) = row.start(self.start, parse_moment)? else {
            return Ok(None);
        };
        let cost = row.cost(self.cost)?;
        let amounts = Amounts {
            effective: cost,
            billed: Some(cost),
            contracted: None,
            list: row.optional_cost(self.list)?,
        };
        let kind = row.text(self.kind)?;
        let billing_account = row.text(self.billing_account)?;
        let texts = Texts {
            name: row.text(self.name)?.filter(|name| !name.contains('/')),
            service: row.text(self.service)?,
            provider: Some(Cow::Borrowed("gcp")),
            account: row.text(self.project)?.or_else(|| billing_account.clone()),
            region: row.first_text(&self.regions)?,
            ..Texts::default()
        };
        Ok(Some(Charge {
            line: row.line,
            id: self.id(row)?,
            texts,
            billing_account,
            category: kind.as_deref().map(category),
            correction: kind.as_deref() == Some("adjustment"),
            currency: row.text(self.currency)?,
            invoice_month: row.month(self.month)?,
            start,
            end: row.end(self.end),
            amounts,
            credit: row.credits(self.credits)?,
            split_from: None,
            tags: self.tags(row)?,
            kept: Vec::new(),
        }))
    }
}

/// Returns the category of a charge of this type, as FOCUS calls it.
fn category(kind: &str) -> Cow<'static, str> {
    Cow::Borrowed(match kind {
        "regular" => "usage",
        "tax" => "tax",
        "adjustment" | "rounding_error" => "adjustment",
        _ => return Cow::Owned(kind.to_ascii_lowercase()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_names_without_numbers() {
        let project = Some(("42", "shop"));
        for (global, name, expected) in [
            (
                "//compute.googleapis.com/projects/42/zones/z/instances/123",
                Some("web-1"),
                Some("//compute.googleapis.com/projects/shop/zones/z/instances/web-1"),
            ),
            (
                "//compute.googleapis.com/projects/42/zones/z/disk/123",
                Some("data"),
                Some("//compute.googleapis.com/projects/shop/zones/z/disks/data"),
            ),
            ("//compute.googleapis.com/projects/shop/zones/z/instances/123", None, None),
            ("//bigquery.googleapis.com/projects/43/datasets/123", Some("projects/43/datasets/sales"), None),
            ("//storage.googleapis.com/logs", Some("logs"), None),
            ("anything", Some("x"), None),
        ] {
            assert_eq!(full_name(global, project, name).as_deref(), expected, "{global}");
        }
    }
}
