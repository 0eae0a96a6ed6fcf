//! Where all findings of a message are shown: the list of resources, with the filter of the rule and the recipient.

use serde_json::{Map, Value, json};
use tagpol_serve_notify::Severity;
use tagpol_serve_notify::alert::{Recipient, Rule};
use url::Url;

use crate::security::percent_encoded;

/// Returns the address of the page. None: the server does not know its own.
pub(super) fn of(server: &str, rule: &Rule, recipient: &Recipient, currency: &str) -> Option<Url> {
    let mut url = Url::parse(&format!("{server}/resources")).ok()?;
    let facets = percent_encoded(&facets(rule, recipient).to_string());
    let filter = rule.filter.min_monthly_cost.map(|least| {
        // A cost that is not known is not a low one.
        let condition =
            format!("(resource.monthly-cost >= {least} {currency} or resource.monthly-cost is missing)");
        format!("&filter={}", percent_encoded(&condition))
    });
    url.set_query(Some(&format!("facets={facets}{}", filter.unwrap_or_default())));
    Some(url)
}

/// Returns the selected values of each facet, as the dashboard has them in its addresses; null is a missing value.
fn facets(rule: &Rule, recipient: &Recipient) -> Value {
    let mut facets = Map::from_iter([("compliance".to_owned(), json!(["violating"]))]);
    if !rule.filter.policies.is_empty() {
        facets.insert("policy".to_owned(), json!(rule.filter.policies));
    }
    if let Some(least) = rule.filter.min_severity {
        let names: Vec<&str> =
            Severity::ALL.iter().filter(|one| **one >= least).map(|one| one.name()).collect();
        facets.insert("severity".to_owned(), json!(names));
    }
    let owners = match recipient {
        Recipient::Owner(owner) => json!([owner]),
        Recipient::Unowned => json!([null]),
        Recipient::Everyone => json!(rule.filter.owners),
    };
    if owners != json!([]) {
        facets.insert(format!("tag:{}", rule.owner_tag), owners);
    }
    Value::Object(facets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_has_the_filter_of_rule_and_recipient() {
        let rule: Rule = serde_json::from_value(json!({
            "name": "r",
            "filter": { "policies": ["a"], "min_severity": "high", "min_monthly_cost": "500" },
            "routing": { "to": "channels", "channels": ["c"] },
        }))
        .unwrap();
        let of = |recipient| of("https://tags.example.com", &rule, &recipient, "USD").unwrap();
        let pairs = |url: &Url| -> Vec<(String, String)> { url.query_pairs().into_owned().collect() };
        let owner = of(Recipient::Owner("o\"&é@example.com".to_owned()));
        assert_eq!(owner.path(), "/resources");
        let facets: Value = serde_json::from_str(&pairs(&owner)[0].1).unwrap();
        assert_eq!(
            facets,
            json!({
                "compliance": ["violating"], "policy": ["a"], "severity": ["high", "critical"],
                "tag:owner": ["o\"&é@example.com"],
            })
        );
        assert_eq!(
            pairs(&owner)[1].1,
            "(resource.monthly-cost >= 500 USD or resource.monthly-cost is missing)"
        );
        assert!(pairs(&of(Recipient::Unowned))[0].1.contains("\"tag:owner\":[null]"));
        assert!(!pairs(&of(Recipient::Everyone))[0].1.contains("owner"));
    }
}
