//! When recurring jobs are started: cron texts with a zone.

use std::str::FromStr as _;

use chrono::{DateTime, FixedOffset, Utc};
use croner::Cron;

use crate::jobs::Queue;

/// A recurring job that exists from the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Default {
    /// Its name, which is also that of its job.
    pub name: &'static str,
    /// When: minute, hour, day of the month, month, day of the week.
    pub cron: &'static str,
    /// The queue of the job.
    pub queue: Queue,
    /// What it does.
    pub title: &'static str,
    /// Whether it is started in a new project. Those whose jobs this version of the server does not do are not.
    pub enabled: bool,
}

/// The recurring jobs of a new project.
pub const DEFAULTS: [Default; 5] = [
    schedule("reingest-resources", "0 */6 * * *", Queue::Ingestion, "read the inventories again", true),
    schedule("compliance-sweep", "0 2 * * *", Queue::Compliance, "evaluate the policies", true),
    schedule("retrain-models", "0 0 * * 1", Queue::Inference, "train the models that suggest tags", false),
    schedule("cleanup-audit", "0 0 1 * *", Queue::Audit, "delete old records", true),
    schedule("generate-reports", "0 6 * * 1-5", Queue::Notify, "send reports", true),
];

const fn schedule(
    name: &'static str,
    cron: &'static str,
    queue: Queue,
    title: &'static str,
    enabled: bool,
) -> Default {
    Default { name, cron, queue, title, enabled }
}

/// Why a schedule cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// The text is not one of cron.
    #[error(
        "`{0}` is not a cron expression of five fields: minute, hour, day of the month, month, day of the week"
    )]
    Cron(String),
    /// The zone is not known.
    #[error("`{0}` is not a time zone: write `UTC` or an offset such as `+02:00`")]
    Zone(String),
    /// It never happens.
    #[error("`{0}` never happens")]
    Never(String),
}

/// Returns the first time of a schedule after a moment.
///
/// # Errors
/// [`ScheduleError`].
pub fn next(cron: &str, zone: &str, after: DateTime<Utc>) -> Result<DateTime<Utc>, ScheduleError> {
    let wrong = || ScheduleError::Cron(cron.to_owned());
    if cron.split_whitespace().count() != 5 {
        return Err(wrong());
    }
    let parsed = Cron::from_str(cron).map_err(|_| wrong())?;
    let offset = zone_of(zone)?;
    let next = parsed.find_next_occurrence(&after.with_timezone(&offset), false);
    next.map(|time| time.to_utc()).map_err(|_| ScheduleError::Never(cron.to_owned()))
}

fn zone_of(zone: &str) -> Result<FixedOffset, ScheduleError> {
    let offset = if zone == "UTC" { "+00:00" } else { zone };
    FixedOffset::from_str(offset).map_err(|_| ScheduleError::Zone(zone.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_happen_when_they_say() {
        let after = "2026-11-30T09:30:00Z".parse().unwrap();
        let at = |cron, zone| next(cron, zone, after).map(|time| time.to_rfc3339());
        let times: Vec<String> = DEFAULTS.iter().map(|one| at(one.cron, "UTC").unwrap()).collect();
        assert_eq!(
            times,
            [
                "2026-11-30T12:00:00+00:00",
                "2026-12-01T02:00:00+00:00",
                "2026-12-07T00:00:00+00:00",
                "2026-12-01T00:00:00+00:00",
                "2026-12-01T06:00:00+00:00",
            ]
        );
        assert_eq!(at("0 2 * * *", "+02:00").unwrap(), "2026-12-01T00:00:00+00:00");
        assert!(matches!(at("0 2 * *", "UTC"), Err(ScheduleError::Cron(_))));
        assert!(matches!(at("* * * * * *", "UTC"), Err(ScheduleError::Cron(_))));
        assert!(matches!(at("0 2 * * *", "Atlantis"), Err(ScheduleError::Zone(_))));
        assert!(matches!(at("0 0 30 2 *", "UTC"), Err(ScheduleError::Never(_))));
    }
}
