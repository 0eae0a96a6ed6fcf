//! Goals become columns: whether a goal applies to a resource, and whether the resource is covered.

use tagpol_sema::program::{Goal, Pred};

use super::{Lowering, note};
use crate::ir::{Expr, GoalInfo, Type};

impl Lowering<'_> {
    /// Makes the columns of all goals. Those of all tags must have been made.
    pub(super) fn goals(&mut self) -> Vec<GoalInfo> {
        let program = self.program;
        program.goals.iter().map(|goal| self.goal(goal)).collect()
    }

    fn goal(&mut self, goal: &Goal) -> GoalInfo {
        self.at = goal.loc.clone();
        let scope = self.optional_pred(goal.scope.as_ref());
        let comment = note(format!("goal `{}` applies", goal.name), &goal.loc);
        let scope = self.columns.add(&format!("goal_scope_{}", goal.name), scope, Type::Bool, comment);
        let valid: Vec<Expr> = goal.tags().iter().map(|tag| self.pred(&Pred::IsValid(*tag))).collect();
        let covered = Expr::and([Expr::Column(scope)].into_iter().chain(valid));
        let comment = note(format!("the resource is covered by goal `{}`", goal.name), &goal.loc);
        let covered = self.columns.add(&format!("goal_covered_{}", goal.name), covered, Type::Bool, comment);
        GoalInfo {
            name: goal.name.clone(),
            severity: goal.severity,
            target: goal.target.clone(),
            tags: goal.tags().iter().map(|tag| self.program.tag(*tag).name.clone()).collect(),
            each: goal.each.map(|each| (self.program.dimension_name(each), each)),
            scope,
            covered,
            loc: goal.loc.clone(),
        }
    }
}
