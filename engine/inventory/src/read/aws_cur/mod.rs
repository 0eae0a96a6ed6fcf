//! AWS cost and usage reports: the legacy one and CUR 2.0, as CSV and Parquet.
//!
//! In: a header and rows. Out: charges at their amortized cost: what reservations and savings plans
//! cover costs what it takes up of them, what of them is unused costs by itself, and their upfront
//! fees cost nothing more. A report without the columns for that is read at unblended cost.

use std::borrow::Cow;
use std::path::Path;

use rust_decimal::Decimal;

use super::bill::{Charge, Layout, Place, Row, TagCell, TagKeys, Texts};
use crate::error::ImportError;
use crate::format::Format;
use crate::value::parse_moment;

/// What AWS writes before the key of a tag in the names of columns.
const TAG_COLUMNS: [&str; 2] = ["resourceTags/", "resource_tags_"];

/// Whether a header is that of such a report.
pub(crate) fn looks_like_cur(names: &[String]) -> bool {
    names.iter().any(|name| name.starts_with("lineItem/") || name.starts_with("line_item_"))
}

/// Where the columns of a report stand.
#[derive(Debug)]
pub(crate) struct Columns {
    version: &'static str,
    id: Place,
    kind: Place,
    product: Place,
    account: Place,
    payer: Place,
    region: Place,
    zone: Place,
    start: Place,
    end: Place,
    currency: Place,
    costs: Costs,
    tags: Tags,
}

/// The columns that a cost is made of.
#[derive(Debug, Clone, Copy)]
struct Costs {
    unblended: Place,
    reservation: Place,
    reservation_arn: Place,
    unused_upfront: Place,
    unused_recurring: Place,
    plan: Place,
    plan_total: Place,
    plan_used: Place,
}

/// The columns of tags.
#[derive(Debug)]
enum Tags {
    /// One column with all of them.
    Together(Place),
    /// A column a key, the key as the owner wrote it.
    Apart(Vec<(usize, String)>),
}

impl Columns {
    /// Finds them in a header.
    ///
    /// # Errors
    ///
    /// Where one is missing that a report cannot be read without.
    pub(crate) fn of(names: &[String], path: &Path) -> Result<Self, ImportError> {
        let find = |wanted: &[&'static str]| Place::find(names, wanted);
        let tags = find(&["resource_tags", "tags"]);
        let columns = Self {
            version: if tags.at.is_some() { "2.0" } else { "legacy" },
            id: find(&["lineItem/ResourceId"]),
            kind: find(&["lineItem/LineItemType"]),
            product: find(&["lineItem/ProductCode"]),
            account: find(&["lineItem/UsageAccountId"]),
            payer: find(&["bill/PayerAccountId"]),
            region: find(&["product/regionCode", "product/region"]),
            zone: find(&["lineItem/AvailabilityZone"]),
            start: find(&["lineItem/UsageStartDate"]),
            end: find(&["lineItem/UsageEndDate"]),
            currency: find(&["lineItem/CurrencyCode"]),
            costs: Costs {
                unblended: find(&["lineItem/UnblendedCost"]),
                reservation: find(&["reservation/EffectiveCost"]),
                reservation_arn: find(&["reservation/ReservationARN"]),
                unused_upfront: find(&["reservation/UnusedAmortizedUpfrontFeeForBillingPeriod"]),
                unused_recurring: find(&["reservation/UnusedRecurringFee"]),
                plan: find(&["savingsPlan/SavingsPlanEffectiveCost"]),
                plan_total: find(&["savingsPlan/TotalCommitmentToDate"]),
                plan_used: find(&["savingsPlan/UsedCommitment"]),
            },
            tags: match tags.at {
                Some(_) => Tags::Together(tags),
                None => Tags::Apart(tag_columns(names)),
            },
        };
        let needed = [columns.kind, columns.start, columns.currency, columns.costs.unblended];
        super::need(&needed, path, Format::AwsCur)?;
        Ok(columns)
    }

    /// Returns the id as other sources write it: a bucket's is only its name here.
    fn id<'r>(&self, row: &mut Row<'r, '_, '_>) -> Result<Option<Cow<'r, str>>, ImportError> {
        let bucket = row.text(self.product)?.is_some_and(|product| product == "AmazonS3");
        Ok(row.id().map(|id| match bucket && !id.contains([':', '/']) {
            true => Cow::Owned(format!("arn:aws:s3:::{id}")),
            false => id,
        }))
    }

    /// Returns the region, else that of the availability zone.
    fn region<'r>(&self, row: &mut Row<'r, '_, '_>) -> Result<Option<Cow<'r, str>>, ImportError> {
        if let Some(region) = row.text(self.region)? {
            return Ok(Some(region));
        }
        let zone = row.text(self.zone)?;
        Ok(zone.as_deref().and_then(super::aws_region).map(|region| Cow::Owned(region.to_owned())))
    }

    fn tags<'r>(&'r self, row: &mut Row<'r, '_, '_>) -> Result<TagCell<'r>, ImportError> {
        let columns = match &self.tags {
            Tags::Together(place) => return row.tags(*place, TagKeys::AwsCur),
            Tags::Apart(columns) => columns,
        };
        let mut pairs = Vec::new();
        for (at, key) in columns {
            if let Some(value) = row.text(Place { name: "resourceTags", at: Some(*at) })? {
                pairs.push((Cow::Borrowed(key.as_str()), value));
            }
        }
        Ok(TagCell::Pairs(pairs))
    }
}

