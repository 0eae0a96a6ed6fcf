//! When recurring jobs are started: cron texts with a zone.

use std::str::FromStr as _;

use chrono::{DateTime, FixedOffset, TimeZone, Utc};
use chrono_tz::Tz;
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
}

/// The recurring jobs of a new project.
pub const DEFAULTS: [Default; 5] = [
    schedule(
        "reingest-resources",
        "0 */6 * * *",
        Queue::Ingestion,
        "fetch from clouds, and read the inventory again",
    ),
    schedule("compliance-sweep", "0 2 * * *", Queue::Compliance, "evaluate the policies"),
    schedule("retrain-models", "0 0 * * 1", Queue::Inference, "train the models that suggest tags"),
    schedule("cleanup-audit", "0 0 1 * *", Queue::Audit, "archive and delete old records"),
    schedule("generate-reports", "0 6 * * 1-5", Queue::Notify, "send reports"),
];

const fn schedule(name: &'static str, cron: &'static str, queue: Queue, title: &'static str) -> Default {
    Default { name, cron, queue, title }
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
    #[error(
        "`{0}` is not a time zone: write a name such as `Europe/Berlin`, `UTC`, or an offset such as `+02:00`"
    )]
    Zone(String),
    /// It never happens.
    #[error("`{0}` never happens")]
    Never(String),
}

/// Returns the first time of a schedule after a moment. When clocks are put forward, what falls into the hour that is
/// left out happens at its end; when they are put back, an hour that comes twice counts once.
///
/// # Errors
/// [`ScheduleError`].
pub fn next(cron: &str, zone: &str, after: DateTime<Utc>) -> Result<DateTime<Utc>, ScheduleError> {
    let wrong = || ScheduleError::Cron(cron.to_owned());
    if cron.split_whitespace().count() != 5 {
        return Err(wrong());
    }
    let parsed = Cron::from_str(cron).map_err(|_| wrong())?;
    let next = match (FixedOffset::from_str(zone), Tz::from_str(zone)) {
        (Ok(offset), _) => next_in(&parsed, &offset, after),
        (_, Ok(zone)) => next_in(&parsed, &zone, after),
        _ => return Err(ScheduleError::Zone(zone.to_owned())),
    };
    next.ok_or_else(|| ScheduleError::Never(cron.to_owned()))
}

fn next_in<Z: TimeZone>(cron: &Cron, zone: &Z, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let next = cron.find_next_occurrence(&after.with_timezone(zone), false);
    next.ok().map(|time| time.to_utc())
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
        assert_eq!(at("0 2 * * *", "Europe/Berlin").unwrap(), "2026-12-01T01:00:00+00:00");
        assert!(matches!(at("0 2 * *", "UTC"), Err(ScheduleError::Cron(_))));
        assert!(matches!(at("* * * * * *", "UTC"), Err(ScheduleError::Cron(_))));
        assert!(matches!(at("0 2 * * *", "Atlantis"), Err(ScheduleError::Zone(_))));
        assert!(matches!(at("0 0 30 2 *", "UTC"), Err(ScheduleError::Never(_))));
    }

    #[test]
    fn nothing_is_left_out_or_done_twice_when_clocks_change() {
        let times = |cron: &str, from: &str, count: usize| {
            let mut after: DateTime<Utc> = from.parse().unwrap();
            let mut times = Vec::new();
            for _ in 0..count {
                after = next(cron, "Europe/Berlin", after).unwrap();
                times.push(after.format("%dT%H:%M").to_string());
            }
            times
        };
        // 02:00 becomes 03:00 on 29 March 2026, which is 01:00 UTC.
        assert_eq!(times("30 2 * * *", "2026-03-27T12:00:00Z", 3), ["28T01:30", "29T01:00", "30T00:30"]);
        // 03:00 becomes 02:00 on 25 October 2026, which is 01:00 UTC.
        assert_eq!(times("30 2 * * *", "2026-10-23T12:00:00Z", 3), ["24T00:30", "25T00:30", "26T01:30"]);
    }
}
