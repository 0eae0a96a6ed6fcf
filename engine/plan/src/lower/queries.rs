//! The evaluated inventory and what is asked of it.

use std::collections::BTreeSet;

use tagpol_sema::program::{Attr, CmpOp, Severity};

use super::results::columns_of;
use super::{Lowering, note};
use crate::ir::{
    Aggregate, AttrColumn, CheckInfo, ColumnId, Direction, Expr, Function, GoalInfo, Literal, Order, Query,
    QueryKind, Select, StateCode, TagInfo, Tallies, Type,
};
use crate::layout::FirstSeen;

/// Returns the attributes that the evaluated inventory keeps.
fn kept() -> impl Iterator<Item = AttrColumn> {
    AttrColumn::TOLD.into_iter().chain([AttrColumn::Source])
}

/// Columns with the totals of a resource over some of the checks each.
#[derive(Debug, Default)]
pub(super) struct Subtotals {
    /// Numbers of open findings.
    open: Vec<(Severity, ColumnId)>,
    /// Whether a finding is pending.
    pending: Vec<ColumnId>,
    /// Whether a policy applies.
    in_scope: Vec<ColumnId>,
    /// How many of the checks they include, the first.
    checks: usize,
}

impl Lowering<'_> {
    /// Makes the subtotals of the checks that are in none yet, if they are enough for one. Of thousands of checks,
    /// a total alone would read thousands of columns, which are then computed by other statements.
    pub(super) fn subtotal(&mut self, checks: &[CheckInfo]) {
        let part = self.limits.part.max(1);
        let left = checks.get(self.subtotals.checks..).unwrap_or_default();
        if left.len() < part {
            return;
        }
        for alike in left.chunk_by(|one, other| one.severity == other.severity) {
            for some in alike.chunks(part) {
                let Some(severity) = some.first().map(|check| check.severity) else { continue };
                let name = format!("some_open_{}", severity.as_str());
                let column = self.columns.add(&name, count_open(some), Type::Integer, None);
                self.subtotals.open.push((severity, column));
            }
        }
        for some in left.chunks(part) {
            let in_scope = any_scope(some);
            self.subtotals.in_scope.push(self.columns.add("some_in_scope", in_scope, Type::Bool, None));
            let pending = self.pending_in(some);
            if pending != Expr::bool(false) {
                self.subtotals.pending.push(self.columns.add("some_pending", pending, Type::Bool, None));
            }
        }
        self.subtotals.checks = checks.len();
    }

    /// Returns whether a finding of some checks is pending, or one of the checks is undetermined; a constant if
    /// neither can be.
    fn pending_in(&self, checks: &[CheckInfo]) -> Expr {
        let of = |state| {
            let possible = checks.iter().filter(move |check| self.is_possible(check.state, state));
            possible.map(move |check| has_state(check.state, state))
        };
        Expr::or(of(StateCode::Pending).chain(of(StateCode::Undetermined)).collect::<Vec<_>>())
    }

    /// Makes the columns with the totals of a resource over all checks.
    pub(super) fn tallies(&mut self, checks: &[CheckInfo]) -> Tallies {
        let left = checks.get(self.subtotals.checks..).unwrap_or_default();
        let by_severity = Severity::ALL.map(|severity| {
            let subtotals = self.subtotals.open.iter().filter(|(of, _)| *of == severity);
            let subtotals = subtotals.map(|(_, column)| Expr::Column(*column));
            let open = left.iter().filter(|c| c.severity == severity).map(open_as_number);
            let count = Expr::sum(subtotals.chain(open).collect());
            let name = format!("open_{}", severity.as_str());
            self.columns.add(&name, count, Type::Integer, None)
        });
        let total = Expr::sum(by_severity.map(Expr::Column).into());
        let comment = note("open findings of the resource".to_owned(), None);
        let all = self.columns.add("open_findings", total, Type::Integer, comment);
        let in_scope = self.subtotals.in_scope.iter().map(|&column| Expr::Column(column));
        let in_scope = Expr::or(in_scope.chain([any_scope(left)]));
        let comment = note("at least one policy applies".to_owned(), None);
        let in_scope = self.columns.add("in_any_scope", in_scope, Type::Bool, comment);
        let pending = self.subtotals.pending.iter().map(|&column| Expr::Column(column));
        let pending = Expr::or(pending.chain([self.pending_in(left)]));
        let no_open = Expr::compare(CmpOp::Eq, Expr::Column(all), Expr::integer(0));
        let passing = Expr::and([Expr::Column(in_scope), no_open, pending.negate()]);
        let comment = note("in scope, without an open or pending finding".to_owned(), None);
        let passing = self.columns.add("passing", passing, Type::Bool, comment);
        Tallies { by_severity, all, in_scope, passing }
    }

    /// Returns the columns of the evaluated inventory.
    pub(super) fn output(
        &mut self,
        tags: &[TagInfo],
        checks: &[CheckInfo],
        goals: &[GoalInfo],
        tallies: &Tallies,
    ) -> Vec<ColumnId> {
        let mut output: Vec<ColumnId> = kept().filter_map(|a| self.attr_id(a)).collect();
        for tag in tags {
            output.extend([tag.value, tag.source, tag.provenance]);
            output.extend(tag.unknown);
            output.extend(tag.conflict.iter().flat_map(|c| [c.value, c.provenance]));
        }
        for check in checks {
            output.extend([check.scope, check.state]);
            output.extend(check.remedy);
            output.extend(check.since);
            output.extend(self.starts_now(check));
        }
        output.extend(self.waiver_columns());
        output.extend(goals.iter().flat_map(|goal| [goal.scope, goal.covered]));
        output.extend(tallies.by_severity);
        output.extend([tallies.all, tallies.in_scope, tallies.passing]);
        output.extend(self.kept.iter().copied().collect::<BTreeSet<_>>());
        let mut seen = BTreeSet::new();
        output.retain(|id| seen.insert(*id));
        output
    }

    /// Returns one query of each kind.
    pub(super) fn queries(
        &mut self,
        tags: &[TagInfo],
        checks: &[CheckInfo],
        goals: &[GoalInfo],
        tallies: &Tallies,
    ) -> Vec<Query> {
        QueryKind::ALL
            .into_iter()
            .map(|kind| {
                let (branches, order) = match kind {
                    QueryKind::Summary => (vec![self.summary(tallies)], vec![]),
                    QueryKind::Checks => (self.check_counts(checks), vec![up("check_index")]),
                    QueryKind::Findings => {
                        (self.findings(tags, checks), vec![up("check_index"), up("resource_id")])
                    }
                    QueryKind::Goals => (self.goal_counts(goals), vec![up("goal_index")]),
                    QueryKind::Accounts => (vec![self.accounts(tallies)], ACCOUNT_ORDER.into()),
                    QueryKind::Tags => (self.tag_rows(tags), vec![up("resource_id"), up("tag_index")]),
                    QueryKind::Coverage => (self.coverage(tags), COVERAGE_ORDER.into()),
                    QueryKind::Waivers => (self.waived(checks), vec![up("check_index"), up("resource_id")]),
                    QueryKind::Conflicts => (self.conflicts(tags), vec![up("tag_index"), up("resource_id")]),
                };
                Query { kind, columns: columns_of(kind), branches, order }
            })
            .collect()
    }

    fn summary(&mut self, tallies: &Tallies) -> Select {
        let cost = self.attr_column(AttrColumn::MonthlyCost);
        let open = Expr::Column(tallies.all);
        let mut items = vec![
            rows(),
            count_if(Expr::compare(CmpOp::Eq, open, Expr::integer(0))),
            sum_money(cost),
            self.cost_where(any_open(tallies)),
        ];
        let total = |id| Expr::Aggregate(Aggregate::SumIntegers(Box::new(Expr::Column(id))));
        items.extend(tallies.by_severity.map(total));
        items.extend(tallies.scope_counts());
        items.push(self.cost_where(Expr::bool(true)));
        Select { items, filter: None, group_by: Vec::new(), note: None }
    }

    fn check_counts(&mut self, checks: &[CheckInfo]) -> Vec<Select> {
        let mut branches = Vec::new();
        for (i, check) in checks.iter().enumerate() {
            let count = |state| self.count_state(check.state, state);
            let items = vec![
                index(i),
                count_if(Expr::Column(check.scope)),
                count(StateCode::Open),
                count(StateCode::Pending),
                count(StateCode::Exempt),
                self.cost_where(is_open(check.state)),
                self.count_starting(check),
            ];
            branches.push(Select { items, filter: None, group_by: Vec::new(), note: named(check) });
        }
        branches
    }

    /// Returns the number of resources in a state; a constant where no resource can be in it.
    fn count_state(&self, column: ColumnId, state: StateCode) -> Expr {
        if self.is_possible(column, state) { count_if(has_state(column, state)) } else { Expr::integer(0) }
    }

    fn is_possible(&self, column: ColumnId, state: StateCode) -> bool {
        self.columns.get(&Expr::Column(column)).is_none_or(|c| can_be(&c.expr, state.code()))
    }

    /// Returns the number of pending findings whose grace begins with this run.
    fn count_starting(&mut self, check: &CheckInfo) -> Expr {
        let Some(starts) = self.starts_now(check) else { return Expr::integer(0) };
        count_if(Expr::and([has_state(check.state, StateCode::Pending), Expr::Column(starts)]))
    }

    /// The column that says whether a finding is there since now. None: it cannot be pending, or this is not
    /// the first run that is kept, so that new findings are no news.
    ///
    /// The time itself would distinguish resources that are otherwise counted together.
    fn starts_now(&mut self, check: &CheckInfo) -> Option<ColumnId> {
        let is_first = self.given_overlays.first_seen == FirstSeen::FirstRun;
        let since = check.since.filter(|_| is_first && self.is_possible(check.state, StateCode::Pending))?;
        let now = Expr::Literal(Literal::Time(self.now));
        let starts = Expr::compare(CmpOp::Eq, Expr::Column(since), now);
        match self.columns.share("starts_now", starts, Type::Bool, None) {
            Expr::Column(id) => Some(id),
            _ => None,
        }
    }

    fn findings(&mut self, tags: &[TagInfo], checks: &[CheckInfo]) -> Vec<Select> {
        let attrs = AttrColumn::TOLD.map(|attr| self.attr_column(attr));
        let [id, name, ty, provider, account, region, cost] = attrs;
        let mut branches = Vec::new();
        for (i, check) in checks.iter().enumerate() {
            let tag = check.tag.and_then(|tag| tags.get(tag.0 as usize));
            let value = match (tag, check.attr.and_then(text_attr)) {
                (Some(tag), _) => Expr::Column(tag.value),
                (None, Some(attr)) => self.attr_column(attr),
                (None, None) => Expr::Null(Type::Text),
            };
            let provenance = tag.map_or(Expr::Null(Type::Integer), |t| Expr::Column(t.provenance));
            let state = Expr::Column(check.state);
            let attrs = [&id, &name, &ty, &provider, &account, &region].map(Clone::clone);
            let mut items = vec![index(i), state.clone()];
            items.extend(attrs);
            let remedy = check.remedy.map_or(Expr::Null(Type::Text), Expr::Column);
            let since = check.since.map_or(Expr::Literal(Literal::Time(self.now)), Expr::Column);
            items.extend([value, provenance, cost.clone(), remedy, since]);
            let found = Expr::compare(CmpOp::Gt, state, Expr::integer(StateCode::None.code()));
            let (filter, note) = (Some(found), named(check));
            branches.push(Select { items, filter, group_by: Vec::new(), note });
        }
        branches
    }

    fn goal_counts(&mut self, goals: &[GoalInfo]) -> Vec<Select> {
        let mut branches = Vec::new();
        for (i, goal) in goals.iter().enumerate() {
            let items = vec![
                index(i),
                count_if(Expr::Column(goal.scope)),
                count_if(Expr::Column(goal.covered)),
                self.cost_where(Expr::Column(goal.scope)),
                self.cost_where(Expr::Column(goal.covered)),
            ];
            let note = note(format!("goal `{}`", goal.name), &goal.loc);
            branches.push(Select { items, filter: None, group_by: Vec::new(), note });
        }
        branches
    }

    fn accounts(&mut self, tallies: &Tallies) -> Select {
        let account = self.attr_column(AttrColumn::Account);
        let provider = self.attr_column(AttrColumn::Provider);
        let open = Expr::Column(tallies.all);
        let items = vec![
            account.clone(),
            provider.clone(),
            rows(),
            count_if(Expr::compare(CmpOp::Eq, open.clone(), Expr::integer(0))),
            Expr::Aggregate(Aggregate::SumIntegers(Box::new(open))),
            self.cost_where(any_open(tallies)),
        ];
        let items = items.into_iter().chain(tallies.scope_counts()).collect();
        Select { items, filter: None, group_by: vec![account, provider], note: None }
    }

    fn tag_rows(&mut self, tags: &[TagInfo]) -> Vec<Select> {
        let id = self.attr_column(AttrColumn::Id);
        let branch = |(i, tag): (usize, &TagInfo)| {
            let value = Expr::Column(tag.value);
            Select {
                items: vec![
                    id.clone(),
                    index(i),
                    value.clone(),
                    Expr::Column(tag.source),
                    Expr::Column(tag.provenance),
                ],
                filter: Some(Expr::IsNotNull(Box::new(value))),
                group_by: Vec::new(),
                note: note(format!("tag `{}`", tag.name), &tag.loc),
            }
        };
        tags.iter().enumerate().map(branch).collect()
    }

    fn conflicts(&mut self, tags: &[TagInfo]) -> Vec<Select> {
        let id = self.attr_column(AttrColumn::Id);
        let branch = |(i, tag): (usize, &TagInfo)| {
            let conflict = tag.conflict?;
            let lost = Expr::Column(conflict.provenance);
            Some(Select {
                items: vec![
                    index(i),
                    id.clone(),
                    Expr::Column(tag.value),
                    Expr::Column(tag.provenance),
                    Expr::Column(conflict.value),
                    lost.clone(),
                ],
                filter: Some(Expr::IsNotNull(Box::new(lost))),
                group_by: Vec::new(),
                note: note(format!("tag `{}`", tag.name), &tag.loc),
            })
        };
        tags.iter().enumerate().filter_map(branch).collect()
    }

    /// Returns the cost of the resources for which the condition holds, where credits (negative costs) count as
    /// nothing: 0 if there is no such resource, NULL if no cost is known at all.
    pub(super) fn cost_where(&mut self, condition: Expr) -> Expr {
        let cost = Box::new(self.attr_column(AttrColumn::MonthlyCost));
        let condition = Box::new(condition);
        Expr::Aggregate(Aggregate::SumMoneyWhere { amount: cost, condition })
    }

    fn attr_id(&mut self, attr: AttrColumn) -> Option<ColumnId> {
        match self.attr_column(attr) {
            Expr::Column(id) => Some(id),
            _ => None,
        }
    }
}

