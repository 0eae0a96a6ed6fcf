//! AWS cost and usage reports: the legacy one and CUR 2.0, as CSV and Parquet.
//!
//! In: a header and rows. Out: charges at their amortized cost: what reservations and savings plans
//! cover costs what it takes up of them, what of them is unused costs by itself, and their upfront
//! fees cost nothing more. A report without the columns for that is read at unblended cost.

use std::borrow::Cow;
use std::path::Path;

use rust_decimal::Decimal;

use super::bill::{Charge, Layout, Place, Row, TagCell, TagKeys, aws_cur_key, need};
use crate::charges::{Amounts, Texts};
use crate::error::ImportError;
use crate::format::Format;
use crate::identity::bucket_arn;
use crate::value::parse_moment;

/// What AWS writes before the key of a tag in the names of columns.
const TAG_COLUMNS: [&str; 2] = ["resourceTags/", "resource_tags_"];

/// What it writes before the keys of an account's tags, of cost categories and of a user's attributes.
const OTHER_TAG_COLUMNS: [&str; 5] =
    ["accountTag/", "costCategory/", "userAttribute/", "iamPrincipal/", "cost_category_"];

/// The first words of columns of the report itself. Amounts among them that are not read are included in others.
const KNOWN: [&str; 7] =
    ["lineitem", "reservation", "savingsplan", "pricing", "discount", "splitlineitem", "product"];

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
    /// Its code, then its name in older reports.
    regions: [Place; 2],
    zone: Place,
    start: Place,
    end: Place,
    period: (Place, Place),
    currency: Place,
    costs: Costs,
    list: Place,
    split: Split,
    tags: Tags,
}

/// The columns of a part of an instance, such as a pod: AWS spreads the cost of an instance over what ran on it.
#[derive(Debug, Clone, Copy)]
struct Split {
    /// The instance.
    parent: Place,
    cost: Place,
    unused: Place,
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
    /// Columns with all of them. The first has tags of resources only, the second those of accounts, principals
    /// and cost categories too; the third has cost categories only. Any may be absent.
    Together([Place; 2], Place),
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
        let tags = [find(&["resource_tags"]), find(&["tags"])];
        let categories = find(&["cost_category"]);
        let is_new = tags.iter().chain([&categories]).any(|place| place.at.is_some());
        let columns = Self {
            version: if is_new { "2.0" } else { "legacy" },
            id: find(&["lineItem/ResourceId"]),
            kind: find(&["lineItem/LineItemType"]),
            product: find(&["lineItem/ProductCode"]),
            account: find(&["lineItem/UsageAccountId"]),
            payer: find(&["bill/PayerAccountId"]),
            regions: [find(&["product/regionCode"]), find(&["product/region"])],
            zone: find(&["lineItem/AvailabilityZone"]),
            start: find(&["lineItem/UsageStartDate"]),
            end: find(&["lineItem/UsageEndDate"]),
            period: (find(&["bill/BillingPeriodStartDate"]), find(&["bill/BillingPeriodEndDate"])),
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
            list: find(&["pricing/publicOnDemandCost"]),
            split: Split {
                parent: find(&["splitLineItem/ParentResourceId"]),
                cost: find(&["splitLineItem/SplitCost"]),
                unused: find(&["splitLineItem/UnusedCost"]),
            },
            tags: match is_new {
                true => Tags::Together(tags, categories),
                false => Tags::Apart(tag_columns(names)),
            },
        };
        let needed = [columns.kind, columns.start, columns.currency, columns.costs.unblended];
        need(&needed, path, Format::AwsCur)?;
        Ok(columns)
    }

    /// Returns the id as other sources write it: a bucket's is only its name here.
    fn id<'r>(&self, row: &mut Row<'r, '_, '_>) -> Result<Option<Cow<'r, str>>, ImportError> {
        let bucket = row.text(self.product)?.is_some_and(|product| product == "AmazonS3");
        Ok(row.id().map(|id| if bucket { bucket_arn(id) } else { id }))
    }

    /// Returns the region, else that of the availability zone.
    fn region<'r>(&self, row: &mut Row<'r, '_, '_>) -> Result<Option<Cow<'r, str>>, ImportError> {
        if let Some(region) = row.first_text(&self.regions)? {
            return Ok(Some(region));
        }
        let zone = row.text(self.zone)?;
        Ok(zone.as_deref().and_then(super::aws_region).map(|region| Cow::Owned(region.to_owned())))
    }

    fn tags<'r>(&'r self, row: &mut Row<'r, '_, '_>) -> Result<TagCell<'r>, ImportError> {
        let columns = match &self.tags {
            Tags::Together(places, categories) => {
                let categories = row.tags(*categories, TagKeys::Below("costCategory/"))?;
                return Ok(categories.and(row.all_tags(*places, TagKeys::AwsCur)?));
            }
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
        let resource = TAG_COLUMNS.iter().find_map(|prefix| name.strip_prefix(prefix)).map(aws_cur_key);
        let other =
            || OTHER_TAG_COLUMNS.iter().any(|prefix| name.starts_with(prefix)).then(|| aws_cur_key(name));
        resource.or_else(other).map(Cow::into_owned)
    };
    names.iter().enumerate().filter_map(|(at, name)| Some((at, key(name)?))).collect()
}

