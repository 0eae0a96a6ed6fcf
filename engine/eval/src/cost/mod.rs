//! What is spent, by the values of tags and attributes, with shared costs spread.
//!
//! In: a program, a snapshot and what is wanted. Out: [`Costs`]: a line for each combination of values.
//! Promises that no cost is dropped: what has no value has a line of its own, and spreading shared costs changes
//! no total. All amounts are exact, in units of 10^-18 of the currency; those that are converted from another
//! currency are rounded to these.
//!
//! Where a snapshot has charges, it is charges that are summed up, by the virtual tags that each of them has: the
//! total is that of the invoices. Of other inventories it is the costs of resources.
//!
//! - `groups`: what the database sums up, apart by which allocation it is a source of
//! - `spread`, `share`: shared costs are spread here, since no database has a product of two amounts that is exact

mod budgets;
mod goals;
mod groups;
mod share;
mod spread;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
pub use tagpol_inventory::MonthTotal;
use tagpol_inventory::{AMOUNT_SCALE, ImportError, Snapshot, YearMonth, amount_units};
pub use tagpol_plan::sql::charges::{Amount, Period};
use tagpol_plan::sql::charges::{ChargeDate, ChargeFilter};
use tagpol_plan::sql::requests::GroupKey;
use tagpol_sema::program::{Allocation, Attr, Program, TagId};
pub use tagpol_sema::program::{ChargeAttr, Dimension};

use crate::error::RunError;
use crate::finding::SnapshotInfo;
use crate::goal::GoalResult;
use crate::options::Options;
use goals::measure_by_charges;
pub use groups::Group;
pub use groups::units_of;
pub use share::rounded;
use spread::Spread;

/// Digits of an amount behind the point.
pub const SCALE: u8 = AMOUNT_SCALE as u8;

/// What costs are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CostRequest {
    /// The dimensions.
    pub by: Vec<Dimension>,
    /// The amount of charges.
    pub amount: Amount,
    /// The first and the last month. None: the month of the snapshot; with periods, all months that it has.
    pub months: Option<(YearMonth, YearMonth)>,
    /// Whether charges count in the month in which they start, and not in the month of their invoice.
    pub by_usage_date: bool,
    /// The periods that have lines of their own.
    pub period: Option<Period>,
    /// The currency of the report. None: that of the snapshot.
    pub currency: Option<String>,
}

/// What is spent.
#[derive(Debug, Clone, PartialEq)]
pub struct Costs {
    /// The clock.
    pub now: DateTime<Utc>,
    /// The snapshot.
    pub snapshot: SnapshotInfo,
    /// Its dimensions: names of tags, and of attributes as the language writes them.
    pub by: Vec<String>,
    /// The lines, the most expensive first, then by their values.
    pub lines: Vec<Line>,
    /// The lines that [`Costs::top`] left out, summed up. None: there are none.
    pub others: Option<Others>,
    /// All resources; one may be in several lines.
    pub resources: u64,
    /// Length of the periods of the lines; None: the lines are of all the time.
    pub period: Option<Period>,
    /// The currency of all amounts.
    pub currency: Option<String>,
    /// The amount of charges that was summed up.
    pub amount: Amount,
    /// The first and the last month; None where the costs are not of a bill.
    pub months: Option<(YearMonth, YearMonth)>,
    /// Whether the time of a charge is that of its use, and not that of its invoice.
    pub by_usage_date: bool,
    /// What was converted from other currencies.
    pub converted: Vec<Converted>,
    /// What is of these months by one time and not by the other.
    pub moved: Moved,
    /// Charges without the amount that was asked for; they count as nothing.
    pub unknown_amounts: u64,
    /// What the invoices of these months come to. None if the costs are of no bill or not of invoice months, or if a
    /// charge has no billed amount.
    pub billed: Option<i128>,
    /// The month of the snapshot, if it is one of these months and its charges do not reach its last day.
    pub incomplete_month: Option<YearMonth>,
    /// What the bills come to in months that are not summed up.
    pub other_months: Vec<MonthTotal>,
    /// What lists say that resources cost which are in no bill; it is on no invoice, and not summed up.
    pub only_listed: i128,
    /// The allocations that were applied, in the order of their names.
    pub shared: Vec<Shared>,
    /// The budgets of the program, of one after the other each month; those of all charges, whatever the dimensions.
    pub budgets: Vec<GoalResult>,
}

/// What charges in another currency come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Converted {
    /// ISO 4217.
    pub currency: String,
    /// The amount in it.
    pub amount: i128,
    /// What it is worth in the currency of the report.
    pub worth: i128,
}

