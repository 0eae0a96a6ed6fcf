//! What policies find, and how many resources conditions are true of.

use std::collections::BTreeMap;

use tagpol_plan::lower::staged::{PolicyStage, lower_policies, lower_tags};
use tagpol_plan::sql::staged::{
    Counted, PolicyQueries, TAGGED, drop_groups, keep_groups, keep_tagged, policy_queries, prepare,
};
use tagpol_plan::{Layout, Plan, Predicate, Request};
use tagpol_sema::program::{DefineId, Pred, Program};
use tagpol_session::Decimal;

use super::{Live, Tagged};
use crate::compile::{DIALECT, layout_of, open_values};
use crate::error::RunError;
use crate::rows::{Fields, read};
use crate::tables::Tables;

/// Tables of groups that are kept in addition to those of the last measurement.
const SPARE_GROUPS: usize = 64;

/// What one policy finds, or how many resources a condition is true of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Measure {
    /// Resources that it applies to.
    pub in_scope: u64,
    /// Their monthly cost; None if no cost is known.
    pub cost: Option<Decimal>,
    /// Open findings.
    pub open: u64,
    /// Findings within their grace.
    pub pending: u64,
    /// Findings that are waived.
    pub exempt: u64,
    /// Resources with an open finding.
    pub violating: u64,
    /// Their monthly cost before credits; None if no cost is known.
    pub cost_violating: Option<Decimal>,
}

/// What is found of a program, by names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Measures {
    /// Policies.
    pub policies: BTreeMap<String, Measure>,
    /// Predicates.
    pub defines: BTreeMap<String, Measure>,
    /// Rules with a condition.
    pub rules: BTreeMap<String, Measure>,
}

impl Live {
    /// Measures the policies, the predicates and the conditions of the rules of a program.
    ///
    /// # Errors
    /// As [`crate::evaluate`].
    pub fn measure(&mut self, program: &Program) -> Result<Measures, RunError> {
        let stage = self.prepare(program, conditions(program))?;
        self.next += 1;
        let mut found = Vec::new();
        for queries in policy_queries(&stage, DIALECT) {
            found.push((queries.of, self.count(&queries)?));
        }
        self.drop_old_groups(found.len());
        Ok(named(program, found))
    }

