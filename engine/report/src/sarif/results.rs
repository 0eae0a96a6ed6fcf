//! Results: findings, and goals that were missed.

use tagpol_eval::{CheckResult, Finding, GoalResult, State, fingerprint};
use tagpol_sema::program::Loc;
use tagpol_sink::sarif::{message, uri_part};

use super::super::Report;
use super::super::goals::goal_text;
use super::super::text::{clean, shorten};
use super::model::{
    Artifact, Finding as Outcome, FindingProperties, Fingerprints, Location, Logical, Physical, Region,
    Suppression, Text,
};
use super::rules::level;

/// Characters of a name in a message.
const NAME: usize = 120;

/// Returns the results in the order of the findings, then the goals.
pub(super) fn results<'a>(report: &'a Report<'a>) -> impl Iterator<Item = Outcome<'a>> {
    let findings = report.findings().map(move |(at, finding, check)| of_finding(report, at, finding, check));
    let rules = report.evaluation.checks.len();
    let goals = (rules..).zip(&report.evaluation.goals).filter(|(_, goal)| goal.is_missed());
    findings.chain(goals.map(move |(rule, goal)| of_goal(report, rule, goal)))
}

fn of_finding<'a>(
    report: &Report<'a>,
    at: usize,
    finding: Finding<'a>,
    check: &'a CheckResult,
) -> Outcome<'a> {
    let name = shorten(report.evaluation.label(finding), NAME);
    Outcome {
        rule_id: format!("{}/{}", check.policy, check.check),
        rule_index: finding.check(),
        level: level(check.severity),
        message: Text { text: message(&format!("{}: {}", name, finding.message())) },
        locations: [Location {
            physical_location: physical(&check.loc),
            logical_locations: Some([Logical {
                name: finding.name(),
                fully_qualified_name: finding.resource(),
                kind: "resource",
            }]),
        }],
        partial_fingerprints: fingerprints(&finding.fingerprint()),
        suppressions: suppression(report, at, finding.state()).into_iter().collect(),
        baseline_state: report.compared(finding),
        properties: Some(FindingProperties {
            state: finding.state().as_str(),
            resource: finding.resource(),
            r#type: finding.ty(),
            provider: finding.provider(),
            account: finding.account(),
            region: finding.region(),
            tag: finding.tag(),
            attribute: finding.attribute(),
            value: finding.value(),
            remedy: finding.remedy(),
            monthly_cost: finding.cost().and_then(|cost| cost.to_string().parse().ok()),
        }),
    }
}

/// Why a result is not open whose check depends on a value that is not known yet.
const UNDETERMINED: &str = "undetermined: it depends on a value that is not known";

fn suppression(report: &Report<'_>, at: usize, state: State) -> Option<Suppression> {
    let justification = match state {
        State::Open => return None,
        State::Pending => "within the policy's grace period".to_owned(),
        State::Undetermined => UNDETERMINED.to_owned(),
        State::Exempt => report.waivers.of(at).map_or_else(
            || "waived".to_owned(),
            |waiver| {
                format!(
                    "{} (until {}, {}:{})",
                    waiver.because, waiver.until, waiver.loc.file, waiver.loc.line
                )
            },
        ),
    };
    Some(Suppression { kind: "external", status: "accepted", justification: clean(&justification) })
}

fn of_goal<'a>(report: &Report<'a>, rule: usize, goal: &'a GoalResult) -> Outcome<'a> {
    let print = fingerprint("goal", &goal.name, "", None);
    Outcome {
        rule_id: format!("goal/{}", goal.name),
        rule_index: rule,
        level: level(goal.severity),
        message: Text { text: message(&goal_text(goal)) },
        locations: [Location { physical_location: physical(&goal.loc), logical_locations: None }],
        baseline_state: report.baseline.map(|baseline| baseline.of_goal(goal).as_str()),
        partial_fingerprints: fingerprints(&print),
        suppressions: Vec::new(),
        properties: None,
    }
}

fn fingerprints(fingerprint: &str) -> Fingerprints {
    Fingerprints { tagpol: fingerprint.to_owned(), primary_location_line_hash: format!("{fingerprint}:1") }
}

fn physical(loc: &Loc) -> Physical {
    let absolute = loc.file.starts_with('/');
    let path = uri_part(&loc.file);
    Physical {
        artifact_location: Artifact {
            uri: if absolute { format!("file://{path}") } else { path },
            uri_base_id: (!absolute).then_some("%SRCROOT%"),
        },
        region: Region { start_line: loc.line.max(1), start_column: loc.column.max(1) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_uris() {
        let loc = |file: &str| physical(&Loc { file: file.into(), line: 0, column: 3 });
        let odd = loc("my policies/größe.tagpol");
        assert_eq!(odd.artifact_location.uri, "my%20policies/gr%C3%B6%C3%9Fe.tagpol");
        assert_eq!((odd.region.start_line, odd.region.start_column), (1, 3));
        assert_eq!(loc("/tmp/a.tagpol").artifact_location.uri, "file:///tmp/a.tagpol");
    }
}
