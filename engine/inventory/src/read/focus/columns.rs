//! The columns of a FOCUS bill that an inventory needs, and the versions that have them.

use std::path::Path;

use crate::error::ImportError;
use crate::format::Format;

/// A column that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    ResourceId,
    ResourceName,
    ResourceType,
    ServiceName,
    ProviderName,
    SubAccountId,
    BillingAccountId,
    RegionId,
    ChargePeriodStart,
    ChargePeriodEnd,
    EffectiveCost,
    BilledCost,
    BillingCurrency,
    Tags,
}

impl Column {
    pub(crate) const ALL: [Self; 14] = [
        Self::ResourceId,
        Self::ResourceName,
        Self::ResourceType,
        Self::ServiceName,
        Self::ProviderName,
        Self::SubAccountId,
        Self::BillingAccountId,
        Self::RegionId,
        Self::ChargePeriodStart,
        Self::ChargePeriodEnd,
        Self::EffectiveCost,
        Self::BilledCost,
        Self::BillingCurrency,
        Self::Tags,
    ];

    /// Columns without which a bill cannot be read; a cost is wanted besides.
    const NEEDED: [Self; 5] =
        [Self::ResourceId, Self::ProviderName, Self::ChargePeriodStart, Self::BillingCurrency, Self::Tags];

    /// Returns its name in the bill.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::ResourceId => "ResourceId",
            Self::ResourceName => "ResourceName",
            Self::ResourceType => "ResourceType",
            Self::ServiceName => "ServiceName",
            Self::ProviderName => "ProviderName",
            Self::SubAccountId => "SubAccountId",
            Self::BillingAccountId => "BillingAccountId",
            Self::RegionId => "RegionId",
            Self::ChargePeriodStart => "ChargePeriodStart",
            Self::ChargePeriodEnd => "ChargePeriodEnd",
            Self::EffectiveCost => "EffectiveCost",
            Self::BilledCost => "BilledCost",
            Self::BillingCurrency => "BillingCurrency",
            Self::Tags => "Tags",
        }
    }
}

/// Columns that only bills have. Three of them make a file a FOCUS bill.
const TELLING: [&str; 12] = [
    "BilledCost",
    "EffectiveCost",
    "ListCost",
    "ContractedCost",
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "BillingPeriodStart",
    "BillingPeriodEnd",
    "ChargeCategory",
    "InvoiceIssuerName",
    "SubAccountId",
    "ServiceCategory",
];

/// Columns by which each version differs from the one before it.
const NEW_IN_1_1: [&str; 6] = [
    "ServiceSubcategory",
    "SkuMeter",
    "SkuPriceDetails",
    "CapacityReservationId",
    "CommitmentDiscountQuantity",
    "CommitmentDiscountUnit",
];
const NEW_IN_1_2: [&str; 5] =
    ["InvoiceId", "PricingCurrency", "BillingAccountType", "SubAccountType", "PricingCurrencyEffectiveCost"];
const NEW_AFTER_1_2: [&str; 7] = [
    "ServiceProviderName",
    "HostProviderName",
    "AllocatedTags",
    "AllocatedMethodId",
    "AllocatedMethodDetails",
    "AllocatedResourceId",
    "ContractApplied",
];
const GONE_SINCE_1_0: [&str; 6] =
    ["AmortizedCost", "BilledCurrency", "ChargeType", "ChargeSubcategory", "InvoiceIssuer", "Provider"];

fn has(names: &[String], wanted: &str) -> bool {
    names.iter().any(|name| name.eq_ignore_ascii_case(wanted))
}

fn present(names: &[String], wanted: &[&str]) -> Vec<String> {
    wanted.iter().filter(|wanted| has(names, wanted)).map(|wanted| (*wanted).to_owned()).collect()
}

/// Whether the columns are those of a FOCUS bill of any version.
pub(crate) fn looks_like_focus(names: &[String]) -> bool {
    present(names, &TELLING).len() >= 3
}

/// Where the columns of a bill stand.
#[derive(Debug)]
pub(crate) struct Layout {
    /// The oldest version that has all of the bill's columns.
    pub(crate) version: &'static str,
    /// How many columns the bill has.
    pub(crate) width: usize,
    /// Which of the cost columns counts.
    pub(crate) cost: Column,
    at: [Option<usize>; Column::ALL.len()],
}

impl Layout {
    /// Finds the columns in a header.
    pub(crate) fn of(names: &[String], path: &Path, format: Format) -> Result<Self, ImportError> {
        let at = Column::ALL
            .map(|column| names.iter().position(|name| name.eq_ignore_ascii_case(column.as_str())));
        let cost = if has(names, "EffectiveCost") { Column::EffectiveCost } else { Column::BilledCost };
        let layout = Self { version: version(names, path)?, width: names.len(), cost, at };
        let wanted = Column::NEEDED.into_iter().chain([cost]);
        let missing: Vec<String> = wanted
            .filter(|column| layout.position(*column).is_none())
            .map(|column| column.as_str().to_owned())
            .collect();
        if !missing.is_empty() {
            return Err(ImportError::MissingColumns { path: path.to_owned(), format, columns: missing });
        }
        Ok(layout)
    }

    /// Returns where the column stands, from 0.
    pub(crate) fn position(&self, column: Column) -> Option<usize> {
        let index = Column::ALL.iter().position(|other| *other == column)?;
        self.at.get(index).copied().flatten()
    }
}

/// Tells the version by the columns; a bill does not say it.
fn version(names: &[String], path: &Path) -> Result<&'static str, ImportError> {
    let unknown =
        |version, columns| ImportError::UnknownFocusVersion { path: path.to_owned(), version, columns };
    let newer = present(names, &NEW_AFTER_1_2);
    if !newer.is_empty() {
        return Err(unknown("a FOCUS version later than 1.2", newer));
    }
    let older = present(names, &GONE_SINCE_1_0);
    if !older.is_empty() && !has(names, "ProviderName") && looks_like_focus(names) {
        return Err(unknown("a FOCUS version before 1.0", older));
    }
    let any = |new: &[&str]| !present(names, new).is_empty();
    Ok(if any(&NEW_IN_1_2) {
        "1.2"
    } else if any(&NEW_IN_1_1) {
        "1.1"
    } else {
        "1.0"
    })
}
