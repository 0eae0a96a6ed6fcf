//! Cloud Asset Inventory: all searchable resources of a scope, with their labels.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;
use tagpol_model::CoverageStatus;

use super::Scope;
use crate::accounts::Account;
use crate::http::{Call as HttpCall, Request, Response, Verdict, form};
use crate::output::Pages;
use crate::pager::{Page, Pager, RawList};
use crate::source::{Call, Running, Source, Stop};

pub(super) const NAME: &str = "gcp-assets";

/// Resources of a page: the most that the API returns.
const PAGE: &str = "500";

/// The type of projects, which become accounts.
const PROJECT: &str = "cloudresourcemanager.googleapis.com/Project";

/// What the text of a project contains. JSON may write a slash as `\/`.
const PROJECTS: &str = "cloudresourcemanager.googleapis.com";

pub(super) const CALLS: [Call; 1] = [Call::of("cloudasset.assets.searchAllResources")];

/// A search over all resources.
pub(super) struct Search {
    types: Vec<String>,
    accounts: Mutex<Vec<Account>>,
}

impl Search {
    pub(super) fn new(types: &[String]) -> Self {
        Self { types: types.to_vec(), accounts: Mutex::new(Vec::new()) }
    }

    /// Returns the projects that were listed, sorted by id.
    pub(super) fn take_accounts(&self) -> Vec<Account> {
        let mut accounts = std::mem::take(&mut *self.accounts.lock().unwrap_or_else(PoisonError::into_inner));
        accounts.sort_by(|a, b| a.id.cmp(&b.id));
        accounts
    }
}

impl Search {
    async fn get(&self, scope: &Scope, token: Option<String>) -> Result<Page<RawList>, Stop> {
        let get = Get { scope, types: &self.types, token: token.as_deref() };
        let response = scope.http.send(&get).await?;
        let mut members = response.members()?;
        // A page without results has no list.
        if let (false, Ok(empty)) = (members.contains_key("results"), serde_json::from_str("[]")) {
            members.insert("results".to_owned(), empty);
        }
        Page::of_members(&members, CALLS[0].name, "results", "nextPageToken")
    }
}

impl Source<Scope> for Search {
    fn name(&self) -> &'static str {
        NAME
    }

    fn calls(&self) -> &'static [Call] {
        &CALLS
    }

    fn types(&self) -> Vec<String> {
        self.types.clone()
    }

    fn pages<'a>(&'a self, scope: &'a Scope, pages: &'a mut Pages) -> Running<'a> {
        Box::pin(async move {
            let mut pager = Pager::new(|token| self.get(scope, token));
            while let Some(rows) = pager.next().await? {
                let projects = rows.rows_with(PROJECTS);
                let found = projects.iter().filter_map(account);
                self.accounts.lock().unwrap_or_else(PoisonError::into_inner).extend(found);
                pages.add_texts(&[("results", rows.text())], rows.count())?;
            }
            Ok(())
        })
    }
}

/// Returns the project that a row is.
fn account(row: &Value) -> Option<Account> {
    let text = |pointer: &str| row.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    if text("/assetType") != PROJECT {
        return None;
    }
    let labels = row.get("labels").and_then(Value::as_object);
    let label =
        |(key, value): (&String, &Value)| (key.clone(), value.as_str().unwrap_or_default().to_owned());
    let parent = text("/parentFullResourceName");
    Some(Account {
        id: text("/name").rsplit('/').next().unwrap_or_default().to_owned(),
        name: text("/displayName"),
        state: text("/state"),
        parent: parent
            .rsplit_once(".googleapis.com/")
            .map_or(parent.clone(), |(_, parent)| parent.to_owned()),
        parent_name: String::new(),
        tags: labels.into_iter().flatten().map(label).collect::<BTreeMap<_, _>>(),
    })
}

/// A request for a page.
struct Get<'g> {
    scope: &'g Scope,
    types: &'g [String],
    token: Option<&'g str>,
}

impl HttpCall for Get<'_> {
    async fn request(&self) -> Result<Request, Stop> {
        let types = self.types.iter().map(|type_| ("assetTypes", type_.as_str()));
        let token = self.token.map(|token| ("pageToken", token));
        // In an order, so that pages neither overlap nor leave anything out.
        let query = form([("pageSize", PAGE), ("orderBy", "name")].into_iter().chain(types).chain(token));
        Ok(Request {
            method: "GET",
            url: format!("{}/v1/{}:searchAllResources?{query}", self.scope.endpoint, self.scope.name),
            headers: self.scope.bearer.headers().await?,
            body: Vec::new(),
        })
    }

    fn judge(&self, response: &Response) -> Verdict {
        if response.status == 200 {
            return Verdict::Done;
        }
        let (code, message) = crate::oauth::error_of(response);
        let reason = format!("Cloud Asset Inventory failed: {message} ({code})");
        match response.status {
            429 => Verdict::Throttled(
                Stop::cut_off(reason).help("Google Cloud throttles these requests; fetch again later"),
            ),
            401 => {
                let help = "sign in again: the credentials are expired or wrong";
                Verdict::Final(Stop::new(CoverageStatus::Denied, reason).help(help))
            }
            403 if message.contains("has not been used") || message.contains("is disabled") => {
                let help = "enable the Cloud Asset API in the project of the credentials";
                Verdict::Final(Stop::not_enabled(reason).help(help))
            }
            403 => {
                let help = format!("the caller needs the permission `{}` on the scope", CALLS[0].permission);
                Verdict::Final(Stop::new(CoverageStatus::Denied, reason).help(help))
            }
            408 | 500.. => Verdict::Transient(Stop::cut_off(reason).help("fetch again later")),
            _ => Verdict::Final(Stop::cut_off(reason)),
        }
    }
}
