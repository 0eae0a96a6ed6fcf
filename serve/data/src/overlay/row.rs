//! What the interpreter says of a resource, as a row of the overlay.

use std::collections::BTreeMap;

use tagpol_interp::{Resource, State, Winner};
use tagpol_plan::ir::{Origin, StateCode};
use tagpol_plan::sql::serving::{self, Shape, StagedType};
use tagpol_sema::program::{Severity, Source};
use tagpol_session::{ColumnType, LoadValue, Store};

use crate::contents::Contents;
use crate::error::DataError;
use crate::rows::Compliance;

/// A cell of a row.
#[derive(Debug, Clone, PartialEq)]
enum StagedCell {
    Null,
    Int(i64),
    Double(f64),
    Text(String),
}

/// A row, in the order of [`serving::staged_columns`].
pub(super) struct StagedRow(Vec<StagedCell>);

impl From<Option<String>> for StagedCell {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::Null, Self::Text)
    }
}

impl From<Option<i64>> for StagedCell {
    fn from(number: Option<i64>) -> Self {
        number.map_or(Self::Null, Self::Int)
    }
}

/// Makes the row of a resource.
pub(super) fn row(
    place: u64,
    resource: &Resource<'_>,
    contents: &Contents,
    confidences: &BTreeMap<(String, String), f64>,
) -> StagedRow {
    let result = resource.result();
    let mut cells = vec![StagedCell::Int(i64::try_from(place).unwrap_or(i64::MAX))];
    for (tag, info) in result.tags.iter().zip(&contents.tags) {
        let rule = match tag.winner {
            Some(Winner::Rule { rule, .. }) => i64::try_from(rule).ok(),
            _ => None,
        };
        let key = || (resource.id().to_owned(), info.name.clone());
        let inferred = tag.source == Some(Source::Inferred);
        let confidence = inferred.then(|| confidences.get(&key()).copied()).flatten();
        cells.push(tag.value.clone().into());
        cells.push(tag.source.map(Origin::source_code).into());
        cells.push(rule.into());
        cells.push(confidence.map_or(StagedCell::Null, StagedCell::Double));
        cells.push(StagedCell::Int(i64::from(tag.unknown)));
    }
    cells.extend(result.in_scope.iter().map(|in_scope| StagedCell::Int(i64::from(*in_scope))));
    let states: Vec<State> = contents
        .checks
        .iter()
        .map(|check| {
            let states = result.checks.get(check.policy);
            states.and_then(|states| states.get(check.number)).copied().unwrap_or(State::None)
        })
        .collect();
    for (check, state) in states.iter().enumerate() {
        cells.extend(finding(resource, contents, check, *state));
    }
    cells.extend(
        result
            .goals
            .iter()
            .map(|(in_scope, covered)| StagedCell::Int(i64::from(*in_scope) + i64::from(*covered))),
    );
    cells.extend(totals(contents, &states, result.in_scope.iter().any(|in_scope| *in_scope)));
    StagedRow(cells)
}

/// State, since and remedy of a check.
fn finding(resource: &Resource<'_>, contents: &Contents, check: usize, state: State) -> [StagedCell; 3] {
    let code = StagedCell::Int(code(state).code());
    let program = resource.program();
    let policy = contents.checks.get(check).and_then(|info| program.policies.get(info.policy));
    let declared =
        policy.zip(contents.checks.get(check)).and_then(|(policy, info)| policy.checks.get(info.number));
    let (Some(policy), Some(declared)) = (policy.filter(|_| state != State::None), declared) else {
        return [code, StagedCell::Null, StagedCell::Null];
    };
    let since = resource.since(&policy.name, &declared.id).map(|since| since.timestamp_micros());
    let value = match (declared.tag, declared.attr()) {
        (Some(tag), _) => resource.tag(tag).and_then(|tag| tag.value.clone()),
        (None, Some(attr)) if attr.is_text() => resource.shown(&tagpol_sema::program::Value::Attr(attr)),
        _ => None,
    };
    let remedy = policy.remedies.iter().find(|remedy| Some(remedy.tag) == declared.tag);
    let remedy = remedy.and_then(|remedy| resource.shown(&remedy.value));
    [code, since.into(), remedy.filter(|remedy| value.as_ref() != Some(remedy)).into()]
}

/// The numbers of open findings, and the compliance.
fn totals(contents: &Contents, states: &[State], in_scope: bool) -> Vec<StagedCell> {
    let open = |severity: Option<Severity>| {
        let counted = states.iter().enumerate().filter(|(check, state)| {
            **state == State::Open && (severity.is_none() || contents.severity_of(*check) == severity)
        });
        i64::try_from(counted.count()).unwrap_or(i64::MAX)
    };
    let has = |wanted: State| states.contains(&wanted);
    let compliance = if has(State::Open) {
        Compliance::Violating
    } else if has(State::Pending) || has(State::Undetermined) {
        Compliance::Pending
    } else if in_scope {
        Compliance::Compliant
    } else {
        Compliance::OutOfScope
    };
    let counts = [None].into_iter().chain(Severity::ALL.map(Some)).map(open);
    counts.chain([compliance.code()]).map(StagedCell::Int).collect()
}

fn code(state: State) -> StateCode {
    match state {
        State::None => StateCode::None,
        State::Open => StateCode::Open,
        State::Pending => StateCode::Pending,
        State::Exempt => StateCode::Exempt,
        State::Undetermined => StateCode::Undetermined,
    }
}

/// Makes the relation of rows that are about to enter the overlay.
pub(super) fn stage(writer: &Store, shape: Shape, rows: &[StagedRow]) -> Result<(), DataError> {
    let ty = |ty: &StagedType| match ty {
        StagedType::Int => ColumnType::Int,
        StagedType::Double => ColumnType::Double,
        StagedType::Text => ColumnType::Text,
    };
    let columns = serving::staged_columns(shape);
    let columns: Vec<(&str, ColumnType)> = columns.iter().map(|(name, t)| (name.as_str(), ty(t))).collect();
    writer.load::<DataError>(serving::STAGED, &columns, |loader| {
        for StagedRow(cells) in rows {
            let cells: Vec<LoadValue<'_>> = cells
                .iter()
                .map(|cell| match cell {
                    StagedCell::Null => LoadValue::Null,
                    StagedCell::Int(number) => LoadValue::Int(*number),
                    StagedCell::Double(number) => LoadValue::Double(*number),
                    StagedCell::Text(text) => LoadValue::Text(text),
                })
                .collect();
            loader.push(&cells)?;
        }
        Ok(())
    })
}