/// Returns the columns of one tag each.
fn tag_columns(names: &[String]) -> Vec<(usize, String)> {
    let key = |name: &String| {
        let key = TAG_COLUMNS.iter().find_map(|prefix| name.strip_prefix(prefix))?;
        tag_key(key).map(Cow::into_owned)
    };
    names.iter().enumerate().filter_map(|(at, name)| Some((at, key(name)?))).collect()
}

/// Returns the key of a tag as its owner wrote it; none where it is not a tag of the resource.
///
/// Parquet and CUR 2.0 write `user_cost_center` for `CostCenter` and `aws_created_by` for
/// `aws:createdBy`; what case and separators were is lost there.
pub(crate) fn tag_key(key: &str) -> Option<Cow<'_, str>> {
    if ["accountTag/", "costCategory/", "userAttribute/"].iter().any(|other| key.starts_with(other)) {
        return None;
    }
    let key = key.strip_prefix("resourceTags/").unwrap_or(key);
    if let Some(own) = key.strip_prefix("user:").or_else(|| key.strip_prefix("user_")) {
        return Some(Cow::Borrowed(own));
    }
    Some(match key.strip_prefix("aws_") {
        Some(aws) => Cow::Owned(format!("aws:{aws}")),
        None => Cow::Borrowed(key),
    })
}

impl Costs {
    /// Returns the amortized cost of a line of this type.
    fn of(&self, kind: &str, row: &mut Row<'_, '_, '_>) -> Result<Decimal, ImportError> {
        let amortised = match kind {
            "SavingsPlanCoveredUsage" => row.optional_cost(self.plan)?,
            "SavingsPlanRecurringFee" => {
                let total = row.optional_cost(self.plan_total)?;
                let used = row.optional_cost(self.plan_used)?;
                total.zip(used).and_then(|(total, used)| total.checked_sub(used))
            }
            "SavingsPlanNegation" | "SavingsPlanUpfrontFee" if self.plan.at.is_some() => Some(Decimal::ZERO),
            "DiscountedUsage" => row.optional_cost(self.reservation)?,
            "RIFee" => {
                let upfront = row.optional_cost(self.unused_upfront)?;
                let recurring = row.optional_cost(self.unused_recurring)?;
                upfront.zip(recurring).and_then(|(upfront, recurring)| upfront.checked_add(recurring))
            }
            "Fee" if row.text(self.reservation_arn)?.is_some() => Some(Decimal::ZERO),
            _ => None,
        };
        match amortised {
            Some(cost) => Ok(cost),
            None => row.cost(self.unblended),
        }
    }

    fn places(&self) -> [Place; 8] {
        let reservation =
            [self.reservation, self.reservation_arn, self.unused_upfront, self.unused_recurring];
        let [a, b, c, d] = reservation;
        [self.unblended, a, b, c, d, self.plan, self.plan_total, self.plan_used]
    }
}

impl Layout for Columns {
    fn version(&self) -> Option<&'static str> {
        Some(self.version)
    }

    fn columns(&self) -> Vec<usize> {
        let tags: Vec<usize> = match &self.tags {
            Tags::Together(place) => place.at.into_iter().collect(),
            Tags::Apart(columns) => columns.iter().map(|(at, _)| *at).collect(),
        };
        let texts = [self.id, self.kind, self.product, self.account, self.payer, self.region, self.zone];
        let others = [self.start, self.end, self.currency];
        let places = texts.into_iter().chain(others).chain(self.costs.places());
        places.filter_map(|place| place.at).chain(tags).collect()
    }

    fn notes(&self) -> Vec<(&'static str, &'static str)> {
        let mut notes = Vec::new();
        if self.id.at.is_none() {
            notes.push((
                self.id.name,
                "without this column no charge can be assigned to a resource; create the report with resource ids",
            ));
        }
        if matches!(&self.tags, Tags::Apart(columns) if columns.is_empty()) {
            notes.push((
                "resourceTags",
                "the report has no columns of tags; activate the keys as cost allocation tags, or import an inventory with it",
            ));
        }
        notes
    }

    fn charge<'r>(&'r self, row: &mut Row<'r, '_, '_>) -> Result<Option<Charge<'r>>, ImportError> {
        if !row.read_id(self.id)? {
            return Ok(None);
        }
        let Some(start) = row.start(self.start, parse_moment)? else {
            return Ok(None);
        };
        let kind = row.text(self.kind)?.unwrap_or_default();
        let cost = self.costs.of(&kind, row)?;
        let account = match row.text(self.account)? {
            None => row.text(self.payer)?,
            account => account,
        };
        let texts = Texts {
            service: row.text(self.product)?,
            provider: Some(Cow::Borrowed("aws")),
            account,
            region: self.region(row)?,
            ..Texts::default()
        };
        Ok(Some(Charge {
            line: row.line,
            id: self.id(row)?,
            texts,
            currency: row.text(self.currency)?,
            start,
            end: row.end(self.end),
            cost,
            tags: self.tags(row)?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_tags() {
        for (written, key) in [
            ("user:CostCenter", Some("CostCenter")),
            ("user_cost_center", Some("cost_center")),
            ("resourceTags/appName", Some("appName")),
            ("resourceTags/user:Env", Some("Env")),
            ("aws:createdBy", Some("aws:createdBy")),
            ("aws_created_by", Some("aws:created_by")),
            ("accountTag/department", None),
            ("costCategory/Team", None),
            ("userAttribute/Department", None),
        ] {
            assert_eq!(tag_key(written).as_deref(), key, "{written}");
        }
    }
}
