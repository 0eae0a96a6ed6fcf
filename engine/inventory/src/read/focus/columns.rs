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

/// Columns that are new in a version, the latest version first. A bill does not say its version, and need not:
/// columns are read by their names.
const NEW_IN: [(&str, &[&str]); 3] = [
    (
        "1.3",
        &[
            "ServiceProviderName",
            "HostProviderName",
            "AllocatedTags",
            "AllocatedMethodId",
            "AllocatedMethodDetails",
            "AllocatedResourceId",
            "ContractApplied",
        ],
    ),
    (
        "1.2",
        &[
            "InvoiceId",
            "PricingCurrency",
            "BillingAccountType",
            "SubAccountType",
            "PricingCurrencyEffectiveCost",
        ],
    ),
    (
        "1.1",
        &[
            "ServiceSubcategory",
            "SkuMeter",
            "SkuPriceDetails",
            "CapacityReservationId",
            "CommitmentDiscountQuantity",
            "CommitmentDiscountUnit",
        ],
    ),
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

/// Returns the version that the columns show.
///
/// # Errors
/// The bill is of a version before 1.0, whose columns mean something else.
pub(super) fn version(names: &[String], path: &Path) -> Result<&'static str, ImportError> {
    let older = present(names, &GONE_SINCE_1_0);
    let known = ["ProviderName", "ServiceProviderName"].iter().any(|name| has(names, name));
    if !older.is_empty() && !known && looks_like_focus(names) {
        let version = "a FOCUS version before 1.0";
        return Err(ImportError::UnknownFocusVersion { path: path.to_owned(), version, columns: older });
    }
    // A provider's name is gone since 1.4, which has the name that replaces it.
    if has(names, "ServiceProviderName") && !has(names, "ProviderName") {
        return Ok("1.4");
    }
    let newest = NEW_IN.iter().find(|(_, columns)| !present(names, columns).is_empty());
    Ok(newest.map_or("1.0", |(version, _)| *version))
}
