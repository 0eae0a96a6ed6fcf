//! The columns by which FOCUS bills and their versions are known.

use std::path::Path;

use crate::error::ImportError;

/// Columns that only bills have. Three of them make a file a FOCUS bill.
const TELLING: [&str; 13] = [
    "BillingCurrency",
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

/// Tells the version by the columns; a bill does not say it.
pub(super) fn version(names: &[String], path: &Path) -> Result<&'static str, ImportError> {
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
