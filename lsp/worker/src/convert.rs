//! Results of the engine as answers.

use tagpol_app::Decimal;
use tagpol_app::evaluation::live::{self, Measure, Measures};
use tagpol_app::evaluation::{Evaluation, State};
use tagpol_app::inventory::Snapshot;
use tagpol_app::testing::TestRun;
use tagpol_app::testing::coverage::Coverage;
use tagpol_sema::program::Loc;
use tagpol_worker_protocol::{
    Amount, Check, Evaluated, Measured, Opened, PolicyMeasure, Resource, Spot, Test, Tests, Value, Values,
};

/// Resources that are named in what a check finds.
const EXAMPLES: usize = 5;

/// Returns the nearest double, as JSON shows amounts.
pub(crate) fn number(amount: Decimal) -> f64 {
    amount.to_string().parse().unwrap_or_default()
}

fn rfc3339(time: chrono::DateTime<chrono::Utc>) -> String {
    time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

pub(crate) fn opened(snapshot: &Snapshot, cost: Option<Decimal>) -> Opened {
    let manifest = snapshot.manifest();
    Opened {
        id: manifest.id.clone(),
        path: snapshot.dir().display().to_string(),
        taken_at: rfc3339(manifest.taken_at),
        resources: manifest.counts.resources,
        monthly_cost: cost.map(number),
        currency: manifest.currency.clone(),
    }
}

pub(crate) fn measured(measures: Measures, tags_version: u64) -> Measured {
    let amount = |measure: Measure| Amount { count: measure.in_scope, cost: measure.cost.map(number) };
    let policy = |measure: Measure| PolicyMeasure {
        in_scope: amount(measure),
        open: measure.open,
        violating: Amount { count: measure.violating, cost: measure.cost_violating.map(number) },
    };
    Measured {
        tags_version,
        policies: measures.policies.into_iter().map(|(name, measure)| (name, policy(measure))).collect(),
        defines: measures.defines.into_iter().map(|(name, measure)| (name, amount(measure))).collect(),
        rules: measures.rules.into_iter().map(|(name, measure)| (name, amount(measure))).collect(),
        ..Measured::default()
    }
}

pub(crate) fn value(value: live::Value, unmapped: bool) -> Value {
    let amount = Amount { count: value.count, cost: value.cost.map(number) };
    Value { text: value.text, amount, unmapped }
}

pub(crate) fn values(values: live::Values) -> Values {
    let top = values.top.into_iter().map(|tag| value(tag.value, tag.unmapped)).collect();
    Values { present: values.present, top }
}

pub(crate) fn resource(resource: live::Resource) -> Resource {
    let live::Resource { id, name, ty, provider, account, region, cost } = resource;
    Resource { id, name, ty, provider, account, region, monthly_cost: cost.map(number) }
}

fn spot(loc: &Loc) -> Spot {
    Spot { file: loc.file.to_string(), line: loc.line, column: loc.column }
}

pub(crate) fn evaluated(evaluation: &Evaluation) -> Evaluated {
    let summary = &evaluation.summary;
    let checks = evaluation.checks.iter().enumerate().map(|(at, check)| {
        let open = evaluation.findings.of_check(at).map(|(_, found)| found);
        let open = open.filter(|found| found.state() == State::Open);
        Check {
            policy: check.policy.clone(),
            check: check.check.clone(),
            severity: check.severity.as_str().to_owned(),
            in_scope: check.in_scope,
            open: check.open,
            pending: check.pending,
            exempt: check.exempt,
            cost_in_violation: check.cost_in_violation.map(number),
            at: spot(&check.loc),
            asks: check.asks.clone(),
            examples: open.take(EXAMPLES).map(|found| evaluation.label(found).to_owned()).collect(),
        }
    });
    Evaluated {
        snapshot: evaluation.snapshot.id.clone(),
        now: rfc3339(evaluation.now),
        resources: summary.resources,
        compliant: summary.compliant,
        score: Some(summary.score),
        open: summary.open,
        pending: summary.pending,
        exempt: summary.exempt,
        cost: summary.cost.map(number),
        cost_in_violation: summary.cost_in_violation.map(number),
        currency: evaluation.snapshot.currency.clone(),
        checks: checks.collect(),
    }
}

pub(crate) fn tests(run: &TestRun, coverage: Option<&Coverage>) -> Tests {
    let results = run.results.iter().map(|result| Test {
        name: result.name.clone(),
        at: spot(&result.loc),
        failures: result.failures.iter().map(failure).collect(),
    });
    let points = coverage.into_iter().flat_map(|coverage| &coverage.points);
    Tests {
        results: results.collect(),
        coverage: points.map(|point| (spot(&point.loc), point.hits > 0)).collect(),
    }
}

fn failure(failure: &tagpol_app::testing::Failure) -> (Spot, String) {
    let given = failure.given.as_ref().map(|given| format!(" ({given})")).unwrap_or_default();
    let why: String = failure.why.iter().map(|why| format!("\n{why}")).collect();
    (spot(&failure.loc), format!("{}{given}: got {}{why}", failure.expected, failure.got))
}
