//! Resource Graph: all resources of subscriptions, with their tags.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::Deserialize as _;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tagpol_model::CoverageStatus;

use super::Tenant;
use crate::accounts::Account;
use crate::error::CollectError;
use crate::http::{Call as HttpCall, Request, Response, Verdict};
use crate::output::Pages;
use crate::pager::{Page, Pager, RawList};
use crate::source::{Call, Running, Source, Stop, json_text, set, with_token};

/// Resources of a page: the most that the API returns.
const PAGE: u32 = 1000;

/// Why a query does not cover everything.
const MANY_SUBSCRIPTIONS: &str =
    "the caller may see more subscriptions than one query of Resource Graph covers";

const API_VERSION: &str = "2024-04-01";

pub(super) const CALLS: [Call; 1] = [Call::of("Microsoft.ResourceGraph/resources/read")];

/// A table of Resource Graph, and what is read of it.
pub(super) struct Table {
    name: &'static str,
    table: &'static str,
    /// What precedes the order, in the query language.
    filter: &'static str,
}

impl Table {
    /// Returns the name of its source.
    pub(super) fn name(&self) -> &'static str {
        self.name
    }
}

/// Resources of all types.
pub(super) const RESOURCES: Table = Table { name: "azure-resources", table: "resources", filter: "" };

/// Subscriptions and resource groups, which have tags as well.
pub(super) const SUBSCRIPTIONS: Table = Table {
    name: "azure-subscriptions",
    table: "resourcecontainers",
    filter: " | where type in~ ('microsoft.resources/subscriptions', \
             'microsoft.resources/subscriptions/resourcegroups')",
};

/// A query of a table.
pub(super) struct Query {
    table: &'static Table,
    types: Vec<String>,
    subscriptions: Vec<String>,
    accounts: Mutex<Vec<Account>>,
}

impl Query {
    pub(super) fn new(table: &'static Table, types: &[String], subscriptions: &[String]) -> Self {
        // Subscriptions are always listed: accounts need their names.
        let types = if table.filter.is_empty() { types.to_vec() } else { Vec::new() };
        Self { table, types, subscriptions: subscriptions.to_vec(), accounts: Mutex::new(Vec::new()) }
    }

    /// Returns the subscriptions that were listed, sorted by id.
    pub(super) fn take_accounts(&self) -> Vec<Account> {
        let mut accounts = std::mem::take(&mut *self.accounts.lock().unwrap_or_else(PoisonError::into_inner));
        accounts.sort_by(|a, b| a.id.cmp(&b.id));
        accounts
    }

    /// Returns the query in the language of Resource Graph, with another filter. Pages need an order by a unique column.
    pub(super) fn text(&self, filter: &str) -> String {
        let types: Vec<String> = self.types.iter().map(|type_| format!("'{type_}'")).collect();
        let types = if types.is_empty() {
            String::new()
        } else {
            format!(" | where type in~ ({})", types.join(", "))
        };
        format!("{}{}{filter}{types} | order by id asc", self.table.table, self.table.filter)
    }

    fn keep_accounts(&self, rows: &RawList) {
        // Resources are never subscriptions.
        if self.table.filter.is_empty() {
            return;
        }
        let rows = rows.rows_with("");
        let found = rows.iter().filter_map(account);
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner).extend(found);
    }
}

/// What a page of a query has in addition to its rows.
struct PageInfo {
    /// `totalRecords` and `resultTruncated`.
    totals: Value,
    /// Whether the query covers only some of the subscriptions.
    is_cut_off: bool,
}

impl Query {
    /// Returns all rows of a query.
    pub(super) async fn rows(&self, tenant: &Tenant, text: &str) -> Result<Vec<Box<RawValue>>, Stop> {
        let mut found = Vec::new();
        let mut pager = Pager::new(|token| self.get(tenant, text, token));
        while let Some((rows, info)) = pager.next().await? {
            if info.is_cut_off {
                return Err(Stop::cut_off(MANY_SUBSCRIPTIONS));
            }
            found.extend(rows.rows());
        }
        Ok(found)
    }

    async fn get(
        &self,
        tenant: &Tenant,
        text: &str,
        token: Option<String>,
    ) -> Result<Page<(RawList, PageInfo)>, Stop> {
        let options = json!({"$top": PAGE, "resultFormat": "objectArray"});
        let mut input = json!({"query": text, "options": with_token(&options, "$skipToken", token)});
        if !self.subscriptions.is_empty() {
            set(&mut input, "subscriptions", self.subscriptions.clone());
        }
        let response = tenant.http.send(&Post { tenant, input: &input }).await?;
        let members = response.members()?;
        let member = |name: &str| members.get(name).and_then(|text| Value::deserialize(*text).ok());
        let totals =
            json!({"totalRecords": member("totalRecords"), "resultTruncated": member("resultTruncated")});
        let limit = response.header("x-ms-tenant-subscription-limit-hit");
        let is_cut_off = limit.is_some_and(|hit| hit.eq_ignore_ascii_case("true"));
        let Page { content, next } =
            Page::of_members(&members, "Microsoft.ResourceGraph/resources", "data", "$skipToken")?;
        wait_for_quota(&response).await;
        Ok(Page { content: (content, PageInfo { totals, is_cut_off }), next })
    }
}

