//! What could not be read as it stood: rows left out and values left out or changed.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::ImportError;

/// The result of damaging the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RejectKind {
    /// The row is not in the snapshot.
    Row,
    /// The row is in the snapshot, this one value of it was left out or changed.
    Value,
    /// Nothing is wrong, but a reader may expect more: something of the file is not read, or was understood
    /// in one of several possible ways.
    Note,
}

/// One line of a snapshot's `rejects.ndjson`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reject {
    /// Path of the file, as it was given.
    pub file: String,
    /// Line on which the row starts, from 1; for Parquet the row, from 1.
    pub line: u64,
    /// Column on the line, in characters from 1, where the place inside the row is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u64>,
    /// The field or column the value stood in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Whether the row or one value was rejected.
    pub kind: RejectKind,
    /// Id of the resource, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// What was wrong and what was done about it.
    pub reason: String,
    /// The start of the offending text, control characters escaped.
    pub text: String,
}

/// A reject whose file is known to [`Rejects`].
#[derive(Debug)]
pub(crate) struct Flaw {
    pub(crate) line: u64,
    pub(crate) column: Option<u64>,
    pub(crate) field: Option<String>,
    pub(crate) kind: RejectKind,
    pub(crate) resource: Option<String>,
    pub(crate) reason: String,
    pub(crate) text: String,
}

impl Flaw {
    /// A row that is left out; `text` is already shortened.
    pub(crate) fn row(line: u64, reason: impl Into<String>, text: String) -> Self {
        Self {
            line,
            column: None,
            field: None,
            kind: RejectKind::Row,
            resource: None,
            reason: reason.into(),
            text,
        }
    }

    /// Something about a file that is not a mistake.
    pub(crate) fn note(field: &str, reason: &str) -> Self {
        Self { kind: RejectKind::Note, ..Self::of_file(field, reason) }
    }

    /// What a file lacks as a whole.
    pub(crate) fn of_file(field: &str, reason: &str) -> Self {
        Self { kind: RejectKind::Value, field: Some(field.to_owned()), ..Self::row(1, reason, String::new()) }
    }

    /// A value that is left out or changed; `text` is already shortened.
    pub(crate) fn value(
        line: u64,
        field: &str,
        resource: &str,
        reason: impl Into<String>,
        text: String,
    ) -> Self {
        Self {
            line,
            column: None,
            field: Some(field.to_owned()),
            kind: RejectKind::Value,
            resource: Some(resource.to_owned()),
            reason: reason.into(),
            text,
        }
    }
}

/// Rejects that are listed one by one; all are counted.
const LISTED: usize = 100_000;

/// Collects rejects in the order in which they are met; in strict mode the first one is an error.
#[derive(Debug, Default)]
pub(crate) struct Rejects {
    strict: bool,
    file: String,
    /// The first ones.
    listed: Vec<Reject>,
    /// Rows and values.
    count: u64,
    notes: u64,
}

impl Rejects {
    pub(crate) fn new(strict: bool) -> Self {
        Self { strict, ..Self::default() }
    }

    /// Whether the first reject is an error.
    pub(crate) fn is_strict(&self) -> bool {
        self.strict
    }

    /// Describes which file the flaws that follow are in.
    pub(crate) fn enter(&mut self, file: &Path) {
        self.file = file.display().to_string();
    }

    pub(crate) fn add(&mut self, reject: Reject) -> Result<(), ImportError> {
        if self.strict {
            return Err(ImportError::Strict { reject: Box::new(reject) });
        }
        self.push(reject);
        Ok(())
    }

    /// Adds something that a user should know and that is not a mistake, in strict mode too.
    pub(crate) fn remark(&mut self, flaw: Flaw) {
        let reject = self.placed(flaw);
        self.push(reject);
    }

    fn push(&mut self, reject: Reject) {
        match reject.kind {
            RejectKind::Note => self.notes += 1,
            RejectKind::Row | RejectKind::Value => self.count += 1,
        }
        if self.listed.len() < LISTED {
            self.listed.push(reject);
        }
    }

    /// Returns a flaw of the file at hand as a reject.
    pub(crate) fn placed(&self, flaw: Flaw) -> Reject {
        let Flaw { line, column, field, kind, resource, reason, text } = flaw;
        Reject { file: self.file.clone(), line, column, field, kind, resource, reason, text }
    }

    /// Returns the first rejects and notes, and how many there are of each.
    pub(crate) fn finish(self) -> (Vec<Reject>, u64, u64) {
        (self.listed, self.count, self.notes)
    }
}
