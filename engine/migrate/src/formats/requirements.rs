//! Policies that are lists of requirements on tags, as simple tools have them.

use crate::policy::condition::{Condition, Subject, Test};
use crate::policy::names::{Names, kebab};
use crate::policy::pattern::Pattern;
use crate::policy::{Check, Item, ItemKind, Policy};

/// What a tag must have.
#[derive(Debug, Clone)]
pub(super) enum Requirement {
    /// Any value, also an empty one.
    Present,
    Absent,
    /// A value with a part that matches.
    Finds(Pattern),
}

/// Collects the checks of one policy.
#[derive(Debug, Default)]
pub(super) struct Checks {
    labels: Names,
    checks: Vec<Check>,
}

impl Checks {
    /// Adds a check of a key, and returns its label.
    pub(super) fn add(&mut self, key: &str, requirement: Requirement, message: &str) -> String {
        let subject = Subject::Native(key.to_owned());
        let (condition, default) = match requirement {
            Requirement::Present => (Condition::Test(subject, Test::Set), format!("add the tag {key}")),
            Requirement::Absent => (Condition::Test(subject, Test::Missing), format!("remove the tag {key}")),
            Requirement::Finds(pattern) => {
                let condition = Condition::Test(subject, Test::Finds(pattern));
                (condition, format!("give the tag {key} a value of the required form"))
            }
        };
        self.add_condition(&kebab(key, "tag"), condition, if message.is_empty() { &default } else { message })
    }

    /// Adds a check of any condition, and returns its label.
    pub(super) fn add_condition(&mut self, label: &str, condition: Condition, message: &str) -> String {
        let label = self.labels.unique(label);
        let message = crate::policy::message(message);
        self.checks.push(Check { label: label.clone(), forbid: false, condition, message });
        label
    }

    /// Makes the policy, unless there are no checks.
    pub(super) fn policy(self, name: &str, severity: &'static str, scope: Option<Condition>) -> Option<Item> {
        let policy = Policy { name: name.to_owned(), severity, scope, checks: self.checks };
        (!policy.checks.is_empty()).then(|| Item::new(ItemKind::Policy(policy)))
    }
}
