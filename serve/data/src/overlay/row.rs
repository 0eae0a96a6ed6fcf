//! What the interpreter says of a resource, as a row of the overlay.

use std::collections::BTreeMap;

use tagpol_interp::{Resource, RowResult, State, Winner};
use tagpol_plan::ir::{Origin, StateCode};
use tagpol_plan::sql::serving::{self, Shape, StagedType};
use tagpol_sema::program::{Severity, Source};
use tagpol_session::{ColumnType, LoadValue, Store};

use crate::contents::{CheckContents, Contents};
use crate::error::DataError;
use crate::rows::{self, Compliance};

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
    let states = states(&result, contents);
    for (check, state) in states.iter().enumerate() {
        cells.extend(finding(resource, contents, check, *state));
    }
    cells.extend(
        result
            .goals
            .iter()
            .map(|(in_scope, covered)| StagedCell::Int(i64::from(*in_scope) + i64::from(*covered))),
    );
    cells.extend(shared(resource).map(|is_source| StagedCell::Int(i64::from(is_source))));
    cells.extend(totals(contents, &states, result.in_scope.iter().any(|in_scope| *in_scope)));
    StagedRow(cells)
}

/// Whether a resource is a source of each allocation of shared costs.
fn shared(resource: &Resource<'_>) -> impl Iterator<Item = bool> {
    let allocations = resource.program().allocations.iter();
    allocations.map(|allocation| resource.applies(allocation.from.as_ref()))
}

/// Returns a resource as it would be shown.
pub(super) fn shown(
    now: &rows::Resource,
    resource: &Resource<'_>,
    contents: &Contents,
    confidences: &BTreeMap<(String, String), f64>,
) -> rows::Resource {
    let result = resource.result();
    let tags = result.tags.iter().zip(&contents.tags).enumerate().map(|(tag, (found, info))| {
        let rule = match found.winner {
            Some(Winner::Rule { rule, .. }) => Some(rule),
            _ => None,
        };
        let inferred = found.source == Some(Source::Inferred);
        let key = || (resource.id().to_owned(), info.name.clone());
        let confidence = inferred.then(|| confidences.get(&key()).copied()).flatten();
        let (value, source, unknown) = (found.value.clone(), found.source, found.unknown);
        rows::TagValue { tag, value, source, rule, confidence, unknown }
    });
    let states = states(&result, contents);
    let open = Severity::ALL.map(|severity| open(contents, &states, Some(severity)));
    let compliance = compliance(&states, result.in_scope.contains(&true));
    rows::Resource { tags: tags.collect(), open, compliance, ..now.clone() }
}

/// Makes the row of what charges are for, in the order of the relation of staged subjects.
pub(super) fn subject_row(subject: u64, resource: &Resource<'_>) -> StagedRow {
    let values = resource.result().tags.into_iter().map(|tag| StagedCell::from(tag.value));
    let shared = shared(resource).map(|is_source| StagedCell::Int(i64::from(is_source)));
    let number = StagedCell::Int(i64::try_from(subject).unwrap_or(i64::MAX));
    StagedRow([number].into_iter().chain(values).chain(shared).collect())
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

/// The states of the checks, in the order of the generation.
fn states(result: &RowResult, contents: &Contents) -> Vec<State> {
    let state = |check: &CheckContents| {
        let states = result.checks.get(check.policy);
        states.and_then(|states| states.get(check.number)).copied().unwrap_or(State::None)
    };
    contents.checks.iter().map(state).collect()
}

/// The number of open findings, of a severity or of all.
fn open(contents: &Contents, states: &[State], severity: Option<Severity>) -> u64 {
    let counted = states.iter().enumerate().filter(|(check, state)| {
        **state == State::Open && (severity.is_none() || contents.severity_of(*check) == severity)
    });
    u64::try_from(counted.count()).unwrap_or(u64::MAX)
}

fn compliance(states: &[State], in_scope: bool) -> Compliance {
    let has = |wanted: State| states.contains(&wanted);
    if has(State::Open) {
        Compliance::Violating
    } else if has(State::Pending) || has(State::Undetermined) {
        Compliance::Pending
    } else if in_scope {
        Compliance::Compliant
    } else {
        Compliance::OutOfScope
    }
}

/// The numbers of open findings, and the compliance.
fn totals(contents: &Contents, states: &[State], in_scope: bool) -> Vec<StagedCell> {
    let severities = [None].into_iter().chain(Severity::ALL.map(Some));
    let counts =
        severities.map(|severity| i64::try_from(open(contents, states, severity)).unwrap_or(i64::MAX));
    counts.chain([compliance(states, in_scope).code()]).map(StagedCell::Int).collect()
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
    load(writer, serving::STAGED, &columns, rows)
}

/// Makes the relation of subjects that are about to enter the overlay.
pub(super) fn stage_subjects(writer: &Store, shape: Shape, rows: &[StagedRow]) -> Result<(), DataError> {
    let values = (0..shape.tags).map(|at| (format!("value_{at}"), ColumnType::Text));
    let shared = (0..shape.allocations).map(|at| (format!("shared_{at}"), ColumnType::Int));
    let columns: Vec<(String, ColumnType)> =
        [("subject".to_owned(), ColumnType::Int)].into_iter().chain(values).chain(shared).collect();
    let columns: Vec<(&str, ColumnType)> = columns.iter().map(|(name, ty)| (name.as_str(), *ty)).collect();
    load(writer, serving::STAGED_SUBJECTS, &columns, rows)
}

fn load(
    writer: &Store,
    name: &str,
    columns: &[(&str, ColumnType)],
    rows: &[StagedRow],
) -> Result<(), DataError> {
    writer.load::<DataError>(name, columns, |loader| {
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
