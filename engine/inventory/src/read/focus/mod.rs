//! FOCUS bills of any version, as CSV, Parquet and JSON.
//!
//! In: a header and rows. Out: charges, with the cost of `EffectiveCost`, or of `BilledCost` where
//! the bill has no such column. Columns are read by their names: those of later versions stand in for those
//! that they replace.

mod columns;

use std::borrow::Cow;
use std::path::Path;

use super::bill::{Charge, Layout, Place, Row, TagKeys, need};
use crate::charges::{Amounts, Texts};
use crate::error::ImportError;
use crate::format::Format;
use crate::identity::bucket_arn;
use crate::value::parse_moment;
pub(crate) use columns::looks_like_focus;

/// Columns that JSON leaves out if they are null: a bill may have no resources, and no tags.
pub(crate) const NULLABLE: [&str; 3] = ["ResourceId", "Tags", "PublisherName"];

/// Columns with amounts that the costs include, or that repeat them in another currency, in lower case.
const KNOWN: [&str; 3] = ["pricingcurrencyeffectivecost", "x_credits", "x_discounts"];

/// Names of the service whose resources are buckets.
const BUCKETS: [&str; 3] = ["Amazon Simple Storage Service", "AmazonS3", "Amazon S3"];

/// Where the columns of a bill stand.
#[derive(Debug)]
pub(crate) struct Columns {
    version: &'static str,
    id: Place,
    name: Place,
    type_: Place,
    service: Place,
    providers: [Place; 3],
    account: Place,
    billing_account: Place,
    region: Place,
    category: Place,
    class: Place,
    start: Place,
    end: Place,
    period: (Place, Place),
    effective: Place,
    billed: Place,
    contracted: Place,
    list: Place,
    currency: Place,
    tags: Place,
}

impl Columns {
    /// Finds them in a header.
    ///
    /// # Errors
    ///
    /// Where one is missing that a bill cannot be read without, or the version is not known.
    pub(crate) fn of(names: &[String], path: &Path, format: Format) -> Result<Self, ImportError> {
        let version = columns::version(names, path)?;
        let find = |name| Place::find(names, &[name]);
        let columns = Self {
            version,
            id: find("ResourceId"),
            name: find("ResourceName"),
            type_: find("ResourceType"),
            service: find("ServiceName"),
            // Who sells the service, then who runs it; the first name is gone since version 1.4.
            providers: [find("ServiceProviderName"), find("ProviderName"), find("PublisherName")],
            account: find("SubAccountId"),
            billing_account: find("BillingAccountId"),
            region: find("RegionId"),
            category: find("ChargeCategory"),
            class: find("ChargeClass"),
            start: find("ChargePeriodStart"),
            end: find("ChargePeriodEnd"),
            period: (find("BillingPeriodStart"), find("BillingPeriodEnd")),
            effective: match find("EffectiveCost") {
                Place { at: None, .. } => find("BilledCost"),
                effective => effective,
            },
            billed: find("BilledCost"),
            contracted: find("ContractedCost"),
            list: find("ListCost"),
            currency: find("BillingCurrency"),
            tags: find("Tags"),
        };
        let provider = columns.providers.into_iter().find(|place| place.at.is_some());
        let provider = provider.unwrap_or(Place { name: "ServiceProviderName", at: None });
        let needed = [columns.id, provider, columns.start, columns.currency, columns.tags, columns.effective];
        need(&needed, path, format)?;
        Ok(columns)
    }
}

impl Layout for Columns {
    fn version(&self) -> Option<&'static str> {
        Some(self.version)
    }

    fn columns(&self) -> Vec<usize> {
        let texts = [self.id, self.name, self.type_, self.service, self.account, self.billing_account];
        let kinds = [self.region, self.category, self.class, self.currency, self.tags];
        let times = [self.start, self.end, self.period.0, self.period.1];
        let amounts = [self.effective, self.billed, self.contracted, self.list];
        let places = texts.into_iter().chain(self.providers).chain(kinds).chain(times).chain(amounts);
        places.filter_map(|place| place.at).collect()
    }

    fn tag_columns(&self) -> Vec<usize> {
        self.tags.at.into_iter().collect()
    }

    fn is_known(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        KNOWN.contains(&name.as_str()) || name.ends_with("inusd")
    }

    fn notes_on_empty(&self, columns: &[&'static str]) -> Vec<(&'static str, &'static str)> {
        let notes = [
            ("ResourceId", "no charge of the file has a resource"),
            ("Tags", "no charge of the file has tags"),
        ];
        notes.into_iter().filter(|(column, _)| columns.contains(column)).collect()
    }

    fn charge<'r>(&'r self, row: &mut Row<'r, '_, '_>) -> Result<Option<Charge<'r>>, ImportError> {
        if !row.read_id(self.id)? {
            return Ok(None);
        }
        let Some(start) = row.start(self.start, parse_moment)? else {
            return Ok(None);
        };
        let amounts = Amounts {
            effective: row.cost(self.effective)?,
            billed: row.optional_cost(self.billed)?,
            contracted: row.optional_cost(self.contracted)?,
            list: row.optional_cost(self.list)?,
        };
        let billing_account = row.text(self.billing_account)?;
        let account = match row.text(self.account)? {
            None => billing_account.clone(),
            account => account,
        };
        let texts = Texts {
            name: row.text(self.name)?,
            type_: row.text(self.type_)?,
            service: row.text(self.service)?,
            provider: row.first_text(&self.providers)?,
            account,
            region: row.text(self.region)?,
        };
        let is_bucket = texts.service.as_deref().is_some_and(|service| BUCKETS.contains(&service));
        Ok(Some(Charge {
            line: row.line,
            id: row.id().map(|id| if is_bucket { bucket_arn(id) } else { id }),
            texts,
            billing_account,
            category: row.text(self.category)?.map(lower_case),
            correction: row.text(self.class)?.is_some_and(|class| class.eq_ignore_ascii_case("Correction")),
            currency: row.text(self.currency)?,
            invoice_month: row.invoice_month(self.period, parse_moment)?,
            start,
            end: row.end(self.end),
            amounts,
            credit: None,
            split_from: None,
            tags: row.tags(self.tags, TagKeys::AsWritten)?,
            kept: Vec::new(),
        }))
    }
}

/// Returns a word in lower case.
pub(crate) fn lower_case(word: Cow<'_, str>) -> Cow<'_, str> {
    match word.chars().any(char::is_uppercase) {
        true => Cow::Owned(word.to_lowercase()),
        false => word,
    }
}
