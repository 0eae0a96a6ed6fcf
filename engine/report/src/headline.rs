//! The headline of a report in words: what passes, what is pending, and what is not counted.

use chrono::{DateTime, TimeDelta, Utc};
use tagpol_eval::{CheckResult, State, Summary};
use tagpol_session::Decimal;

use super::Report;
use super::text::{count, percent, several};

/// Returns the compliance: `14 of 23 resources in scope (60.9%); 7 resources are not in the scope of any policy`.
pub(super) fn compliant(summary: &Summary) -> String {
    let Summary { passing, in_scope, .. } = *summary;
    let mut text = match in_scope {
        0 => "n/a".to_owned(),
        _ => format!(
            "{} of {} in scope ({})",
            count(passing),
            several(in_scope, "resource"),
            percent(passing, in_scope)
        ),
    };
    if let Some(rest) = out_of_scope(summary) {
        text += &format!("; {rest}");
    }
    text
}

/// Returns how many resources no policy applies to; None if there is none.
pub(super) fn out_of_scope(summary: &Summary) -> Option<String> {
    let rest = summary.resources.saturating_sub(summary.in_scope);
    let verb = if rest == 1 { "is" } else { "are" };
    (rest > 0).then(|| format!("{} {verb} not in the scope of any policy", several(rest, "resource")))
}

/// Returns the score if pending findings pass; None if nothing is pending.
pub(super) fn without_pending(summary: &Summary) -> Option<String> {
    (summary.pending > 0).then(|| format!("{:.1} without pending findings", summary.score))
}

/// Returns how much credits reduce the cost; None if there are none.
pub(super) fn credits(summary: &Summary) -> Option<Decimal> {
    let (spend, cost) = (summary.spend?, summary.cost?);
    let unscaled = spend.unscaled.saturating_sub(cost.unscaled);
    (unscaled > 0).then_some(Decimal { unscaled, scale: spend.scale })
}

/// Returns what is pending: `12 findings, counted as failing; grace ends 2026-12-14 to 2026-12-28; 10 first seen in
/// this run`. None if nothing is pending.
pub(super) fn pending(report: &Report<'_>) -> Option<String> {
    let summary = &report.evaluation.summary;
    if summary.pending == 0 {
        return None;
    }
    let mut text = format!("{}, counted as failing", several(summary.pending, "finding"));
    if let Some((first, last)) = grace_ends(report) {
        let day = |time: DateTime<Utc>| time.format("%Y-%m-%d").to_string();
        let (first, last) = (day(first), day(last));
        let to = if first == last { String::new() } else { format!(" to {last}") };
        text += &format!("; grace ends {first}{to}");
    }
    match report.evaluation.checks.iter().map(|check| check.starting).sum() {
        0 => {}
        starting if starting == summary.pending => text += "; first seen in this run",
        starting => text += &format!("; {} first seen in this run", count(starting)),
    }
    Some(text)
}

/// Returns what could not be determined: `3 checks depend on values that are not known; neither passing nor failing`. None if everything could.
pub(super) fn undetermined(summary: &Summary) -> Option<String> {
    let verb = if summary.undetermined == 1 { "depends" } else { "depend" };
    (summary.undetermined > 0).then(|| {
        let checks = several(summary.undetermined, "check");
        format!("{checks} {verb} on values that are not known; neither passing nor failing")
    })
}

/// Returns when the first and the last grace of the pending findings ends. None if not all of them were read, and
/// some began before this run.
fn grace_ends(report: &Report<'_>) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let evaluation = report.evaluation;
    let ends_of = |check: &CheckResult, since: DateTime<Utc>| {
        let policy = report.program.policies.iter().find(|policy| policy.name == check.policy)?;
        since.checked_add_signed(TimeDelta::try_seconds(policy.grace?.seconds)?)
    };
    let pending = || report.findings().filter(|(_, finding, _)| finding.state() == State::Pending);
    let ends: Option<Vec<DateTime<Utc>>> = if pending().count() as u64 == evaluation.summary.pending {
        pending().map(|(_, finding, check)| ends_of(check, finding.first_seen()?)).collect()
    } else {
        let pending = evaluation.checks.iter().filter(|check| check.pending > 0);
        let ends = pending
            .map(|check| (check.starting == check.pending).then(|| ends_of(check, evaluation.now)).flatten());
        ends.collect()
    };
    let ends = ends?;
    Some((ends.iter().min().copied()?, ends.iter().max().copied()?))
}

/// Returns the path of a source or a policy as shared reports show it: an absolute one by its file name only, since the
/// folders of a machine do not help readers and may contain the name of a person or a customer.
pub(super) fn source(path: &str) -> &str {
    let is_drive =
        matches!(path.as_bytes(), [letter, b':', b'/' | b'\\', ..] if letter.is_ascii_alphabetic());
    if !(path.starts_with(['/', '\\']) || is_drive) {
        return path;
    }
    path.rsplit(['/', '\\']).find(|part| !part.is_empty()).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_paths_are_shown_by_their_file_name() {
        for (path, shown) in [
            ("bills/october.csv", "bills/october.csv"),
            ("../october.csv", "../october.csv"),
            ("/home/ada/october.csv", "october.csv"),
            ("/home/ada/bills/", "bills"),
            ("C:\\Users\\ada\\october.csv", "october.csv"),
            ("d:/bills/october.csv", "october.csv"),
            ("\\\\server\\share\\october.csv", "october.csv"),
            ("c:october", "c:october"),
            ("/", "/"),
        ] {
            assert_eq!(source(path), shown, "{path}");
        }
    }

    #[test]
    fn compliance_counts_resources_in_scope_only() {
        let summary = |resources, in_scope, passing| {
            compliant(&Summary { resources, in_scope, passing, ..Summary::empty() })
        };
        assert_eq!(
            summary(30, 23, 14),
            "14 of 23 resources in scope (60.9%); 7 resources are not in the scope of any policy"
        );
        assert_eq!(summary(1, 1, 1), "1 of 1 resource in scope (100.0%)");
        assert_eq!(summary(1, 0, 0), "n/a; 1 resource is not in the scope of any policy");
        assert_eq!(summary(0, 0, 0), "n/a");
    }
}
