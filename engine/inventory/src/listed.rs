//! For which resources it is known that they have no other tags.
//!
//! In: what was listed of clouds. A resource that only a bill has may have tags that the bill lacks, unless its cloud was
//! asked, listed all resources of its type with their tags, and did not list it: then it was deleted since. If a cloud
//! was not asked at all, its bills are all that there is to judge by.

use rustc_hash::FxHashSet;
use tagpol_model::SourceCoverage;

use crate::inventory::Row;
use crate::pool::{Pool, Symbol};

/// What was listed of clouds.
pub(crate) struct Listings<'c> {
    coverage: &'c [SourceCoverage],
    /// Providers and types of the resources that were listed: of sources that list all their types, it is not known
    /// otherwise which these are.
    types: FxHashSet<(Option<Symbol>, Option<Symbol>)>,
}

impl<'c> Listings<'c> {
    pub(crate) fn new(coverage: &'c [SourceCoverage], rows: &[Row]) -> Self {
        let rows = if coverage.is_empty() { &[] } else { rows };
        let listed = rows.iter().filter(|row| !row.is_bill_only());
        Self { coverage, types: listed.map(|row| (row.provider, row.type_)).collect() }
    }

    /// Whether a resource that only a bill has may have tags that the bill lacks.
    pub(crate) fn may_have_tags(&self, pool: &Pool, row: &Row) -> bool {
        let text = |symbol: Option<Symbol>| symbol.map(|symbol| pool.text(symbol));
        let Some(provider) = text(row.provider) else { return false };
        let is_of = |source: &&SourceCoverage| {
            source.source.strip_prefix(provider).is_some_and(|rest| rest.starts_with('-'))
        };
        let mut sources = self.coverage.iter().filter(is_of).peekable();
        if sources.peek().is_none() {
            return false;
        }
        let (account, region, type_) = (text(row.account), text(row.region), text(row.type_));
        let is_type_listed = self.types.contains(&(row.provider, row.type_));
        let covering: Vec<&SourceCoverage> = sources
            .filter(|source| source.lists_untagged && source.has_tags)
            .filter(|source| covers_account(source, account) && covers_type(source, type_, is_type_listed))
            .collect();
        let is_whole = |source: &&&SourceCoverage| source.is_whole();
        let in_region = |source: &&&SourceCoverage| match (&source.region, region) {
            (Some(listed), Some(region)) => listed == region,
            (Some(_), None) => false,
            (None, Some(region)) => {
                source.regions.is_empty() || source.regions.iter().any(|listed| listed == region)
            }
            (None, None) => source.regions.is_empty(),
        };
        if covering.iter().filter(in_region).any(|source| is_whole(&source)) {
            return false;
        }
        // Where a resource without a region is listed is not known: all regions have to be whole.
        let has_all =
            region.is_none() && !covering.is_empty() && covering.iter().all(|source| is_whole(&source));
        !has_all
    }
}

fn covers_account(source: &SourceCoverage, account: Option<&str>) -> bool {
    match (&source.account, account) {
        // A scope of Google Cloud; which projects a folder has is not known.
        (Some(scope), Some(account)) if scope.contains('/') => {
            scope.starts_with("organizations/") || scope.strip_prefix("projects/") == Some(account)
        }
        (Some(listed), account) => Some(listed.as_str()) == account,
        (None, Some(account)) => {
            source.accounts.is_empty() || source.accounts.iter().any(|listed| listed == account)
        }
        (None, None) => source.accounts.is_empty(),
    }
}

fn covers_type(source: &SourceCoverage, type_: Option<&str>, is_listed: bool) -> bool {
    if source.types.is_empty() {
        return is_listed;
    }
    let Some(type_) = type_.map(str::to_lowercase) else { return false };
    source.types.iter().any(|listed| {
        // `AWS::SQS::Queue` is `sqs:queue`, and `sqs` are all types of the service.
        let listed = listed.to_lowercase();
        let listed = listed.strip_prefix("aws::").map_or(listed.clone(), |name| name.replace("::", ":"));
        type_.strip_prefix(listed.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
    })
}
