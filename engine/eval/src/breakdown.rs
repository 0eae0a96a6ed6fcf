//! The inventory by tags: how far each tag covers it, and what its values cost.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use tagpol_plan::{QueryKind, sql};
use tagpol_sema::formats::fold_key;
use tagpol_sema::program::{Program, Severity, Source, TagId};
use tagpol_session::Decimal;

use crate::error::RunError;
use crate::rows::Fields;
use crate::run::Run;

/// Values of the environment that are distinguished.
const ENVIRONMENTS: u64 = 8;

/// Cost centers that are distinguished.
const COST_CENTERS: u64 = 10;

/// Rows and columns of the matrix.
const MATRIX: (usize, usize) = (12, 7);

/// Combinations that are looked at for the matrix, the most expensive first.
const COMBINATIONS: u64 = 10_000;

/// The tags that play a part in reports, by their names; None if there is no such tag.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Roles {
    /// Where a resource runs.
    pub environment: Option<String>,
    /// Who pays for it.
    pub cost_center: Option<String>,
    /// Who works on it.
    pub team: Option<String>,
}

/// Names that a tag of each role usually has, the best first.
const USUAL: [&[&str]; 3] = [
    &["environment", "env", "stage"],
    &["cost-center", "cost-centre", "billing-code", "business-unit", "department"],
    &["team", "squad", "owner", "application", "project"],
];

impl Roles {
    /// Returns the roles as far as they are set, and for the others the tags whose names fit.
    #[must_use]
    pub fn or_usual(self, program: &Program) -> Self {
        let [environment, cost_center, team] = USUAL.map(|names| usual(program, names));
        Self {
            environment: self.environment.or(environment),
            cost_center: self.cost_center.or(cost_center),
            team: self.team.or(team),
        }
    }
}

/// The first tag that has one of the names.
fn usual(program: &Program, names: &[&str]) -> Option<String> {
    let find = |name: &&str| program.tags.iter().find(|tag| fold_key(&tag.name) == fold_key(name));
    names.iter().find_map(find).map(|tag| tag.name.clone())
}

/// The inventory by tags.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Breakdown {
    /// How far each tag covers the inventory, in the order of the program.
    pub coverage: Vec<Coverage>,
    /// What each environment costs.
    pub environment: Option<ByTag>,
    /// What the most expensive cost centers cost.
    pub cost_center: Option<ByTag>,
    /// Teams by environments.
    pub matrix: Option<Matrix>,
}

/// How far a tag covers the inventory.
#[derive(Debug, Clone, PartialEq)]
pub struct Coverage {
    /// The tag.
    pub tag: String,
    /// How much it matters, if the author specified it.
    pub importance: Option<Severity>,
    /// The parts of the inventory, all of it together.
    pub parts: Vec<CoveragePart>,
}

/// The resources that have a tag from one source, or have none.
#[derive(Debug, Clone, PartialEq)]
pub struct CoveragePart {
    /// What gave the value; None if there is none.
    pub source: Option<Source>,
    /// Whether the value is valid for the type of the tag.
    pub valid: bool,
    /// How many resources.
    pub resources: u64,
    /// Their monthly cost; None if no cost is known.
    pub cost: Option<Decimal>,
}

/// The inventory by the values of one tag.
#[derive(Debug, Clone, PartialEq)]
pub struct ByTag {
    /// The tag.
    pub tag: String,
    /// The most expensive values, the most expensive first.
    pub groups: Vec<Group>,
    /// What all other values come to, where there are any.
    pub others: Option<Group>,
}

/// Resources with the same values.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// A value for each tag; None if it is missing.
    pub values: Vec<Option<String>>,
    /// How many resources.
    pub resources: u64,
    /// Those of them in the scope of at least one policy.
    pub in_scope: u64,
    /// Those in scope without an open or pending finding.
    pub passing: u64,
    /// Their monthly cost; None if no cost is known.
    pub cost: Option<Decimal>,
}

/// The inventory by the values of two tags.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// The tags of its rows and its columns.
    pub tags: [String; 2],
    /// Values of the rows, the most expensive first; None if the tag is missing.
    pub rows: Vec<Option<String>>,
    /// Values of the columns, as the rows.
    pub columns: Vec<Option<String>>,
    /// A list for each row with a cell for each column; None if no resource has both values.
    pub cells: Vec<Vec<Option<Group>>>,
}

impl Breakdown {
    /// Asks the database.
    pub fn read(run: &Run, program: &Program, roles: &Roles, all: &Group) -> Result<Self, RunError> {
        let tag = |name: &Option<String>| Tag::find(program, name.as_ref()?);
        let (environment, team) = (tag(&roles.environment), tag(&roles.team));
        let by = |tag: &Option<Tag>, rows| tag.as_ref().map(|tag| by_tag(run, tag, rows, all)).transpose();
        let matrix = match (&team, &environment) {
            (Some(team), Some(environment)) if team.id != environment.id => {
                Some(matrix(run, team, environment)?)
            }
            _ => None,
        };
        Ok(Self {
            coverage: coverage(run, program)?,
            environment: by(&environment, ENVIRONMENTS)?,
            cost_center: by(&tag(&roles.cost_center), COST_CENTERS)?,
            matrix,
        })
    }
}

