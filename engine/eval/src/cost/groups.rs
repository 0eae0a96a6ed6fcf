//! What is spent, in groups of equal values, as the database sums it up.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal as Exact;
use tagpol_inventory::{Snapshot, amount_units};
use tagpol_model::Rate;
use tagpol_plan::Predicate;
use tagpol_plan::sql::charges::{
    ChargeFilter, ChargeKey, Grouping, charge_costs, charged_resources, moved_costs,
};
use tagpol_plan::sql::requests::{self, GroupKey};
use tagpol_sema::program::{Allocation, Pred, Program};

use super::{Converted, CostRequest, Dimension, Moved, SCALE};
use crate::compile::{CHARGES, DIALECT};
use crate::error::{NoRate, RunError};
use crate::options::Options;
use crate::rows::Fields;
use crate::run::Run;
use crate::tables::Tables;

/// The column of the subjects with their number.
pub(super) const SUBJECT: &str = "subject";

/// What is spent with the same values, in the same period, by sources of the same allocation or of none.
#[derive(Debug, Clone, Default)]
pub struct Group {
    /// The period; None without periods.
    pub period: Option<String>,
    /// A value for each dimension; None if it is missing.
    pub values: Vec<Option<String>>,
    /// Index of the allocation that it is a source of. None: of none.
    pub source: Option<usize>,
    /// Its resources.
    pub resources: u64,
    /// What it costs, in units.
    pub cost: i128,
    /// The part of the cost in charges that name no resource.
    pub no_resource: i128,
}

/// Period, values and source of a group.
type GroupedBy = (Option<String>, Vec<Option<String>>, Option<usize>);

/// What charges come to.
#[derive(Debug, Default)]
pub(super) struct ChargeGroups {
    pub(super) groups: Vec<Group>,
    /// Resources that are charged.
    pub(super) resources: u64,
    /// Charges without the amount that was asked for.
    pub(super) unknown: u64,
    pub(super) converted: Vec<Converted>,
    pub(super) moved: Moved,
    /// What the invoices of these months come to.
    pub(super) billed: i128,
    /// Charges of these months of which no billed amount is known.
    pub(super) not_billed: u64,
}

/// Sums up the costs of resources.
pub(super) fn of_resources(
    program: &Program,
    snapshot: &Snapshot,
    options: &Options,
    by: &[GroupKey],
    allocations: &[&Allocation],
) -> Result<Vec<Group>, RunError> {
    let predicates = allocations.iter().map(|allocation| sources(allocation)).collect();
    let request = options.request().for_predicates(predicates);
    let run = Run::start_request(program, snapshot, &mut Tables::default(), options, &request)?;
    let sql = requests::grouped_costs(&run.compiled.plan, DIALECT, by);
    let mut groups = Vec::new();
    // A snapshot of an earlier version has only the sum of charges without a resource.
    groups.extend(snapshot.manifest().counts.unattributed.as_ref().map(|part| {
        let cost = amount_units(part.cost);
        Group { values: vec![None; by.len()], cost, no_resource: cost, ..Group::default() }
    }));
    run.for_each_of("costs", &sql, |row| {
        groups.push(Group {
            values: values(row, by.len()),
            source: row.index("predicate")?.checked_sub(1),
            resources: row.count("resources")?,
            cost: units_of(row, "cost")?,
            ..Group::default()
        });
        Ok(())
    })?;
    Ok(groups)
}