    /// Hands over the most expensive resources with an open finding of a policy: their cells, and the ids of the
    /// checks that found something.
    pub(super) fn violations_of(
        &mut self,
        program: &Program,
        policy: usize,
        limit: u64,
        mut f: impl FnMut(&Fields<'_>, Vec<String>),
    ) -> Result<(), RunError> {
        let stage = self.prepare(program, Vec::new())?;
        let queries = policy_queries(&stage, DIALECT);
        let Some(queries) = queries.into_iter().find(|queries| queries.of == Counted::Policy(policy)) else {
            return Ok(());
        };
        let columns: Vec<String> = (0..queries.checks.len()).map(|at| format!("found_{at}")).collect();
        read(&self.store, "violations", &queries.violations(limit), |row| {
            let checks = columns.iter().zip(&queries.checks).filter(|(column, _)| row.truth(column));
            f(row, checks.map(|(_, check)| check.clone()).collect());
            Ok(())
        })
    }

    /// Makes the database ready for the queries of a program's policies and of conditions.
    fn prepare(&mut self, program: &Program, conditions: Vec<Predicate>) -> Result<Plan, RunError> {
        let request = Request { predicates: conditions, ..self.options.request() };
        self.keep_tags(program)?;
        let mut stage = self.policies(program, &request)?;
        if !stage.lacks.is_empty() {
            self.keep.append(&mut stage.lacks);
            self.keep_tags(program)?;
            stage = self.policies(program, &request)?;
        }
        Tables::default().load(program, &stage.plan, &self.store)?;
        let statements = prepare(&stage.plan, DIALECT);
        if statements != self.prepared {
            if !stage.plan.overlays.is_empty() {
                // What its columns stand for may be another thing now.
                self.forget_groups();
            }
            self.prepared.clear();
            statements.iter().try_for_each(|statement| self.store.execute(statement))?;
            self.prepared = statements;
        }
        Ok(stage.plan)
    }

    /// Computes the tags of all resources, unless those that are kept are the ones.
    pub(super) fn keep_tags(&mut self, program: &Program) -> Result<(), RunError> {
        let stage = lower_tags(program, &self.layout(), &self.options.request(), &self.keep)
            .map_err(RunError::Currency)?;
        let statements = keep_tagged(&stage, DIALECT);
        let tables: Vec<_> = program.tables.iter().map(|table| stamp(&table.path)).collect();
        if self.tagged.as_ref().is_some_and(|kept| kept.made_by == statements && kept.tables == tables) {
            return Ok(());
        }
        self.forget();
        open_values(&self.store, &self.snapshot, &stage.plan)?;
        Tables::default().load(program, &stage.plan, &self.store)?;
        statements.iter().try_for_each(|statement| self.store.execute(statement))?;
        let names = program.tags.iter().map(|tag| tag.name.clone()).collect();
        self.tags_version += 1;
        self.tagged = Some(Tagged { made_by: statements, tables, kept: stage.kept, names });
        Ok(())
    }

    fn policies(&self, program: &Program, request: &Request) -> Result<PolicyStage, RunError> {
        // Groups are judged once each, whatever values there are.
        let layout = Layout { relation: TAGGED.to_owned(), values: None, ..self.layout() };
        let kept = self.tagged.as_ref().map(|tagged| tagged.kept.clone()).unwrap_or_default();
        lower_policies(program, &layout, request, &kept).map_err(RunError::Currency)
    }

    fn layout(&self) -> Layout {
        layout_of(&self.snapshot, &self.options, self.history.overlays.clone())
    }

    /// Drops what follows from the tags.
    fn forget(&mut self) {
        self.tagged = None;
        self.prepared.clear();
        self.forget_groups();
    }

    fn forget_groups(&mut self) {
        self.counts.clear();
        for (number, _) in std::mem::take(&mut self.groups).into_values() {
            // Whatever is wrong with it shows when the next statement is run.
            let _ = self.store.execute(&drop_groups(&group_table(number), DIALECT));
        }
    }

    fn count(&mut self, queries: &PolicyQueries) -> Result<Measure, RunError> {
        let groups = group_table(self.groups_of(&queries.groups)?);
        let sql = queries.counts(&groups);
        if let Some(known) = self.counts.get(&sql) {
            return Ok(*known);
        }
        let mut measure = Measure::default();
        read(&self.store, "counts of a policy", &sql, |row| {
            measure = Measure {
                in_scope: row.count("in_scope")?,
                cost: row.money("cost"),
                open: row.count("open")?,
                pending: row.count("pending")?,
                exempt: row.count("exempt")?,
                violating: row.count("violating")?,
                cost_violating: row.money("cost_violating"),
            };
            Ok(())
        })?;
        self.counts.insert(sql, measure);
        Ok(measure)
    }

    /// Returns the number of the table of some groups.
    fn groups_of(&mut self, sql: &str) -> Result<u64, RunError> {
        let now = self.next;
        if let Some((number, last_used)) = self.groups.get_mut(sql) {
            *last_used = now;
            return Ok(*number);
        }
        let number = self.groups.values().map(|(number, _)| number + 1).max().unwrap_or(0);
        self.store.execute(&keep_groups(&group_table(number), sql, DIALECT))?;
        self.groups.insert(sql.to_owned(), (number, now));
        Ok(number)
    }

    /// Drops groups, and counts, that have not been used lately.
    fn drop_old_groups(&mut self, policies: usize) {
        if self.counts.len() > 16 * (policies + SPARE_GROUPS) {
            self.counts.clear();
        }
        if self.groups.len() <= policies + SPARE_GROUPS {
            return;
        }
        let now = self.next;
        let old: Vec<u64> = self
            .groups
            .values()
            .filter(|(_, last_used)| *last_used < now)
            .map(|(number, _)| *number)
            .collect();
        self.groups.retain(|_, (_, last_used)| *last_used == now);
        self.counts.clear();
        for number in old {
            let _ = self.store.execute(&drop_groups(&group_table(number), DIALECT));
        }
    }
}

fn group_table(number: u64) -> String {
    format!("groups_{number}")
}

/// When a file was changed last; None if it is not there.
fn stamp(path: &str) -> (String, Option<std::time::SystemTime>) {
    let changed = std::fs::metadata(path).and_then(|meta| meta.modified()).ok();
    (path.to_owned(), changed)
}

/// The predicates of a program, then the conditions of its rules.
fn conditions(program: &Program) -> Vec<Predicate> {
    let defines = (0u32..).zip(&program.defines).map(|(id, define)| (Pred::Named(DefineId(id)), &define.loc));
    let rules = program.rules.iter().filter_map(|rule| Some((rule.when.clone()?, &rule.loc)));
    defines.chain(rules).map(|(pred, loc)| Predicate { pred, loc: loc.clone() }).collect()
}

/// What was found, by the names of what it was found of.
fn named(program: &Program, found: Vec<(Counted, Measure)>) -> Measures {
    let mut measures = Measures::default();
    let rules: Vec<&str> =
        program.rules.iter().filter(|rule| rule.when.is_some()).map(|rule| rule.name.as_str()).collect();
    let defines = program.defines.len();
    for (of, measure) in found {
        match of {
            Counted::Policy(at) => {
                let policy = program.policies.get(at);
                measures.policies.extend(policy.map(|policy| (policy.name.clone(), measure)));
            }
            Counted::Predicate(at) => match program.defines.get(at) {
                Some(define) => drop(measures.defines.insert(define.name.clone(), measure)),
                None => {
                    let rule = rules.get(at.saturating_sub(defines));
                    measures.rules.extend(rule.map(|rule| ((*rule).to_owned(), measure)));
                }
            },
        }
    }
    measures
}
