//! FOCUS bills, versions 1.0 to 1.2, as CSV and Parquet.
//!
//! In: a header and rows. Out: charges, with the cost of `EffectiveCost`, or of `BilledCost` where
//! the bill has no such column.

mod columns;

use std::path::Path;

use super::bill::{Charge, Layout, Place, Row, TagKeys, Texts};
use crate::error::ImportError;
use crate::format::Format;
use crate::value::parse_moment;
pub(crate) use columns::looks_like_focus;

/// Where the columns of a bill stand.
#[derive(Debug)]
pub(crate) struct Columns {
    version: &'static str,
    id: Place,
    name: Place,
    type_: Place,
    service: Place,
    provider: Place,
    account: Place,
    billing_account: Place,
    region: Place,
    start: Place,
    end: Place,
    cost: Place,
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
            provider: find("ProviderName"),
            account: find("SubAccountId"),
            billing_account: find("BillingAccountId"),
            region: find("RegionId"),
            start: find("ChargePeriodStart"),
            end: find("ChargePeriodEnd"),
            cost: match find("EffectiveCost") {
                Place { at: None, .. } => find("BilledCost"),
                effective => effective,
            },
            currency: find("BillingCurrency"),
            tags: find("Tags"),
        };
        let needed =
            [columns.id, columns.provider, columns.start, columns.currency, columns.tags, columns.cost];
        super::need(&needed, path, format)?;
        Ok(columns)
    }
}

impl Layout for Columns {
    fn version(&self) -> Option<&'static str> {
        Some(self.version)
    }

    fn columns(&self) -> Vec<usize> {
        let texts = [self.id, self.name, self.type_, self.service, self.provider, self.account];
        let others = [self.billing_account, self.region, self.start, self.end, self.cost, self.currency];
        texts.into_iter().chain(others).chain([self.tags]).filter_map(|place| place.at).collect()
    }

    fn charge<'r>(&'r self, row: &mut Row<'r, '_, '_>) -> Result<Option<Charge<'r>>, ImportError> {
        if !row.read_id(self.id)? {
            return Ok(None);
        }
        let Some(start) = row.start(self.start, parse_moment)? else {
            return Ok(None);
        };
        let cost = row.cost(self.cost)?;
        let account = match row.text(self.account)? {
            None => row.text(self.billing_account)?,
            account => account,
        };
        let texts = Texts {
            name: row.text(self.name)?,
            type_: row.text(self.type_)?,
            service: row.text(self.service)?,
            provider: row.text(self.provider)?,
            account,
            region: row.text(self.region)?,
        };
        Ok(Some(Charge {
            line: row.line,
            id: row.id(),
            texts,
            currency: row.text(self.currency)?,
            start,
            end: row.end(self.end),
            cost,
            tags: row.tags(self.tags, TagKeys::AsWritten)?,
        }))
    }
}