/// Sums up charges. None: the snapshot has none.
///
/// # Errors
/// [`RunError::NoRate`]: charges are in currencies that no rate leads from to the currency of the report.
pub(super) fn of_charges(
    program: &Program,
    snapshot: &Snapshot,
    options: &Options,
    (request, filter, currency): (&CostRequest, ChargeFilter, Option<&str>),
    allocations: &[&Allocation],
) -> Result<Option<ChargeGroups>, RunError> {
    let mut keep = vec![SUBJECT.to_owned()];
    let keys: Vec<ChargeKey> = request.by.iter().map(|dimension| key(*dimension, &mut keep)).collect();
    let predicates = allocations.iter().map(|allocation| sources(allocation)).collect();
    let plan = tagpol_plan::Request { keep, ..options.request().for_predicates(predicates) };
    let Some(run) = Run::start_charges(program, snapshot, options, &plan)? else { return Ok(None) };
    let mut money = Money::new(options, currency);
    let mut found = ChargeGroups::default();
    let mut groups: BTreeMap<GroupedBy, Group> = BTreeMap::new();
    let grouping = Grouping { period: request.period, by_currency: true };
    let sql = charge_costs(&run.compiled.plan, DIALECT, CHARGES, &keys, (filter, grouping));
    run.for_each_of("charges", &sql, |row| {
        let values = values(row, keys.len());
        let (period, code) = (row.text("period"), row.text("currency"));
        let source = row.index("predicate")?.checked_sub(1);
        let (cost, no_resource) = (units_of(row, "cost")?, units_of(row, "no_resource")?);
        found.unknown += row.count("unknown")?;
        let group = groups.entry((period.clone(), values.clone(), source)).or_insert_with(|| Group {
            period,
            values,
            source,
            ..Group::default()
        });
        group.resources += row.count("resources")?;
        let worth =
            money.worth(code.as_deref(), cost).ok_or_else(|| row.unexpected("a cost out of range"))?;
        let part = money.convert(code.as_deref(), no_resource);
        group.cost += worth;
        group.no_resource += part.ok_or_else(|| row.unexpected("a cost out of range"))?;
        Ok(())
    })?;
    if let Some(error) = money.without_rate() {
        return Err(RunError::NoRate(error));
    }
    if money.totals.len() > 1 {
        // A resource may be charged in two currencies.
        let grouping = Grouping { by_currency: false, ..grouping };
        let sql = charge_costs(&run.compiled.plan, DIALECT, CHARGES, &keys, (filter, grouping));
        run.for_each_of("charged resources of values", &sql, |row| {
            let of = (row.text("period"), values(row, keys.len()), row.index("predicate")?.checked_sub(1));
            let resources = row.count("resources")?;
            groups.entry(of).and_modify(|group| group.resources = resources);
            Ok(())
        })?;
    }
    run.for_each_of("costs of other months", &moved_costs(DIALECT, CHARGES, filter), |row| {
        let code = row.text("currency");
        let mut convert = |column| -> Result<i128, RunError> {
            let amount = units_of(row, column)?;
            money.convert(code.as_deref(), amount).ok_or_else(|| row.unexpected("a cost out of range"))
        };
        found.moved.used_elsewhere += convert("used_elsewhere")?;
        found.moved.invoiced_elsewhere += convert("invoiced_elsewhere")?;
        found.moved.not_used += convert("not_used")?;
        found.billed += convert("billed")?;
        found.not_billed += row.count("not_billed")?;
        Ok(())
    })?;
    let sql = charged_resources(&run.compiled.plan, DIALECT, CHARGES, filter);
    run.for_each_of("charged resources", &sql, |row| {
        found.resources = row.count("resources")?;
        Ok(())
    })?;
    found.converted = money.converted();
    found.groups = groups.into_values().collect();
    Ok(Some(found))
}

/// Returns what a dimension is in a query for charges; `keep` gets the column that it needs.
pub(super) fn key(dimension: Dimension, keep: &mut Vec<String>) -> ChargeKey {
    let column = match dimension {
        Dimension::Tag(tag) => return ChargeKey::Subject(GroupKey::Tag(tag)),
        Dimension::Attr(attr) => return ChargeKey::Subject(GroupKey::Attr(attr)),
        Dimension::Charge(attr) => attr.column(),
    };
    keep.push(column.to_owned());
    ChargeKey::Kept(keep.len() - 1)
}

/// Returns the values of the columns that rows are grouped by.
fn values(row: &Fields<'_>, keys: usize) -> Vec<Option<String>> {
    (0..keys).map(|at| row.text(&format!("key_{at}"))).collect()
}

