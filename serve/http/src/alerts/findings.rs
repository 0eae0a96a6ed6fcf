//! What a rule is about: the findings of its policies that are open now, and what became of others.

use std::collections::BTreeMap;

use tagpol_app::evaluation::State;
use tagpol_serve_data::{AlertFinding, Contents, DataError};
use tagpol_serve_notify::Severity;
use tagpol_serve_notify::alert::{FindingId, OpenFinding, Rule, Standing};

use crate::host::Serving;

/// The most findings that a rule can be about. All of them are in memory while it is decided what is sent.
pub(crate) const MOST: usize = 100_000;

/// The findings of the policies of a rule.
#[derive(Debug)]
pub(crate) struct Found {
    /// Those that count.
    pub(crate) open: Vec<OpenFinding>,
    /// Those that do not count now.
    others: BTreeMap<FindingId, State>,
}

impl Found {
    /// Reads the findings of the policies and severities of a rule.
    ///
    /// # Errors
    /// [`DataError::TooManyFindings`]; [`DataError::Busy`], [`DataError::TooSlow`].
    pub(crate) fn of(serving: &Serving, rule: &Rule) -> Result<Self, DataError> {
        let contents = serving.generation.contents();
        let is_wanted = |check: &usize| {
            policy_of(contents, *check)
                .is_some_and(|(name, severity)| rule.filter.lets_policy_through(name, severity))
        };
        let checks: Vec<usize> = (0..contents.checks.len()).filter(is_wanted).collect();
        let mut found = Self { open: Vec::new(), others: BTreeMap::new() };
        for row in serving.generation.alert_findings(&checks, &rule.owner_tag, MOST)? {
            found.add(row, contents);
        }
        Ok(found)
    }

    fn add(&mut self, row: AlertFinding, contents: &Contents) {
        let Some((policy, severity)) = policy_of(contents, row.check) else { return };
        let Some(check) = contents.checks.get(row.check) else { return };
        let tag = check.tag.and_then(|tag| contents.tags.get(tag)).map(|tag| tag.name.clone());
        let id = FindingId { resource: row.id, policy: policy.to_owned(), check: check.id.clone(), tag };
        if row.state == State::Open {
            self.open.push(OpenFinding {
                id,
                resource_name: row.name,
                severity,
                owner: row.owner,
                monthly_cost: row.cost.and_then(|cost| cost.to_string().parse().ok()),
                since: row.since.unwrap_or_else(|| contents.clock()),
            });
        } else {
            self.others.insert(id, row.state);
        }
    }

    /// Returns what became of a finding that is not open.
    pub(crate) fn standing(&self, id: &FindingId) -> Standing {
        match self.others.get(id) {
            Some(State::Exempt) => Standing::Waived,
            // A grace that began anew, or a value that is not known yet: neither says that somebody fixed it.
            Some(State::Pending | State::Undetermined) => Standing::NotEvaluated,
            Some(State::Open) | None => Standing::Resolved,
        }
    }
}

/// Returns name and severity of the policy of a check.
fn policy_of(contents: &Contents, check: usize) -> Option<(&str, Severity)> {
    let policy = contents.policy_of(check)?;
    Some((&policy.name, Severity::parse(&policy.severity)?))
}
