//! Columns of a bill that are not read and look like money or tags.

use rustc_hash::FxHashSet;

use super::layout::Layout;
use crate::read::csv::is_tag_name;
use crate::sink::Sink;
use crate::value::shorten;

/// Names that a note lists at most.
const LISTED: usize = 6;

/// The last words of columns with money.
const MONEY: [&str; 12] = [
    "cost", "costs", "amount", "amounts", "charge", "charges", "spend", "credit", "credits", "total",
    "kosten", "betrag",
];

/// Words of columns with tags.
const TAGS: [&str; 4] = ["tag", "tags", "label", "labels"];

/// Shows which of some columns are not read and may have money or tags; the first is at this place of the header.
pub(super) fn note_unread(layout: &dyn Layout, names: &[String], first: usize, sink: &mut Sink<'_>) {
    let read: FxHashSet<usize> = layout.columns().into_iter().collect();
    let is_unread = |(at, name): &(usize, &String)| !read.contains(at) && !layout.is_known(name);
    let unread: Vec<&String> = (first..).zip(names).filter(is_unread).map(|(_, name)| name).collect();
    let money: Vec<&String> = unread.iter().copied().filter(|name| is_money(name)).collect();
    let tags: Vec<&String> = unread.into_iter().filter(|name| !is_money(name) && is_tag(name)).collect();
    for (names, what) in [(money, "amounts, and is not counted"), (tags, "tags, and is not read")] {
        let Some((name, others)) = names.split_first() else { continue };
        let mut reason = format!("the column may have {what}");
        if !others.is_empty() {
            let listed: Vec<String> =
                others.iter().take(LISTED).map(|name| format!("`{}`", shorten(name))).collect();
            reason += &format!("; so may {}", listed.join(", "));
            if others.len() > LISTED {
                reason += &format!(" and {} others", others.len() - LISTED);
            }
        }
        if layout.is_plain() {
            reason += "; `[columns]` of tagpol.toml can give it a meaning";
        }
        sink.remark(name, &reason);
    }
}

/// Whether a name is that of an amount of money. What it is in does not count: `CostInBillingCurrency`.
fn is_money(name: &str) -> bool {
    let words = words(name);
    let end = words.iter().position(|word| word == "in").unwrap_or(words.len());
    words.get(..end).and_then(<[_]>::last).is_some_and(|word| MONEY.contains(&word.as_str()))
}

fn is_tag(name: &str) -> bool {
    is_tag_name(name) || words(name).iter().any(|word| TAGS.contains(&word.as_str()))
}

/// Returns the words of a name in lower case: `lineItem/UnblendedCost` has four.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut after_small = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && after_small) {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
        after_small = c.is_lowercase() || c.is_numeric();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_money_and_tags() {
        for name in
            ["x_NetCost", "Total Cost", "CostInPricingCurrency", "credit", "Betrag", "lineItem/BlendedCost"]
        {
            assert!(is_money(name), "{name}");
        }
        for name in
            ["CostCenter", "UnitPrice", "cost_type", "ChargeType", "CostAllocationRuleName", "Count", "in"]
        {
            assert!(!is_money(name), "{name}");
        }
        for name in ["x_Tags", "labels", "tag:Owner", "tags/team", "CostCenter", "owner"] {
            assert!(is_tag(name), "{name}");
        }
        for name in ["ResourceName", "stage_id", "Advantages", ""] {
            assert!(!is_tag(name), "{name}");
        }
    }
}
