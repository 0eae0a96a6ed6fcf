//! The commands, one file each.

pub(crate) mod check;
pub(crate) mod compile;
pub(crate) mod completions;
pub(crate) mod cost;
pub(crate) mod diff;
pub(crate) mod doc;
pub(crate) mod eval;
pub(crate) mod explain;
pub(crate) mod explain_code;
pub(crate) mod fmt;
pub(crate) mod init;
pub(crate) mod learn;
pub(crate) mod lsp;
pub(crate) mod model;
pub(crate) mod review;
pub(crate) mod runs;
pub(crate) mod snapshot;
pub(crate) mod suggest;
pub(crate) mod tags;
pub(crate) mod test;
pub(crate) mod train;

/// Returns the clock of a run: the one that was asked for, else now in whole seconds.
pub(crate) fn clock(asked: Option<chrono::DateTime<chrono::Utc>>) -> chrono::DateTime<chrono::Utc> {
    asked.unwrap_or_else(|| {
        let now = chrono::Utc::now();
        chrono::DateTime::from_timestamp(now.timestamp(), 0).unwrap_or(now)
    })
}
