//! The audit trail: entries of a tenant in the order of their transactions, each with a hash of the one before.

use chrono::{DateTime, SecondsFormat, Utc};
use sha2::{Digest as _, Sha256};

use crate::secrets::hex;

/// Something that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The number in the tenant, from 1 without gaps.
    pub seq: i64,
    /// When it was done.
    pub at: DateTime<Utc>,
    /// Who did it: `user:ID`, `token:ID`, `system`, or the name that the command line gave.
    pub actor: String,
    /// What was done, such as `tag.set`.
    pub action: String,
    /// The project. Empty: the tenant as a whole.
    pub project: String,
    /// What it was done to, such as the id of a resource.
    pub object: String,
    /// More about it, as JSON.
    pub details: String,
    /// The hash of this entry, in hexadecimal digits.
    pub hash: String,
}

/// The hash before the first entry.
pub const START: &str = "";

impl Entry {
    /// Returns the hash of the entry behind another one. Every field takes part, each with its length.
    pub fn hash_after(&self, previous: &str) -> String {
        let at = self.at.to_rfc3339_opts(SecondsFormat::Micros, true);
        let seq = self.seq.to_string();
        let mut hash = Sha256::new();
        for part in
            [previous, &seq, &at, &self.actor, &self.action, &self.project, &self.object, &self.details]
        {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        hex(&hash.finalize())
    }
}

/// The result of a verification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// All entries are as they were written; the number of them.
    Intact(u64),
    /// The first entry that is not, or that is missing.
    Broken {
        /// Its number.
        seq: i64,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// Verifies entries one by one.
#[derive(Debug, Clone)]
pub struct Verifier {
    next: i64,
    previous: String,
}

impl Default for Verifier {
    fn default() -> Self {
        Self { next: 1, previous: START.to_owned() }
    }
}

impl Verifier {
    /// Takes the next entry.
    ///
    /// # Errors
    /// [`Verdict::Broken`].
    pub fn take(&mut self, entry: &Entry) -> Result<(), Verdict> {
        if entry.seq != self.next {
            return Err(Verdict::Broken { seq: self.next, reason: "the entry is missing" });
        }
        if entry.hash_after(&self.previous) != entry.hash {
            return Err(Verdict::Broken { seq: entry.seq, reason: "the entry, or its hash, was changed" });
        }
        self.next += 1;
        self.previous.clone_from(&entry.hash);
        Ok(())
    }

    /// Ends with the head that the store keeps: number and hash of the last entry.
    pub fn end(self, head: Option<(i64, &str)>) -> Verdict {
        match head {
            Some((seq, hash)) if (seq, hash) != (self.next - 1, &self.previous) => {
                Verdict::Broken { seq: self.next, reason: "entries at the end are missing" }
            }
            _ => Verdict::Intact(u64::try_from(self.next - 1).unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(len: i64) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        for seq in 1..=len {
            let mut entry = Entry {
                seq,
                at: DateTime::from_timestamp(seq, 0).unwrap(),
                actor: "user:a".to_owned(),
                action: "tag.set".to_owned(),
                project: String::new(),
                object: format!("r{seq}"),
                details: "{}".to_owned(),
                hash: String::new(),
            };
            entry.hash = entry.hash_after(entries.last().map_or(START, |last| &last.hash));
            entries.push(entry);
        }
        entries
    }

    fn verify(entries: &[Entry], head: Option<(i64, &str)>) -> Verdict {
        let mut verifier = Verifier::default();
        for entry in entries {
            if let Err(broken) = verifier.take(entry) {
                return broken;
            }
        }
        verifier.end(head)
    }

    #[test]
    fn any_change_is_found_at_its_place() {
        let entries = chain(5);
        let head = entries[4].hash.clone();
        let head = Some((5, head.as_str()));
        assert_eq!(verify(&entries, head), Verdict::Intact(5));
        let broken_at = |entries: &[Entry]| match verify(entries, head) {
            Verdict::Broken { seq, .. } => seq,
            Verdict::Intact(_) => 0,
        };
        let edits: [fn(&mut Entry); 6] = [
            |entry| entry.actor.push('x'),
            |entry| entry.action.push('x'),
            |entry| entry.object.push('x'),
            |entry| entry.details.push(' '),
            |entry| entry.at += chrono::Duration::microseconds(1),
            |entry| std::mem::swap(&mut entry.object, &mut entry.details),
        ];
        for edit in edits {
            let mut changed = entries.clone();
            edit(&mut changed[2]);
            assert_eq!(broken_at(&changed), 3);
        }
        let mut removed = entries.clone();
        removed.remove(1);
        assert_eq!(broken_at(&removed), 2);
        assert_eq!(broken_at(&entries[..4]), 5);
    }
}