/// The condition of the sources of an allocation. The first allocation that a resource is a source of takes it.
fn sources(allocation: &Allocation) -> Predicate {
    let pred = allocation.from.clone().unwrap_or(Pred::Const(true));
    Predicate { pred, loc: allocation.loc.clone() }
}

/// Amounts of several currencies in one.
pub(super) struct Money<'a> {
    options: &'a Options,
    /// The currency of the report.
    currency: Option<&'a str>,
    rates: BTreeMap<String, Option<Rate>>,
    /// By currency: what was charged in it, and what it is worth.
    totals: BTreeMap<String, (i128, i128)>,
}

impl<'a> Money<'a> {
    pub(super) fn new(options: &'a Options, currency: Option<&'a str>) -> Self {
        Self { options, currency, rates: BTreeMap::new(), totals: BTreeMap::new() }
    }

    /// Returns what an amount is worth, and adds it to what was charged. One without a rate is worth nothing; None
    /// if it is beyond all numbers.
    pub(super) fn worth(&mut self, code: Option<&str>, amount: i128) -> Option<i128> {
        let worth = self.convert(code, amount)?;
        if let Some(code) = code {
            let (own, converted) = self.totals.entry(code.to_owned()).or_default();
            *own = own.checked_add(amount)?;
            *converted = converted.checked_add(worth)?;
        }
        Some(worth)
    }

    /// Adds to what was charged in a currency.
    pub(super) fn add_total(&mut self, code: Option<&str>, amount: i128) {
        if let Some(code) = code {
            let (own, _) = self.totals.entry(code.to_owned()).or_default();
            *own = own.saturating_add(amount);
        }
    }

    pub(super) fn convert(&mut self, code: Option<&str>, amount: i128) -> Option<i128> {
        let Some((code, target)) = code.zip(self.currency).filter(|(code, target)| code != target) else {
            return Some(amount);
        };
        let options = self.options;
        let rate = *self.rates.entry(code.to_owned()).or_insert_with(|| options.rates.between(code, target));
        match rate {
            None => Some(0),
            Some(rate) => {
                let amount = Exact::try_from_i128_with_scale(amount, SCALE.into()).ok()?;
                Some(amount_units(rate.of(amount)?))
            }
        }
    }

    /// Returns the error for currencies that no rate leads from.
    pub(super) fn without_rate(&self) -> Option<NoRate> {
        let target = self.currency?.to_owned();
        let unknown = |code: &String| self.rates.get(code).is_some_and(Option::is_none);
        let any = self.totals.keys().any(unknown);
        let exact = |units: i128| Exact::try_from_i128_with_scale(units, SCALE.into()).unwrap_or_default();
        let totals = self.totals.iter().map(|(code, (own, _))| (code.clone(), exact(*own))).collect();
        let unknown = self.totals.keys().filter(|code| unknown(code));
        let missing: BTreeSet<(String, String)> =
            unknown.map(|code| self.options.rates.missing(code, &target)).collect();
        any.then(|| NoRate { missing: missing.into_iter().collect(), target, totals })
    }

    fn converted(&self) -> Vec<Converted> {
        let others = self.totals.iter().filter(|(code, _)| self.rates.contains_key(*code));
        let converted = others.map(|(code, (amount, worth))| Converted {
            currency: code.clone(),
            amount: *amount,
            worth: *worth,
        });
        converted.collect()
    }
}

/// Returns an amount in units of 10^-18; NULL is nothing.
///
/// # Errors
/// [`RunError::Answer`] for an amount out of range.
pub fn units_of(row: &Fields<'_>, column: &str) -> Result<i128, RunError> {
    let units = match row.money(column) {
        None => Some(0),
        Some(cost) => {
            let up = SCALE.checked_sub(cost.scale).map(|up| 10_i128.pow(up.into()));
            up.and_then(|up| cost.unscaled.checked_mul(up))
        }
    };
    units.ok_or_else(|| row.unexpected("a cost out of range"))
}
