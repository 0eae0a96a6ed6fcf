//! The accounts of an organization, with their names, parents and tags.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tagpol_model::CoverageStatus;

use super::session::Session;
use super::signed::{Service, Signed};
use crate::accounts::Account;
use crate::error::CollectError;
use crate::pager::{Page, Pager};
use crate::source::{Call, Stop, with_token};

/// The requests about an organization.
pub(crate) const CALLS: &[Call] = &[
    Call::of("organizations:ListAccounts"),
    Call::of("organizations:ListParents"),
    Call::of("organizations:ListTagsForResource"),
    Call::of("organizations:DescribeOrganizationalUnit"),
];

/// Lists the accounts of the caller's organization, sorted by id; parents and tags that the caller may not read are
/// empty, and the second value is why.
pub(crate) async fn list(session: &Session) -> Result<(Vec<Account>, Option<Stop>), CollectError> {
    let signed = session.signed();
    let mut accounts = list_accounts(signed, &session.home).await.map_err(|stop| CollectError::Start {
        what: "the accounts of the organization cannot be listed".to_owned(),
        help: match stop.status {
            CoverageStatus::Denied => {
                Some("name the accounts with `--account`, or grant `organizations:ListAccounts`".to_owned())
            }
            _ => stop.help,
        },
        reason: stop.reason,
    })?;
    accounts.sort_by(|a, b| a.id.cmp(&b.id));
    let mut names = BTreeMap::new();
    for account in &mut accounts {
        if let Err(stop) = describe(signed, &session.home, account, &mut names).await {
            return Ok((accounts, Some(stop)));
        }
    }
    Ok((accounts, None))
}

async fn list_accounts(signed: &Signed, region: &str) -> Result<Vec<Account>, Stop> {
    let mut accounts = Vec::new();
    let found = all(signed, region, "ListAccounts", json!({}), "Accounts").await?;
    for account in found {
        let text = |name: &str| account.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        // `Status` is the older name.
        let state = Some(text("State")).filter(|state| !state.is_empty()).unwrap_or_else(|| text("Status"));
        accounts.push(Account { id: text("Id"), name: text("Name"), state, ..Account::default() });
    }
    Ok(accounts)
}

/// Adds the parent and the tags of an account; `names` keeps those of organizational units.
async fn describe(
    signed: &Signed,
    region: &str,
    account: &mut Account,
    names: &mut BTreeMap<String, String>,
) -> Result<(), Stop> {
    let parents = all(signed, region, "ListParents", json!({"ChildId": account.id}), "Parents").await?;
    let parent = parents.first().and_then(|parent| parent.get("Id")?.as_str()).unwrap_or_default().to_owned();
    if parent.starts_with("ou-") && !names.contains_key(&parent) {
        let input = json!({"OrganizationalUnitId": parent});
        let unit = signed.json(Service::ORGANIZATIONS, region, "DescribeOrganizationalUnit", &input).await?;
        let name = unit.pointer("/OrganizationalUnit/Name").and_then(Value::as_str).unwrap_or_default();
        names.insert(parent.clone(), name.to_owned());
    }
    account.parent_name = names.get(&parent).cloned().unwrap_or_default();
    account.parent = parent;
    let tags = all(signed, region, "ListTagsForResource", json!({"ResourceId": account.id}), "Tags").await?;
    for tag in tags {
        let text = |name: &str| tag.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        account.tags.insert(text("Key"), text("Value"));
    }
    Ok(())
}

/// Returns the elements of all pages of a list.
async fn all(
    signed: &Signed,
    region: &str,
    operation: &str,
    input: Value,
    list: &str,
) -> Result<Vec<Value>, Stop> {
    let get = |token: Option<String>| {
        let input = with_token(&input, "NextToken", token);
        async move {
            let page = signed.json(Service::ORGANIZATIONS, region, operation, &input).await?;
            Page::of_json(page, &format!("organizations:{operation}"), list, "NextToken")
        }
    };
    Pager::new(get).all().await
}
