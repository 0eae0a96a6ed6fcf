//! The bill of the shop: FOCUS, with a charge for each resource and day, and what belongs to no resource.

use chrono::{Datelike as _, Months, NaiveDate};

use super::company::{Cloud, Resource, random};

/// Months before the current one.
const MONTHS: u32 = 2;

/// Days at the end in which one project costs far more than before, for somebody to notice.
const SPIKE: u64 = 5;

const HEAD: [&str; 14] = [
    "BillingCurrency",
    "BillingPeriodStart",
    "BillingPeriodEnd",
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "ChargeCategory",
    "ServiceName",
    "BilledCost",
    "EffectiveCost",
    "ProviderName",
    "SubAccountId",
    "ResourceId",
    "ResourceType",
    "Tags",
];

/// A charge for a day.
struct Charge<'a> {
    day: NaiveDate,
    category: &'a str,
    service: &'a str,
    /// In units of a hundredth of a cent.
    cost: u64,
    cloud: Cloud,
    account: &'a str,
    resource: Option<&'a Resource>,
}

/// Returns the bill up to the day before today.
pub(super) fn bill(resources: &[Resource], today: NaiveDate) -> Result<String, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(HEAD)?;
    let first =
        today.with_day(1).and_then(|day| day.checked_sub_months(Months::new(MONTHS))).unwrap_or(today);
    for day in first.iter_days().take_while(|day| *day < today) {
        for resource in resources.iter().filter(|one| one.created <= day) {
            writer.write_record(record(&of_resource(resource, day, today)))?;
        }
        for charge in of_no_resource(day) {
            writer.write_record(record(&charge))?;
        }
    }
    let bytes = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn of_resource(resource: &Resource, day: NaiveDate, today: NaiveDate) -> Charge<'_> {
    let number = u64::from(day.num_days_from_ce().unsigned_abs());
    let is_weekend = matches!(day.weekday().num_days_from_monday(), 5..);
    let work = if is_weekend { 93 } else { 100 };
    let noise = 95 + random(number, resource.number) % 11;
    let left = today.signed_duration_since(day).num_days().unsigned_abs();
    let has_spike = resource.tags.get(4).is_some_and(|project| project == "media") && left <= SPIKE;
    let spike = if has_spike { 3 } else { 1 };
    let cost = resource.monthly_cost * 100 / 30 * work * noise / 10_000 * spike;
    Charge {
        day,
        category: "Usage",
        service: service(resource.kind),
        cost,
        cloud: resource.cloud,
        account: &resource.account,
        resource: Some(resource),
    }
}

/// What is charged for no resource.
fn of_no_resource(day: NaiveDate) -> [Charge<'static>; 3] {
    let charge = |category, service, cost, cloud, account| Charge {
        day,
        category,
        service,
        cost,
        cloud,
        account,
        resource: None,
    };
    [
        charge("Usage", "Support", 300_000, Cloud::Aws, "111122223330"),
        charge("Usage", "Data transfer", 138_300, Cloud::Gcp, "retail-prod"),
        charge("Tax", "Tax", 86_600, Cloud::Azure, "retail-subscription"),
    ]
}

fn service(kind: &str) -> &str {
    kind.split([':', '/', '.']).next().unwrap_or(kind)
}

fn record(charge: &Charge<'_>) -> [String; 14] {
    let time = |day: NaiveDate| format!("{day}T00:00:00Z");
    let month = charge.day.with_day(1).unwrap_or(charge.day);
    let next = month.checked_add_months(Months::new(1)).unwrap_or(month);
    let end = charge.day.succ_opt().unwrap_or(charge.day);
    let cost = format!("{}.{:04}", charge.cost / 10_000, charge.cost % 10_000);
    let provider = match charge.cloud {
        Cloud::Aws => "AWS",
        Cloud::Azure => "Microsoft",
        Cloud::Gcp => "Google Cloud",
    };
    [
        "USD".to_owned(),
        time(month),
        time(next),
        time(charge.day),
        time(end),
        charge.category.to_owned(),
        charge.service.to_owned(),
        cost.clone(),
        cost,
        provider.to_owned(),
        charge.account.to_owned(),
        charge.resource.map(|one| one.id.clone()).unwrap_or_default(),
        charge.resource.map(|one| one.kind.to_owned()).unwrap_or_default(),
        // The list of resources has the tags.
        "{}".to_owned(),
    ]
}