/// Charges that are of other months by one time than by the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moved {
    /// Invoiced in the months of the report, used in others: corrections, for example.
    pub used_elsewhere: i128,
    /// Used in the months of the report, invoiced in others.
    pub invoiced_elsewhere: i128,
    /// Used in other months, whenever it was invoiced.
    pub not_used: i128,
}

/// Lines that are not listed, summed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Others {
    /// How many lines.
    pub lines: usize,
    /// Their resources.
    pub resources: u64,
    /// What they cost themselves.
    pub own: i128,
    /// What was spread to them, less what was spread from them.
    pub shared: i128,
    /// The part of what they cost themselves in charges that name no resource.
    pub no_resource: i128,
}

/// The cost of one combination of values.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    /// The period, such as `2026-10` or `2026-10-31`; None without periods.
    pub period: Option<String>,
    /// A value for each dimension; None if it is missing.
    pub values: Vec<Option<String>>,
    /// Its resources.
    pub resources: u64,
    /// What they cost themselves.
    pub own: i128,
    /// What was spread to it, less what was spread from it.
    pub shared: i128,
    /// The part of what it costs itself in charges that name no resource.
    pub no_resource: i128,
}

impl Line {
    /// Returns what it costs with its share.
    pub fn total(&self) -> i128 {
        self.own + self.shared
    }
}

/// An allocation that was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// Its name.
    pub name: String,
    /// The tag over whose values it is spread.
    pub to: String,
    /// Whether anything is a source of it.
    pub matched: bool,
    /// Its sources: resources.
    pub resources: u64,
    /// What was spread.
    pub cost: i128,
    /// What was not, since nothing was there to spread it over; it stays where it was.
    pub kept: i128,
}

impl Costs {
    /// Returns the sum of all lines: the bill.
    pub fn total(&self) -> i128 {
        let others = self.others.map_or(0, |others| others.own + others.shared);
        self.lines.iter().map(Line::total).sum::<i128>() + others
    }

    /// Returns the months that the costs are of, `2026-10` or `2026-09 to 2026-10`; None where they are of no bill.
    pub fn month(&self) -> Option<String> {
        match self.months {
            Some((first, last)) if first != last => Some(format!("{first} to {last}")),
            Some((month, _)) => Some(month.to_string()),
            None => self.snapshot.month.clone(),
        }
    }

    /// Returns the part of the total in charges that name no resource.
    pub fn no_resource(&self) -> i128 {
        let others = self.others.map_or(0, |others| others.no_resource);
        self.lines.iter().map(|line| line.no_resource).sum::<i128>() + others
    }

    /// Keeps the most expensive lines, and sums up the others. No amount is lost.
    #[must_use]
    pub fn top(mut self, lines: usize) -> Self {
        if lines < self.lines.len() {
            let mut others = self.others.unwrap_or_default();
            for line in self.lines.drain(lines..) {
                others.lines += 1;
                others.resources += line.resources;
                others.own += line.own;
                others.shared += line.shared;
                others.no_resource += line.no_resource;
            }
            self.others = Some(others);
        }
        self
    }
}

/// Returns the tag or attribute of a name: `cost-center`, `resource.account`, `charge.category`.
///
/// # Errors
/// The names that could stand there instead.
pub fn dimension(program: &Program, snapshot: &Snapshot, name: &str) -> Result<Dimension, Vec<String>> {
    let attrs = [Attr::Id, Attr::Name, Attr::Type, Attr::Provider, Attr::Account, Attr::Region, Attr::Source];
    let attr = |attr: &Attr| name.strip_prefix("resource.") == Some(attr.as_str());
    if let Some(attr) = attrs.into_iter().find(attr) {
        return Ok(Dimension::Attr(attr));
    }
    let of_charges = if snapshot.manifest().charges.is_some() { &ChargeAttr::ALL[..] } else { &[] };
    let of_charge = |attr: &&ChargeAttr| name.strip_prefix("charge.") == Some(attr.as_str());
    if let Some(attr) = of_charges.iter().find(of_charge) {
        return Ok(Dimension::Charge(*attr));
    }
    let tags = (0u32..).map(TagId).zip(&program.tags);
    let mut tags = tags.filter(|(_, tag)| tag.name == name);
    tags.next().map(|(id, _)| Dimension::Tag(id)).ok_or_else(|| {
        let tags = program.tags.iter().map(|tag| tag.name.clone());
        let attrs = attrs.map(|attr| format!("resource.{}", attr.as_str()));
        let of_charges = of_charges.iter().map(|attr| format!("charge.{}", attr.as_str()));
        tags.chain(attrs).chain(of_charges).collect()
    })
}