struct Tag {
    id: TagId,
    name: String,
}

impl Tag {
    fn find(program: &Program, name: &str) -> Option<Self> {
        let (id, tag) = (0..).zip(&program.tags).find(|(_, tag)| tag.name == name)?;
        Some(Self { id: TagId(id), name: tag.name.clone() })
    }
}

fn coverage(run: &Run, program: &Program) -> Result<Vec<Coverage>, RunError> {
    let mut coverage: Vec<Coverage> = program
        .tags
        .iter()
        .map(|tag| Coverage { tag: tag.name.clone(), importance: tag.importance, parts: Vec::new() })
        .collect();
    run.for_each(QueryKind::Coverage, |row| {
        let tag =
            coverage.get_mut(row.index("tag_index")?).ok_or_else(|| row.unexpected("an unknown tag"))?;
        tag.parts.push(CoveragePart {
            source: row.source("source")?,
            valid: row.count("valid")? == 1,
            resources: row.count("resources")?,
            cost: row.money("cost"),
        });
        Ok(())
    })?;
    Ok(coverage)
}

fn by_tag(run: &Run, tag: &Tag, rows: u64, all: &Group) -> Result<ByTag, RunError> {
    let groups = groups(run, &[tag.id], rows)?;
    let rest = |part: fn(&Group) -> u64| part(all).saturating_sub(groups.iter().map(part).sum());
    let resources = rest(|group| group.resources);
    let others = (resources > 0).then(|| Group {
        values: Vec::new(),
        resources,
        in_scope: rest(|group| group.in_scope),
        passing: rest(|group| group.passing),
        cost: all.cost.map(|all| {
            let shown: i128 = groups.iter().filter_map(|group| group.cost).map(|cost| cost.unscaled).sum();
            Decimal { unscaled: all.unscaled.saturating_sub(shown), scale: all.scale }
        }),
    });
    Ok(ByTag { tag: tag.name.clone(), groups, others })
}

fn groups(run: &Run, tags: &[TagId], rows: u64) -> Result<Vec<Group>, RunError> {
    let sql = sql::breakdown(&run.compiled.plan, run.dialect(), tags, rows);
    let mut groups = Vec::new();
    run.for_each_of("breakdown", &sql, |row| {
        groups.push(group(row, tags.len())?);
        Ok(())
    })?;
    Ok(groups)
}

fn group(row: &Fields<'_>, tags: usize) -> Result<Group, RunError> {
    Ok(Group {
        values: (0..tags).map(|at| row.text(&format!("value_{at}"))).collect(),
        resources: row.count("resources")?,
        in_scope: row.count("in_scope")?,
        passing: row.count("passing")?,
        cost: row.money("cost"),
    })
}

fn matrix(run: &Run, row: &Tag, column: &Tag) -> Result<Matrix, RunError> {
    let groups = groups(run, &[row.id, column.id], COMBINATIONS)?;
    let (rows, columns) = (top_values(&groups, 0, MATRIX.0), top_values(&groups, 1, MATRIX.1));
    let mut cells = vec![vec![None; columns.len()]; rows.len()];
    for group in groups {
        let at = |values: &[Option<String>], tag| {
            values.iter().position(|value| Some(value) == group.values.get(tag))
        };
        if let (Some(row), Some(column)) = (at(&rows, 0), at(&columns, 1))
            && let Some(cell) = cells.get_mut(row).and_then(|cells| cells.get_mut(column))
        {
            *cell = Some(group);
        }
    }
    Ok(Matrix { tags: [row.name.clone(), column.name.clone()], rows, columns, cells })
}

/// The values of a tag that cost most, or that most resources have; a missing one comes last.
fn top_values(groups: &[Group], tag: usize, most: usize) -> Vec<Option<String>> {
    let mut totals: BTreeMap<Option<&String>, (i128, u64)> = BTreeMap::new();
    for group in groups {
        let total = totals.entry(group.values.get(tag).and_then(Option::as_ref)).or_default();
        total.0 = total.0.saturating_add(group.cost.map_or(0, |cost| cost.unscaled));
        total.1 += group.resources;
    }
    let mut totals: Vec<_> = totals.into_iter().collect();
    totals.sort_by_key(|(_, total)| Reverse(*total));
    totals.truncate(most);
    totals.sort_by_key(|(value, _)| value.is_none());
    totals.into_iter().map(|(value, _)| value.cloned()).collect()
}