/// Returns the category of a line of this type, as FOCUS calls it.
fn category(kind: &str) -> Cow<'static, str> {
    Cow::Borrowed(match kind {
        "Usage" | "DiscountedUsage" | "SavingsPlanCoveredUsage" | "SavingsPlanNegation" => "usage",
        "Fee" | "RIFee" | "SavingsPlanRecurringFee" | "SavingsPlanUpfrontFee" => "purchase",
        "Tax" => "tax",
        "Credit"
        | "EdpDiscount"
        | "BundledDiscount"
        | "PrivateRateDiscount"
        | "RiVolumeDiscount"
        | "SppDiscount"
        | "Discount" => "credit",
        "Refund" => "refund",
        _ => return Cow::Owned(kind.to_ascii_lowercase()),
    })
}

impl Split {
    /// Returns the instance of which a line is a part, and the cost of the part: what it took, and its share of
    /// what nothing took. None: the line is for no part.
    fn of<'r>(&self, row: &mut Row<'r, '_, '_>) -> Result<Option<(Cow<'r, str>, Decimal)>, ImportError> {
        let Some(parent) = row.text(self.parent)? else { return Ok(None) };
        let (cost, unused) = (row.optional_cost(self.cost)?, row.optional_cost(self.unused)?);
        let Some(cost) = cost else { return Ok(None) };
        Ok(cost.checked_add(unused.unwrap_or_default()).map(|cost| (parent, cost)))
    }
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
            Tags::Together(..) => self.tag_columns(),
            Tags::Apart(columns) => columns.iter().map(|(at, _)| *at).collect(),
        };
        let [code, region] = self.regions;
        let texts = [self.id, self.kind, self.product, self.account, self.payer, code, region, self.zone];
        let others = [self.start, self.end, self.currency, self.period.0, self.period.1, self.list];
        let split = [self.split.parent, self.split.cost, self.split.unused];
        let others = others.into_iter().chain(split);
        let places = texts.into_iter().chain(others).chain(self.costs.places());
        places.filter_map(|place| place.at).chain(tags).collect()
    }

    fn is_known(&self, name: &str) -> bool {
        let letters = name.bytes().filter(u8::is_ascii_alphabetic).map(|b| b.to_ascii_lowercase());
        let name = String::from_utf8(letters.collect()).unwrap_or_default();
        KNOWN.iter().any(|start| name.starts_with(start))
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

    fn tag_columns(&self) -> Vec<usize> {
        match &self.tags {
            Tags::Together(places, categories) => {
                places.iter().chain([categories]).filter_map(|place| place.at).collect()
            }
            Tags::Apart(_) => Vec::new(),
        }
    }

    fn charge<'r>(&'r self, row: &mut Row<'r, '_, '_>) -> Result<Option<Charge<'r>>, ImportError> {
        if !row.read_id(self.id)? {
            return Ok(None);
        }
        let Some(start) = row.start(self.start, parse_moment)? else {
            return Ok(None);
        };
        let kind = row.text(self.kind)?.unwrap_or_default();
        let split = self.split.of(row)?;
        let amounts = match &split {
            Some((_, cost)) => {
                Amounts { effective: *cost, billed: Some(Decimal::ZERO), ..Amounts::default() }
            }
            None => Amounts {
                effective: self.costs.of(&kind, row)?,
                billed: row.optional_cost(self.costs.unblended)?,
                contracted: None,
                list: row.optional_cost(self.list)?,
            },
        };
        let billing_account = row.text(self.payer)?;
        let texts = Texts {
            service: row.text(self.product)?,
            provider: Some(Cow::Borrowed("aws")),
            account: row.text(self.account)?.or_else(|| billing_account.clone()),
            region: self.region(row)?,
            ..Texts::default()
        };
        Ok(Some(Charge {
            line: row.line,
            id: self.id(row)?,
            texts,
            billing_account,
            category: (!kind.is_empty()).then(|| category(&kind)),
            correction: false,
            currency: row.text(self.currency)?,
            invoice_month: row.invoice_month(self.period, parse_moment)?,
            start,
            end: row.end(self.end),
            amounts,
            credit: None,
            split_from: split.map(|(parent, _)| parent),
            tags: self.tags(row)?,
            kept: Vec::new(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_tags() {
        for (written, key) in [
            ("user:CostCenter", "CostCenter"),
            ("user_cost_center", "cost_center"),
            ("user_user_group", "user_group"),
            ("resourceTags/user_group", "user_group"),
            ("resourceTags/appName", "appName"),
            ("resourceTags/user:Env", "Env"),
            ("aws:createdBy", "aws:createdBy"),
            ("aws_created_by", "aws:created_by"),
            ("accountTag/department", "accountTag/department"),
            ("costCategory/Team", "costCategory/Team"),
            ("userAttribute/Department", "userAttribute/Department"),
            ("iamPrincipal/CostCenter", "iamPrincipal/CostCenter"),
        ] {
            assert_eq!(aws_cur_key(written), key, "{written}");
        }
    }
}
