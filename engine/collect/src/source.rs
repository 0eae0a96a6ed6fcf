//! A source is an API that lists resources.
//!
//! In: what a source is asked about (a [`Place`]). Out: pages of raw answers in a [`Pages`], and how much of what was
//! requested they are. A new source is one file that implements [`Source`].

use std::collections::HashSet;
use std::future::Future;
use std::hash::{BuildHasher as _, RandomState};
use std::pin::Pin;

use serde::Serialize;
use serde_json::Value;
use tagpol_model::{CoverageStatus, SourceCoverage};

use crate::error::CollectError;
use crate::output::Pages;

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

/// Runs a source for a place; its coverage has everything that was read, and why it is not all.
pub(crate) async fn run<P: Sync>(
    source: &dyn Source<P>,
    place: &P,
    (account, region): (Option<&str>, Option<&str>),
    mut pages: Pages,
) -> Result<(SourceCoverage, Pages), CollectError> {
    let stop = match source.pages(place, &mut pages).await {
        Ok(()) => None,
        Err(SourceError::Stop(stop)) => Some(stop),
        Err(SourceError::Fatal(error)) => return Err(error),
    };
    pages.flush()?;
    let stop = stop.or_else(|| pages.take_flaw());
    let coverage = SourceCoverage {
        source: source.name().to_owned(),
        account: account.map(str::to_owned),
        region: region.map(str::to_owned),
        types: source.types(),
        status: stop.as_ref().map_or(CoverageStatus::Whole, |stop| stop.status),
        lists_untagged: source.lists_untagged(),
        has_tags: pages.files().iter().all(|file| file.has_tags),
        is_optional: source.is_optional(),
        resources: pages.resources(),
        reason: stop.as_ref().map(|stop| stop.reason.clone()),
        help: stop.and_then(|stop| stop.help),
        files: pages.files().iter().map(|file| file.name.clone()).collect(),
    };
    Ok((coverage, pages))
}

/// The tokens of the pages that were read: one that repeats would be followed forever.
#[derive(Default)]
pub(crate) struct Tokens {
    seen: HashSet<u64>,
    hasher: RandomState,
}

impl Tokens {
    /// Returns the token of the next page, None after the last.
    ///
    /// # Errors
    /// If it was followed before.
    pub(crate) fn next(&mut self, token: Option<&str>) -> Result<Option<String>, Stop> {
        let Some(token) = token.filter(|token| !token.is_empty()) else { return Ok(None) };
        if self.seen.insert(self.hasher.hash_one(token)) {
            return Ok(Some(token.to_owned()));
        }
        Err(Stop::cut_off("the API returned the token of an earlier page, so that the next page is unknown")
            .help("fetch again later"))
    }
}

/// Sets a member of a JSON object.
pub(crate) fn set(object: &mut Value, name: &str, value: impl Into<Value>) {
    if let Value::Object(members) = object {
        members.insert(name.to_owned(), value.into());
    }
}

/// Writes a value that always can be written as JSON.
pub(crate) fn json_text(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_repeats_ends_the_pages() {
        let mut tokens = Tokens::default();
        assert_eq!(tokens.next(Some("a")).unwrap().as_deref(), Some("a"));
        assert_eq!(tokens.next(Some("b")).unwrap().as_deref(), Some("b"));
        assert_eq!(tokens.next(Some("a")).unwrap_err().status, CoverageStatus::CutOff);
        assert_eq!(tokens.next(Some("")).unwrap(), None);
        assert_eq!(tokens.next(None).unwrap(), None);
    }
}
