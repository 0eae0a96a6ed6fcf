//! What a reader of costs should know besides the lines.

use tagpol_eval::cost::{Amount, Costs};

use super::pretty::amount;
use crate::text::{clean, money, several};

/// Months that are named; the rest are counted.
const NAMED: usize = 3;

/// Returns a sentence each, without a full stop.
pub(super) fn notes(costs: &Costs) -> Vec<String> {
    let mut notes = Vec::new();
    if costs.no_resource() != 0 {
        notes.push(format!("includes {} in charges without a resource", amount(costs, costs.no_resource())));
    }
    notes.extend(invoiced(costs));
    if let Some(month) = costs.incomplete_month {
        notes.push(format!("{month} is not complete: no charge reaches its last day"));
    }
    for converted in &costs.converted {
        let (code, worth) = (clean(&converted.currency), amount(costs, converted.worth));
        notes.push(format!("{} {code} converted to {worth}", money(super::exact(converted.amount))));
    }
    let (used, invoiced) = (costs.moved.used_elsewhere, costs.moved.invoiced_elsewhere);
    if costs.by_usage_date {
        if invoiced != 0 {
            notes.push(format!("includes {} on invoices of other months", amount(costs, invoiced)));
        }
        if costs.moved.not_used != 0 {
            notes.push(format!("not included: {} used in other months", amount(costs, costs.moved.not_used)));
        }
    } else if used != 0 {
        notes.push(format!(
            "includes {} for usage in other months (such as corrections)",
            amount(costs, used)
        ));
    }
    if costs.unknown_amounts > 0 {
        let (charges, name) = (several(costs.unknown_amounts, "charge"), costs.amount.as_str());
        let count = if costs.unknown_amounts == 1 { "counts" } else { "count" };
        notes.push(format!("{charges} without a {name} amount {count} as 0"));
    }
    notes.extend(other_months(costs));
    if costs.only_listed != 0 {
        let amount = amount(costs, costs.only_listed);
        notes.push(format!("not included: {amount} of resources in lists that no bill has"));
    }
    notes
}

/// What the invoice comes to, where that differs from effective costs by a cent: readers compare the two.
fn invoiced(costs: &Costs) -> Option<String> {
    let billed = amount(costs, costs.billed.filter(|_| costs.amount == Amount::Effective)?);
    let verb =
        if costs.months.is_some_and(|(first, last)| first != last) { "invoices have" } else { "invoice has" };
    (billed != amount(costs, costs.total()))
        .then(|| format!("effective (amortized) costs; the {verb} {billed} (`--amount billed`)"))
}

fn other_months(costs: &Costs) -> Option<String> {
    let first = costs.other_months.iter().filter(|total| !total.cost.is_zero());
    let named: Vec<String> = first
        .clone()
        .take(NAMED)
        .map(|total| {
            let currency = total.currency.as_deref().unwrap_or_default();
            format!("{} ({} {})", total.month, total.cost.round_dp(2), clean(currency)).replace(" )", ")")
        })
        .collect();
    let more = first.count().saturating_sub(named.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!named.is_empty()).then(|| format!("not included: the charges of {}{more}", named.join(", ")))
}
