//! What decides about alerts: all findings of some checks, with the owners of their resources.

use chrono::{DateTime, Utc};
use tagpol_eval::{DIALECT, State};
use tagpol_plan::ir::StateCode;
use tagpol_plan::sql::serving::{self, ValueColumn};
use tagpol_session::Decimal;

use crate::error::DataError;
use crate::generation::Generation;

/// A finding, in any state.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertFinding {
    /// Index of the check in [`Contents::checks`](crate::Contents::checks).
    pub check: usize,
    /// Whether it counts.
    pub state: State,
    /// Since when it is there; None if that is unknown.
    pub since: Option<DateTime<Utc>>,
    /// Id of the resource.
    pub id: String,
    /// Name of the resource.
    pub name: Option<String>,
    /// The resource's value of the tag that names the owner; None if it is missing, or there is no such tag.
    pub owner: Option<String>,
    /// Monthly cost of the resource.
    pub cost: Option<Decimal>,
}

/// The states of the findings that alerts follow: all.
const STATES: [StateCode; 4] =
    [StateCode::Open, StateCode::Pending, StateCode::Exempt, StateCode::Undetermined];

impl Generation {
    /// Returns all findings of some checks, by their indexes, in all states. They are of one moment: a decision that is made
    /// meanwhile shows in all of them or in none. `owner` is the name of the tag that names the owners.
    ///
    /// # Errors
    /// [`DataError::TooManyFindings`] if there are more than `most`; [`DataError::Busy`], [`DataError::TooSlow`].
    pub fn alert_findings(
        &self,
        checks: &[usize],
        owner: &str,
        most: usize,
    ) -> Result<Vec<AlertFinding>, DataError> {
        let owner = self.contents().tag(owner).map(ValueColumn::Tag);
        self.ask(|view| {
            let mut found = Vec::new();
            for check in checks {
                let limit = u64::try_from(most - found.len()).unwrap_or(u64::MAX).saturating_add(1);
                let sql =
                    serving::alert_findings(view.what(), *check, &STATES, owner.as_ref(), limit, DIALECT);
                found.extend(view.all("findings of alerts", &sql, |row| {
                    Ok(AlertFinding {
                        check: *check,
                        state: row.state("state")?,
                        since: row.time("since"),
                        id: row.text("id").unwrap_or_default(),
                        name: row.text("name"),
                        owner: row.text("owner"),
                        cost: row.money("monthly_cost"),
                    })
                })?);
                if found.len() > most {
                    return Err(DataError::TooManyFindings { most });
                }
            }
            Ok(found)
        })
    }
}