/// The column of an attribute that is a text.
fn text_attr(attr: Attr) -> Option<AttrColumn> {
    kept().find(|column| column.ty() == Type::Text && column.as_str() == attr.as_str())
}

const ACCOUNT_ORDER: [Order; 4] =
    [down("cost_in_violation"), down("open_findings"), up("account"), up("provider")];

const COVERAGE_ORDER: [Order; 3] = [up("tag_index"), up("source"), up("valid")];

const fn up(column: &'static str) -> Order {
    Order { column, direction: Direction::Ascending }
}

const fn down(column: &'static str) -> Order {
    Order { column, direction: Direction::Descending }
}

pub(super) fn named(check: &CheckInfo) -> Option<crate::ir::Note> {
    note(format!("check `{}/{}`", check.policy_name, check.id), &check.loc)
}

pub(super) fn rows() -> Expr {
    Expr::Aggregate(Aggregate::Rows)
}

pub(super) fn count_if(condition: Expr) -> Expr {
    Expr::Aggregate(Aggregate::CountIf(Box::new(condition)))
}

pub(super) fn sum_money(amount: Expr) -> Expr {
    Expr::Aggregate(Aggregate::SumMoney(Box::new(amount)))
}

fn has_state(column: ColumnId, state: StateCode) -> Expr {
    Expr::compare(CmpOp::Eq, Expr::Column(column), Expr::integer(state.code()))
}

