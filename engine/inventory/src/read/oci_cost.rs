//! Cost reports of Oracle Cloud Infrastructure, as CSV.
//!
//! In: a header and rows. Out: charges at `cost/myCost`. A report has corrections as rows of their own, and no
//! invoice months. Each tag has a column, defined tags with their namespace: `tags/Operations.CostCenter`.

use std::borrow::Cow;
use std::path::Path;

use super::bill::{Charge, Layout, Place, Row, TagCell, need};
use crate::charges::{Amounts, Texts};
use crate::error::ImportError;
use crate::format::Format;
use crate::value::parse_moment;

/// What stands before the key of a tag in the names of columns.
const TAG_COLUMN: &str = "tags/";

/// Whether a header is that of such a report.
pub(crate) fn looks_like_oci_cost(names: &[String]) -> bool {
    let has = |wanted: &'static str| Place::find(names, &[wanted]).at.is_some();
    has("lineItem/intervalUsageStart") && has("cost/myCost")
}

/// Where the columns of a report stand.
#[derive(Debug)]
pub(crate) struct Columns {
    id: Place,
    service: Place,
    tenancy: Place,
    compartment: Place,
    region: Place,
    start: Place,
    end: Place,
    correction: Place,
    cost: Place,
    currency: Place,
    /// By key.
    tags: Vec<(Place, String)>,
}

impl Columns {
    /// Finds them in a header.
    ///
    /// # Errors
    ///
    /// Where one is missing that a report cannot be read without.
    pub(crate) fn of(names: &[String], path: &Path) -> Result<Self, ImportError> {
        let find = |wanted| Place::find(names, &[wanted]);
        let tag = |(at, name): (usize, &String)| {
            let key = name.strip_prefix(TAG_COLUMN)?;
            Some((Place { name: "tags", at: Some(at) }, key.to_owned()))
        };
        let columns = Self {
            id: find("product/resourceId"),
            service: find("product/service"),
            tenancy: find("lineItem/tenantId"),
            compartment: find("product/compartmentId"),
            region: find("product/region"),
            start: find("lineItem/intervalUsageStart"),
            end: find("lineItem/intervalUsageEnd"),
            correction: find("lineItem/isCorrection"),
            cost: find("cost/myCost"),
            currency: find("cost/currencyCode"),
            tags: names.iter().enumerate().filter_map(tag).collect(),
        };
        need(&[columns.id, columns.start, columns.cost, columns.currency], path, Format::OciCost)?;
        Ok(columns)
    }
}

impl Layout for Columns {
    fn version(&self) -> Option<&'static str> {
        None
    }

    fn columns(&self) -> Vec<usize> {
        let texts = [self.id, self.service, self.tenancy, self.compartment, self.region];
        let others = [self.start, self.end, self.correction, self.cost, self.currency];
        let tags = self.tags.iter().map(|(place, _)| *place);
        texts.into_iter().chain(others).chain(tags).filter_map(|place| place.at).collect()
    }

    fn tag_columns(&self) -> Vec<usize> {
        Vec::new()
    }

    fn is_known(&self, name: &str) -> bool {
        // Quantities, prices, and the part of the cost that exceeds a commitment.
        name.starts_with("cost/") || name.starts_with("usage/")
    }

    fn notes(&self) -> Vec<(&'static str, &'static str)> {
        match self.tags.is_empty() {
            true => vec![("tags", "the report has no columns of tags, such as `tags/Operations.CostCenter`")],
            false => Vec::new(),
        }
    }

    fn charge<'r>(&'r self, row: &mut Row<'r, '_, '_>) -> Result<Option<Charge<'r>>, ImportError> {
        if !row.read_id(self.id)? {
            return Ok(None);
        }
        let Some(start) = row.start(self.start, parse_moment)? else {
            return Ok(None);
        };
        let cost = row.cost(self.cost)?;
        let tenancy = row.text(self.tenancy)?;
        let texts = Texts {
            service: row.text(self.service)?,
            provider: Some(Cow::Borrowed("oci")),
            account: row.text(self.compartment)?.or_else(|| tenancy.clone()),
            region: row.text(self.region)?,
            ..Texts::default()
        };
        let mut tags = Vec::new();
        for (place, key) in &self.tags {
            if let Some(value) = row.text(*place)? {
                tags.push((Cow::Borrowed(key.as_str()), value));
            }
        }
        Ok(Some(Charge {
            line: row.line,
            id: row.id(),
            texts,
            billing_account: tenancy,
            category: Some(Cow::Borrowed("usage")),
            correction: row.text(self.correction)?.is_some_and(|text| text.eq_ignore_ascii_case("true")),
            currency: row.text(self.currency)?,
            invoice_month: None,
            start,
            end: row.end(self.end),
            amounts: Amounts { effective: cost, billed: Some(cost), ..Amounts::default() },
            credit: None,
            split_from: None,
            tags: TagCell::Pairs(tags),
            kept: Vec::new(),
        }))
    }
}