impl Source<Tenant> for Query {
    fn name(&self) -> &'static str {
        self.table.name
    }

    fn calls(&self) -> &'static [Call] {
        &CALLS
    }

    fn types(&self) -> Vec<String> {
        self.types.clone()
    }

    fn accounts(&self) -> Vec<String> {
        self.subscriptions.clone()
    }

    fn pages<'a>(&'a self, tenant: &'a Tenant, pages: &'a mut Pages) -> Running<'a> {
        Box::pin(async move {
            let (mut read, mut total) = (0_u64, Ok(()));
            let text = self.text("");
            let mut pager = Pager::new(|token| self.get(tenant, &text, token));
            while let Some((rows, response)) = pager.next().await? {
                read += rows.count() as u64;
                self.keep_accounts(&rows);
                add(pages, &rows)?;
                if response.is_cut_off {
                    let help = "name the subscriptions with `--subscription`, in several runs";
                    pages.miss(Stop::cut_off(MANY_SUBSCRIPTIONS).help(help));
                }
                total = check_total(&response.totals, read);
            }
            Ok(total?)
        })
    }
}

/// Writes a page of rows.
pub(super) fn add(pages: &mut Pages, rows: &RawList) -> Result<(), CollectError> {
    let count = rows.count();
    pages.add_texts(&[("data", rows.text()), ("total_records", &count.to_string())], count)
}

/// Fails if there are more resources than the pages had.
fn check_total(answer: &Value, read: u64) -> Result<(), Stop> {
    let total = answer.get("totalRecords").and_then(Value::as_u64).unwrap_or(read);
    let is_truncated = answer.get("resultTruncated").and_then(Value::as_str) == Some("true");
    if total <= read && !is_truncated {
        return Ok(());
    }
    Err(Stop::cut_off(format!("Resource Graph returned {read} of {total} resources"))
        .help("fetch again later"))
}

/// Waits until the quota of the caller has room: a response names what is left of it and when it is full again.
async fn wait_for_quota(response: &Response) {
    let left = response.header("x-ms-user-quota-remaining").and_then(|left| left.trim().parse::<u32>().ok());
    // `00:00:05`
    let resets = response.header("x-ms-user-quota-resets-after").and_then(|time| {
        time.split(':').try_fold(0_u64, |seconds, part| Some(seconds * 60 + part.trim().parse::<u64>().ok()?))
    });
    if let (Some(0), Some(seconds)) = (left, resets) {
        tokio::time::sleep(std::time::Duration::from_secs(seconds.min(60))).await;
    }
}

/// Returns the subscription that a row is.
fn account(row: &Value) -> Option<Account> {
    let text = |pointer: &str| row.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    if !text("/type").eq_ignore_ascii_case("microsoft.resources/subscriptions") {
        return None;
    }
    let tags = row.get("tags").and_then(Value::as_object);
    let tag = |(key, value): (&String, &Value)| (key.clone(), value.as_str().unwrap_or_default().to_owned());
    Some(Account {
        id: text("/subscriptionId"),
        name: text("/name"),
        state: text("/properties/state"),
        // The nearest management group comes first.
        parent: text("/properties/managementGroupAncestorsChain/0/name"),
        parent_name: text("/properties/managementGroupAncestorsChain/0/displayName"),
        tags: tags.into_iter().flatten().map(tag).collect::<BTreeMap<_, _>>(),
    })
}

/// A request for a page.
struct Post<'p> {
    tenant: &'p Tenant,
    input: &'p Value,
}

impl HttpCall for Post<'_> {
    async fn request(&self) -> Result<Request, Stop> {
        let mut headers = self.tenant.bearer.headers().await?;
        headers.push(("content-type", "application/json".to_owned()));
        let path = format!("/providers/Microsoft.ResourceGraph/resources?api-version={API_VERSION}");
        Ok(Request {
            method: "POST",
            url: format!("{}{path}", self.tenant.endpoint),
            headers,
            body: json_text(self.input).into_bytes(),
        })
    }

    fn judge(&self, response: &Response) -> Verdict {
        if response.status == 200 {
            return Verdict::Done;
        }
        let (code, message) = crate::oauth::error_of(response);
        let reason = format!("Resource Graph failed: {message} ({code})");
        match response.status {
            429 => Verdict::Throttled(
                Stop::cut_off(reason).help("Azure throttles these requests; fetch again later"),
            ),
            401 => {
                let help = "sign in again: the credentials are expired or wrong";
                Verdict::Final(Stop::new(CoverageStatus::Denied, reason).help(help))
            }
            403 => {
                let help = "the caller needs a role that may read, such as Reader";
                Verdict::Final(Stop::new(CoverageStatus::Denied, reason).help(help))
            }
            408 | 500.. => Verdict::Transient(Stop::cut_off(reason).help("fetch again later")),
            _ => Verdict::Final(Stop::cut_off(reason)),
        }
    }
}