/// Sums up what is spent, and spreads shared costs over the tags among the dimensions.
///
/// # Errors
/// [`RunError::NoRate`], and as for [`crate::evaluate`].
pub fn costs(
    program: &Program,
    snapshot: &Snapshot,
    options: &Options,
    request: &CostRequest,
) -> Result<Costs, RunError> {
    let allocations = applied(program, &request.by);
    let mut costs = Costs::new(program, snapshot, options, request);
    let months = months(snapshot, request)?;
    let found = match months {
        None => None,
        Some(months) => {
            let filter = request.filter(months);
            let currency = costs.currency.clone();
            groups::of_charges(
                program,
                snapshot,
                options,
                (request, filter, currency.as_deref()),
                &allocations,
            )?
        }
    };
    let groups = match found {
        Some(found) => {
            costs.months = months;
            costs.resources = found.resources;
            costs.only_listed =
                snapshot.manifest().charges.as_ref().map_or(0, |charges| amount_units(charges.only_listed));
            costs.converted = found.converted;
            costs.moved = found.moved;
            costs.unknown_amounts = found.unknown;
            costs.billed = (!request.by_usage_date && found.not_billed == 0).then_some(found.billed);
            costs.incomplete_month = incomplete_month(snapshot, months);
            // What months come to is known by their invoices.
            if !request.by_usage_date {
                costs.other_months = other_months(snapshot, months);
            }
            found.groups
        }
        None => {
            let keys: Vec<GroupKey> =
                request.by.iter().filter_map(|dimension| GroupKey::of(*dimension)).collect();
            let groups = groups::of_resources(program, snapshot, options, &keys, &allocations)?;
            costs.resources = groups.iter().map(|group| group.resources).sum();
            groups
        }
    };
    (costs.lines, costs.shared) = spread_shared(program, &request.by, groups, &allocations);
    let filter = months.map(|months| request.filter(months));
    costs.budgets = budgets_of(program, snapshot, options, (filter, costs.currency.as_deref()))?;
    Ok(costs)
}

/// Returns the month of the snapshot if it is one of the months and its charges do not reach its last day.
fn incomplete_month(snapshot: &Snapshot, months: Option<(YearMonth, YearMonth)>) -> Option<YearMonth> {
    let (first, last) = months?;
    let month = snapshot.manifest().month.as_ref().filter(|month| !month.whole)?.month;
    (first <= month && month <= last).then_some(month)
}

/// Completes the goals of an evaluation by what is known of costs: coverages by cost over charges, and budgets.
///
/// # Errors
/// [`RunError::Currency`] for a budget in a currency without a rate, [`RunError::NoRate`] for charges, and as for
/// [`crate::evaluate`].
pub(crate) fn measure_costs(
    program: &Program,
    snapshot: &Snapshot,
    options: &Options,
    goals: &mut [GoalResult],
) -> Result<(), RunError> {
    measure_by_charges(program, snapshot, options, goals)?;
    let manifest = snapshot.manifest();
    let month = manifest.month.as_ref().map(|month| (month.month, month.month));
    let filter = month.map(|months| CostRequest::default().filter(months));
    let budgets = budgets_of(program, snapshot, options, (filter, manifest.currency.as_deref()))?;
    for budget in budgets {
        if let Some(goal) = goals.iter_mut().find(|goal| goal.name == budget.name) {
            let counts = goal.all;
            *goal = budget;
            (goal.all.in_scope, goal.all.covered) = (counts.in_scope, counts.covered);
        }
    }
    Ok(())
}

/// Returns the results of budgets. Without a filter they are about the costs of resources.
fn budgets_of(
    program: &Program,
    snapshot: &Snapshot,
    options: &Options,
    (filter, currency): (Option<ChargeFilter>, Option<&str>),
) -> Result<Vec<GoalResult>, RunError> {
    let charges = snapshot.manifest().charges.iter().flat_map(|charges| &charges.months);
    let is_meant = |month: &YearMonth| {
        filter.is_some_and(|filter| filter.days.0 <= month.first_day() && month.last_day() <= filter.days.1)
    };
    let months: BTreeSet<YearMonth> = charges.map(|total| total.month).filter(is_meant).collect();
    let months: Vec<String> = months.into_iter().map(|month| month.to_string()).collect();
    budgets::of_program(program, snapshot, options, budgets::Scope { filter, months: &months, currency })
}

impl CostRequest {
    /// Returns the charges of some months, from the first to the last.
    fn filter(&self, months: (YearMonth, YearMonth)) -> ChargeFilter {
        let date = if self.by_usage_date { ChargeDate::Usage } else { ChargeDate::Invoice };
        let days = (months.0.first_day(), months.1.last_day());
        ChargeFilter { days, date, amount: self.amount }
    }
}

