//! A source is an API that lists resources.
//!
//! In: what a source is asked about (a [`Place`]). Out: pages of raw answers in a [`Pages`], and how much of what was
//! requested they are. A new source is one file that implements [`Source`].

use std::future::Future;
use std::pin::Pin;

use serde::Serialize;
use serde_json::Value;
use tagpol_model::{CoverageStatus, SourceCoverage};

use crate::error::CollectError;
use crate::output::{Pages, Part};

/// A future of a source.
pub(crate) type Running<'a> = Pin<Box<dyn Future<Output = Result<(), SourceError>> + Send + 'a>>;

/// An API that lists resources.
///
/// `P` is what it is asked about: an account and a region of AWS, all subscriptions of Azure, a scope of Google Cloud.
pub(crate) trait Source<P>: Send + Sync {
    /// Its name in coverage, on the command line and in names of files: `aws-tagging`.
    fn name(&self) -> &'static str;

    /// The requests that it makes, in the words of the cloud, with the permissions that they need.
    fn calls(&self) -> &'static [Call];

    /// Whether it lists resources that never had a tag.
    fn lists_untagged(&self) -> bool {
        true
    }

    /// Whether it is skipped without an error where it is not enabled.
    fn is_optional(&self) -> bool {
        false
    }

    /// The requested types that it lists; empty if it lists all types.
    fn types(&self) -> Vec<String>;

    /// The accounts to which it is restricted, if it is asked about several at once; empty if it lists all of them.
    fn accounts(&self) -> Vec<String> {
        Vec::new()
    }

    /// The regions to which it is restricted, if it is asked about several at once; empty if it lists all of them.
    fn regions(&self) -> Vec<String> {
        Vec::new()
    }

    /// Lists the resources of a place, page by page.
    fn pages<'a>(&'a self, place: &'a P, pages: &'a mut Pages) -> Running<'a>;
}

/// A request of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call {
    /// As the cloud names it: `ec2:DescribeInstances`.
    pub name: &'static str,
    /// The permission that it needs; empty if it needs none.
    pub permission: &'static str,
}

impl Call {
    /// A request that is named like its permission.
    pub(crate) const fn of(name: &'static str) -> Self {
        Self { name, permission: name }
    }
}

/// Why a source did not list everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stop {
    pub(crate) status: CoverageStatus,
    /// The reason, lower case.
    pub(crate) reason: String,
    /// What to do about it.
    pub(crate) help: Option<String>,
}

impl Stop {
    pub(crate) fn new(status: CoverageStatus, reason: impl Into<String>) -> Self {
        Self { status, reason: reason.into(), help: None }
    }

    pub(crate) fn cut_off(reason: impl Into<String>) -> Self {
        Self::new(CoverageStatus::CutOff, reason)
    }

    pub(crate) fn not_enabled(reason: impl Into<String>) -> Self {
        Self::new(CoverageStatus::NotEnabled, reason)
    }

    pub(crate) fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

/// How the work of a source ends early.
#[derive(Debug)]
pub(crate) enum SourceError {
    /// The source gives no more; what was read is kept.
    Stop(Stop),
    /// Nothing can go on.
    Fatal(CollectError),
}

impl From<Stop> for SourceError {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl From<CollectError> for SourceError {
    fn from(error: CollectError) -> Self {
        Self::Fatal(error)
    }
}

/// Runs a source for a place; its coverage has everything that was read, and why it is not all: one record for each type
/// that the source lists by itself, and one for all others.
pub(crate) async fn run<P: Sync>(
    source: &dyn Source<P>,
    place: &P,
    (account, region): (Option<&str>, Option<&str>),
    mut pages: Pages,
) -> Result<(Vec<SourceCoverage>, Pages), CollectError> {
    let stop = match source.pages(place, &mut pages).await {
        Ok(()) => None,
        Err(SourceError::Stop(stop)) => Some(stop),
        Err(SourceError::Fatal(error)) => return Err(error),
    };
    pages.flush()?;
    let parts = pages.take_parts(stop.as_ref());
    let listed: Vec<&String> = parts.iter().filter_map(|part| part.type_.as_ref()).collect();
    let others: Vec<String> = source.types().into_iter().filter(|type_| !listed.contains(&type_)).collect();
    let has_others = listed.is_empty() || !others.is_empty();
    let record = |part: &Part| SourceCoverage {
        source: source.name().to_owned(),
        account: account.map(str::to_owned),
        region: region.map(str::to_owned),
        types: part.type_.as_ref().map_or_else(|| others.clone(), |type_| vec![type_.clone()]),
        accounts: source.accounts(),
        regions: source.regions(),
        status: part.flaw.as_ref().map_or(CoverageStatus::Whole, |stop| stop.status),
        lists_untagged: source.lists_untagged(),
        has_tags: pages.files().iter().all(|file| file.has_tags),
        is_optional: source.is_optional(),
        resources: part.resources,
        reason: part.flaw.as_ref().map(|stop| stop.reason.clone()),
        help: part.flaw.as_ref().and_then(|stop| stop.help.clone()),
        files: pages.files().iter().map(|file| file.name.clone()).collect(),
    };
    let is_part = |part: &&Part| part.type_.is_some() || has_others;
    let coverage = parts.iter().filter(is_part).map(record).collect();
    Ok((coverage, pages))
}

/// Sets a member of a JSON object.
pub(crate) fn set(object: &mut Value, name: &str, value: impl Into<Value>) {
    if let Value::Object(members) = object {
        members.insert(name.to_owned(), value.into());
    }
}

/// Returns the input of a request for the page behind a token.
pub(crate) fn with_token(input: &Value, name: &str, token: Option<String>) -> Value {
    let mut input = input.clone();
    if let Some(token) = token {
        set(&mut input, name, token);
    }
    input
}

/// Writes a value that always can be written as JSON.
pub(crate) fn json_text(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
