//! The commands, one file each.

pub(crate) mod advise;
mod apply_events;
pub(crate) mod check;
pub(crate) mod compile;
pub(crate) mod completions;
pub(crate) mod cost;
pub(crate) mod diff;
pub(crate) mod doc;
pub(crate) mod enforce;
pub(crate) mod eval;
pub(crate) mod explain;
pub(crate) mod explain_code;
#[cfg(feature = "collect")]
mod fetch;
pub(crate) mod filter;
pub(crate) mod fmt;
pub(crate) mod init;
#[cfg(feature = "suggest")]
pub(crate) mod learn;
pub(crate) mod lsp;
pub(crate) mod migrate;
#[cfg(not(all(feature = "collect", feature = "remediate", feature = "serve", feature = "suggest")))]
mod missing;
#[cfg(feature = "suggest")]
pub(crate) mod model;
pub(crate) mod own;
#[cfg(feature = "remediate")]
pub(crate) mod remediate;
#[cfg(feature = "suggest")]
pub(crate) mod review;
pub(crate) mod runs;
#[cfg(feature = "serve")]
pub(crate) mod serve;
pub(crate) mod snapshot;
mod snapshot_diff;
#[cfg(feature = "suggest")]
pub(crate) mod suggest;
pub(crate) mod tags;
pub(crate) mod test;
#[cfg(feature = "suggest")]
pub(crate) mod train;
pub(crate) mod vendor;
#[cfg(feature = "collect")]
pub(crate) mod watch;

#[cfg(not(feature = "collect"))]
use missing::fetch;
#[cfg(not(feature = "remediate"))]
pub(crate) use missing::remediate;
#[cfg(not(feature = "serve"))]
pub(crate) use missing::serve;
#[cfg(not(feature = "collect"))]
pub(crate) use missing::watch;
#[cfg(not(feature = "suggest"))]
pub(crate) use missing::{learn, model, review, suggest, train};

/// Returns the clock of a run: the one that was asked for, else now in whole seconds.
pub(crate) fn clock(asked: Option<chrono::DateTime<chrono::Utc>>) -> chrono::DateTime<chrono::Utc> {
    asked.unwrap_or_else(|| {
        let now = chrono::Utc::now();
        chrono::DateTime::from_timestamp(now.timestamp(), 0).unwrap_or(now)
    })
}
