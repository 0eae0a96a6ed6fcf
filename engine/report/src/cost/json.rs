//! The JSON contract of costs, described by `docs/schema/cost.v1.json`.
//!
//! Within a version, fields are only added. Amounts are texts, since a double is not exact.

use serde::Serialize;

use super::{exact, rows};
use tagpol_eval::cost::{Costs, Shared};

/// Version of the contract.
pub const COST_SCHEMA_VERSION: u32 = 1;

/// Returns the costs as one JSON document with a newline at its end.
///
/// # Errors
/// None in fact: the document holds texts and numbers only.
pub fn json(costs: &Costs) -> Result<String, serde_json::Error> {
    let document = Document {
        schema_version: COST_SCHEMA_VERSION,
        now: costs.now.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true),
        snapshot: &costs.snapshot.id,
        month: costs.snapshot.month.as_deref(),
        currency: costs.snapshot.currency.as_deref(),
        by: &costs.by,
        lines: rows(costs)
            .iter()
            .map(|row| {
                let [own, shared, cost] = row.amounts().map(|units| exact(units).to_string());
                let values = (0..costs.by.len()).map(|at| row.value(at).map(str::to_owned)).collect();
                LineJson { kind: row.kind(), values, resources: row.resources(), own, shared, cost }
            })
            .collect(),
        shared: costs.shared.iter().map(shared).collect(),
        total: exact(costs.total()).to_string(),
        rejected_rows: costs.snapshot.rejected_rows,
        rejected_values: costs.snapshot.rejected_values,
    };
    tagpol_sink::json::pretty(&document)
}

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    now: String,
    snapshot: &'a str,
    month: Option<&'a str>,
    currency: Option<&'a str>,
    by: &'a [String],
    lines: Vec<LineJson>,
    shared: Vec<SharedJson<'a>>,
    total: String,
    rejected_rows: u64,
    rejected_values: u64,
}

#[derive(Serialize)]
struct LineJson {
    kind: &'static str,
    values: Vec<Option<String>>,
    resources: u64,
    own: String,
    shared: String,
    cost: String,
}

#[derive(Serialize)]
struct SharedJson<'a> {
    allocation: &'a str,
    to: &'a str,
    resources: u64,
    cost: String,
    kept: String,
}

fn shared(shared: &Shared) -> SharedJson<'_> {
    SharedJson {
        allocation: &shared.name,
        to: &shared.to,
        resources: shared.resources,
        cost: exact(shared.cost).to_string(),
        kept: exact(shared.kept).to_string(),
    }
}
