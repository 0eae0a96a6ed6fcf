//! Resources of Cloud Custodian, and their types in inventories.

use crate::construct::Outcome;
use crate::policy::condition::{Attribute, Condition, Literal, Subject, Test};
use crate::policy::names::PROVIDERS;

/// Names with their providers, and types; ordered.
const TYPES: &str = include_str!("resources.tsv");

/// Types that several resources of Custodian share.
const SHARED: [&str; 2] = ["elasticloadbalancing:loadbalancer", "microsoft.web/sites"];

/// What a policy of Custodian is about.
#[derive(Debug, Clone)]
pub(super) struct Resource {
    /// `aws`, `azure`, `gcp`, …
    pub(super) provider: String,
    /// The resources that it means, as a condition.
    pub(super) scope: Condition,
    pub(super) outcome: Outcome,
    pub(super) reason: Option<String>,
}

/// Whether inventories are known to have a resource type of AWS.
pub(in crate::formats) fn is_type(name: &str) -> bool {
    TYPES.lines().any(|line| line.split_once('\t').is_some_and(|(_, type_)| type_ == name))
}

/// Returns the resources that a name means. Names without a provider are those of AWS.
///
/// # Errors
/// The provider has no inventories that tagpol knows.
pub(super) fn resource(name: &str) -> Result<Resource, String> {
    let (provider, kind) = name.split_once('.').unwrap_or(("aws", name));
    if !PROVIDERS.contains(&provider) {
        return Err(format!(
            "inventories of the provider `{provider}` are not known: use one of {}",
            PROVIDERS.join(", ")
        ));
    }
    let full = format!("{provider}.{kind}");
    let known = TYPES.lines().filter_map(|line| line.split_once('\t')).find(|(known, _)| *known == full);
    let word = Literal::Word(provider.to_owned());
    let provider_is = || Condition::Test(Subject::Attribute(Attribute::Provider), Test::Equals(word.clone()));
    let (scope, outcome, reason) = match known {
        Some((_, type_)) => {
            let attribute = Subject::Attribute(Attribute::Type);
            // Tools do not agree about the case of types of Azure.
            let attribute = if provider == "azure" { Subject::Lower(Box::new(attribute)) } else { attribute };
            let shared = SHARED.contains(&type_);
            let outcome = if shared { Outcome::Broader } else { Outcome::Exact };
            let reason =
                shared.then(|| format!("inventories have the type `{type_}` for other resources too"));
            (Condition::equals(attribute, type_), outcome, reason)
        }
        None if full == "azure.armresource" => (provider_is(), Outcome::Exact, None),
        None => {
            let reason = format!(
                "the type of `{full}` in inventories is not known: the policy applies to all resources of the provider; add `resource.type == …`"
            );
            (provider_is(), Outcome::Broader, Some(reason))
        }
    };
    Ok(Resource { provider: provider.to_owned(), scope, outcome, reason })
}