impl Costs {
    fn new(program: &Program, snapshot: &Snapshot, options: &Options, request: &CostRequest) -> Self {
        let info = SnapshotInfo::from(snapshot);
        Self {
            now: options.now,
            currency: request.currency.clone().or_else(|| info.currency.clone()),
            snapshot: info,
            by: request.by.iter().map(|dimension| program.dimension_name(*dimension)).collect(),
            lines: Vec::new(),
            others: None,
            resources: 0,
            period: request.period,
            amount: request.amount,
            months: None,
            by_usage_date: request.by_usage_date,
            converted: Vec::new(),
            moved: Moved::default(),
            unknown_amounts: 0,
            billed: None,
            incomplete_month: None,
            other_months: Vec::new(),
            only_listed: 0,
            shared: Vec::new(),
            budgets: Vec::new(),
        }
    }
}

/// Makes lines of groups, one period after the other: shared costs of a period are spread by what that period costs. The
/// sources of groups are indexes in `allocations`, those of [`applied`].
pub fn spread_shared(
    program: &Program,
    by: &[Dimension],
    mut groups: Vec<Group>,
    allocations: &[&Allocation],
) -> (Vec<Line>, Vec<Shared>) {
    groups.sort_by(|one, other| one.period.cmp(&other.period));
    let mut all_shared: Vec<Shared> =
        allocations.iter().map(|allocation| Shared::of(program, allocation)).collect();
    let mut all_lines = Vec::new();
    for groups in groups.chunk_by(|one, other| one.period == other.period) {
        let mut spread = Spread { by, groups, lines: BTreeMap::new() };
        spread.add_own();
        for (at, (allocation, shared)) in allocations.iter().zip(&mut all_shared).enumerate() {
            shared.add(&spread.share(program, at, allocation));
        }
        let period = groups.first().and_then(|group| group.period.clone());
        let mut lines: Vec<Line> =
            spread.lines.into_values().map(|line| Line { period: period.clone(), ..line }).collect();
        lines.sort_by(|a, b| b.total().cmp(&a.total()).then_with(|| order(&a.values).cmp(&order(&b.values))));
        all_lines.append(&mut lines);
    }
    (all_lines, all_shared)
}

impl Shared {
    fn of(program: &Program, allocation: &Allocation) -> Self {
        let to = program.tag(allocation.to).name.clone();
        Self { name: allocation.name.clone(), to, matched: false, resources: 0, cost: 0, kept: 0 }
    }

    fn add(&mut self, other: &Self) {
        self.matched |= other.matched;
        self.resources += other.resources;
        self.cost += other.cost;
        self.kept += other.kept;
    }
}

/// Returns the months that are summed up. None: the costs are not of a bill.
fn months(snapshot: &Snapshot, request: &CostRequest) -> Result<Option<(YearMonth, YearMonth)>, RunError> {
    let manifest = snapshot.manifest();
    let Some((charges, month)) = manifest.charges.as_ref().zip(manifest.month.as_ref()) else {
        return Ok(None);
    };
    let known = charges.months.iter().map(|total| total.month);
    let all = known.clone().min().zip(known.clone().max());
    let months = match (request.months, request.period) {
        (Some(months), _) => months,
        (None, Some(_)) => all.unwrap_or((month.month, month.month)),
        (None, None) => (month.month, month.month),
    };
    let is_known = |one: YearMonth| months.0 <= one && one <= months.1;
    // By their use, charges may be of months that have no invoice.
    if !request.by_usage_date && !known.clone().any(is_known) {
        let available: BTreeSet<YearMonth> = known.collect();
        let available = available.into_iter().collect();
        return Err(RunError::Inventory(ImportError::UnknownMonth { month: months.0, available }));
    }
    Ok(Some(months))
}

/// Returns what the months that are not summed up come to.
fn other_months(snapshot: &Snapshot, months: Option<(YearMonth, YearMonth)>) -> Vec<MonthTotal> {
    let charges = snapshot.manifest().charges.iter().flat_map(|charges| &charges.months);
    let is_other = |month: YearMonth| months.is_none_or(|(first, last)| month < first || last < month);
    charges.filter(|total| is_other(total.month)).cloned().collect()
}

/// What is missing comes last.
fn order(values: &[Option<String>]) -> Vec<(bool, &Option<String>)> {
    values.iter().map(|value| (value.is_none(), value)).collect()
}

/// The allocations to a tag that costs are reported by; the others would change nothing.
pub fn applied<'a>(program: &'a Program, by: &[Dimension]) -> Vec<&'a Allocation> {
    let allocations = program.allocations.iter();
    allocations.filter(|allocation| by.contains(&Dimension::Tag(allocation.to))).collect()
}