/// Whether a number occurs in the expression.
fn can_be(expr: &Expr, number: i64) -> bool {
    let mut found = *expr == Expr::integer(number);
    expr.for_each_child(|child| found |= can_be(child, number));
    found
}

impl Tallies {
    /// Returns the numbers of resources in the scope of a policy, and of those that pass.
    pub(super) fn scope_counts(&self) -> [Expr; 2] {
        [self.in_scope, self.passing].map(|column| count_if(Expr::Column(column)))
    }
}

/// Whether the policy of one of the checks applies.
fn any_scope(checks: &[CheckInfo]) -> Expr {
    // Checks of one policy are next to each other and share its scope.
    let policies = checks.chunk_by(|one, other| one.scope == other.scope);
    Expr::or(policies.filter_map(|checks| checks.first()).map(|check| Expr::Column(check.scope)))
}

fn count_open(checks: &[CheckInfo]) -> Expr {
    Expr::sum(checks.iter().map(open_as_number).collect())
}

fn open_as_number(check: &CheckInfo) -> Expr {
    Expr::call(Function::ToInteger, [is_open(check.state)])
}

fn is_open(column: ColumnId) -> Expr {
    has_state(column, StateCode::Open)
}

pub(super) fn any_open(tallies: &Tallies) -> Expr {
    Expr::compare(CmpOp::Gt, Expr::Column(tallies.all), Expr::integer(0))
}

pub(super) fn index(at: usize) -> Expr {
    Expr::integer(i64::try_from(at).unwrap_or(i64::MAX))
}
