//! What is spent, by the values of tags and attributes, with shared costs spread.

use chrono::NaiveDate;
use tagpol_eval::DIALECT;
use tagpol_eval::cost::{Amount, Dimension, Group, Line, Period, Shared, applied, spread_shared, units_of};
use tagpol_plan::sql::charges::ChargeDate;
use tagpol_plan::sql::serving::{self, ChargeKey, ChargeSums, Subject, ValueColumn};
use tagpol_sema::program::{Attr, ChargeAttr, Program, TagId};
use tagpol_session::Decimal;

use crate::contents::Contents;
use crate::error::DataError;
use crate::filter::Filter;
use crate::generation::{Generation, View};
use crate::query::{self, unknown};

/// The most groups of a report; a finer one is an error.
const MOST_GROUPS: u64 = 100_000;

/// A question about costs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CostQuery {
    /// What they are summed up by, each the name of a tag, `resource.NAME` or `charge.NAME`.
    pub by: Vec<String>,
    /// The resources whose costs count. Its parts about tags in `by` choose lines, after shared costs were spread; with any
    /// other part, shared costs stay where they are, since a part of the targets would get all of them. With a part about anything
    /// but tags and attributes, what is charged for no resource is left out.
    pub filter: Filter,
    /// The periods that are apart. Only of charges.
    pub period: Option<Period>,
    /// The first and the last day. None: all days with periods, else the month of the generation. Only of charges.
    pub days: Option<(NaiveDate, NaiveDate)>,
    /// Whether charges count on the day on which they start, and not in the month of their invoice.
    pub by_usage_date: bool,
    /// The amount of charges.
    pub amount: Amount,
}

/// What is spent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CostReport {
    /// A part for each currency; more than one only if charges are in several.
    pub parts: Vec<CostPart>,
    /// Charges without the amount that was asked for; they count as nothing.
    pub unknown_amounts: u64,
}

/// What is spent in a currency.
#[derive(Debug, Clone, PartialEq)]
pub struct CostPart {
    /// The currency; None if the inventory does not say.
    pub currency: Option<String>,
    /// The lines: by period, then the most expensive first. Amounts are in units of 10^-18.
    pub lines: Vec<Line>,
    /// The allocations that were applied.
    pub shared: Vec<Shared>,
}

impl CostPart {
    /// Returns the sum of all lines.
    pub fn total(&self) -> i128 {
        self.lines.iter().map(Line::total).sum()
    }
}

/// A name in [`CostQuery::by`].
struct Key {
    dimension: Dimension,
    column: ChargeKey,
}

impl Generation {
    /// Returns what is spent. The program is the one that the generation was built with; it says how shared costs are spread.
    ///
    /// # Errors
    /// [`DataError::UnknownName`], [`DataError::NoCharges`], [`DataError::OtherPolicies`], [`DataError::TooManyGroups`]; as
    /// [`Generation::page`] for the filter.
    pub fn costs(&self, query: &CostQuery, program: &Program) -> Result<CostReport, DataError> {
        let contents = self.contents();
        let is_same = program.tags.iter().map(|tag| &tag.name).eq(contents.tags.iter().map(|tag| &tag.name))
            && program.allocations.iter().map(|one| &one.name).eq(&contents.allocations);
        if !is_same {
            return Err(DataError::OtherPolicies { generation: contents.id.clone() });
        }
        let keys = query.by.iter().map(|name| key(contents, name)).collect::<Result<Vec<_>, _>>()?;
        let asks_for_charges = query.period.is_some()
            || query.days.is_some()
            || query.by_usage_date
            || query.amount != Amount::default()
            || keys.iter().any(|key| matches!(key.column, ChargeKey::Subject(_)));
        if asks_for_charges && !contents.has_charges {
            return Err(DataError::NoCharges);
        }
        let by: Vec<Dimension> = keys.iter().map(|key| key.dimension).collect();
        let (chosen, filter) = of_lines(query);
        let query = &CostQuery { filter, ..query.clone() };
        let is_whole = query.filter == Filter::default();
        let allocations = if is_whole { applied(program, &by) } else { Vec::new() };
        let numbers = |name: &str| contents.allocations.iter().position(|one| one == name);
        let applied: Vec<usize> = allocations.iter().filter_map(|one| numbers(&one.name)).collect();
        let (groups, unknown_amounts) = self.ask(|view| match contents.has_charges {
            true => of_charges(view, query, &keys, &applied),
            false => Ok((of_resources(view, query, &keys, &applied)?, 0)),
        })?;
        let mut parts: Vec<(Option<String>, Vec<Group>)> = Vec::new();
        for (currency, group) in groups {
            match parts.iter_mut().find(|(of, _)| *of == currency) {
                Some((_, groups)) => groups.push(group),
                None => parts.push((currency, vec![group])),
            }
        }
        let part = |(currency, groups)| {
            let (mut lines, shared) = spread_shared(program, &by, groups, &allocations);
            lines.retain(|line| {
                chosen
                    .iter()
                    .all(|(at, wanted)| line.values.get(*at).is_some_and(|value| wanted.contains(value)))
            });
            CostPart { currency, lines, shared }
        };
        Ok(CostReport { parts: parts.into_iter().map(part).collect(), unknown_amounts })
    }
}

/// By key of lines: the values that are wanted; None is a missing value.
type Chosen = Vec<(usize, Vec<Option<String>>)>;

/// The values that are wanted of some keys of lines, and the rest of the filter.
fn of_lines(query: &CostQuery) -> (Chosen, Filter) {
    let (mut chosen, mut filter) = (Chosen::new(), query.filter.clone());
    filter.tags.retain(|(tag, wanted)| match query.by.iter().position(|name| name == tag) {
        Some(at) => {
            chosen.push((at, wanted.clone()));
            false
        }
        None => true,
    });
    (chosen, filter)
}

/// What a name stands for.
fn key(contents: &Contents, name: &str) -> Result<Key, DataError> {
    if let Some(attribute) = name.strip_prefix("resource.") {
        let found = query::attribute(attribute)?;
        let attr = Attr::ALL.into_iter().find(|attr| attr.as_str() == attribute);
        let dimension = attr.map(Dimension::Attr).ok_or_else(|| unknown("attribute", attribute, []))?;
        return Ok(Key { dimension, column: ChargeKey::Value(ValueColumn::Attribute(found)) });
    }
    if let Some(attribute) = name.strip_prefix("charge.") {
        let names = ChargeAttr::ALL.map(ChargeAttr::as_str);
        let found = ChargeAttr::ALL.into_iter().find(|attr| attr.as_str() == attribute);
        let attr = found.ok_or_else(|| unknown("attribute of charges", attribute, names))?;
        let subject = match attr {
            ChargeAttr::Service => Subject::Service,
            ChargeAttr::Category => Subject::Category,
            ChargeAttr::BillingAccount => Subject::BillingAccount,
        };
        return Ok(Key { dimension: Dimension::Charge(attr), column: ChargeKey::Subject(subject) });
    }
    let at = query::tag(contents, name)?;
    let id = TagId(u32::try_from(at).unwrap_or(u32::MAX));
    Ok(Key { dimension: Dimension::Tag(id), column: ChargeKey::Value(ValueColumn::Tag(at)) })
}

/// Groups of costs with their currency.
type Groups = Vec<(Option<String>, Group)>;

fn of_resources(
    view: &View<'_>,
    query: &CostQuery,
    keys: &[Key],
    applied: &[usize],
) -> Result<Groups, DataError> {
    let filter = view.filter(&query.filter)?;
    let columns = keys.iter().filter_map(|key| match &key.column {
        ChargeKey::Value(column) => Some(column.clone()),
        ChargeKey::Subject(_) => None,
    });
    let columns: Vec<ValueColumn> = columns.collect();
    let sql = serving::sums(&filter, view.what(), &columns, applied, MOST_GROUPS + 1, DIALECT);
    let currency = view.contents.currency.clone();
    let mut groups = view.all("costs", &sql, |row| {
        let values = (0..keys.len()).map(|at| row.text(&format!("key_{at}"))).collect();
        let source = row.index("shared")?.checked_sub(1);
        let (resources, cost) = (row.count("resources")?, units_of(row, "cost")?);
        Ok((currency.clone(), Group { values, source, resources, cost, ..Group::default() }))
    })?;
    check_groups(groups.len())?;
    // What belongs to no resource is a cost of all of them.
    if query.filter == Filter::default()
        && let Some(cost) = view.contents.unattributed.as_deref().and_then(units)
    {
        let values = vec![None; keys.len()];
        groups.push((currency, Group { values, cost, no_resource: cost, ..Group::default() }));
    }
    Ok(groups)
}

fn units(text: &str) -> Option<i128> {
    let Decimal { unscaled, scale } = Decimal::parse(text)?;
    unscaled.checked_mul(10_i128.checked_pow(u32::from(tagpol_eval::cost::SCALE.checked_sub(scale)?))?)
}

fn check_groups(count: usize) -> Result<(), DataError> {
    match u64::try_from(count).is_ok_and(|count| count > MOST_GROUPS) {
        true => Err(DataError::TooManyGroups { most: MOST_GROUPS }),
        false => Ok(()),
    }
}

fn of_charges(
    view: &View<'_>,
    query: &CostQuery,
    keys: &[Key],
    applied: &[usize],
) -> Result<(Groups, u64), DataError> {
    let of_subjects = Filter {
        tags: query.filter.tags.clone(),
        attributes: query.filter.attributes.clone(),
        ..Filter::default()
    };
    let rest = Filter { tags: Vec::new(), attributes: Vec::new(), ..query.filter.clone() };
    let subjects = view.filter(&of_subjects)?;
    let rest = if rest == Filter::default() { None } else { Some(view.filter(&rest)?) };
    let columns: Vec<ChargeKey> = keys.iter().map(|key| key.column.clone()).collect();
    let sums = ChargeSums {
        days: query.days.or_else(|| if query.period.is_some() { None } else { month(view.contents) }),
        date: if query.by_usage_date { ChargeDate::Usage } else { ChargeDate::Invoice },
        amount: query.amount,
        period: query.period,
    };
    let sql =
        serving::charge_sums(&columns, (&subjects, rest.as_ref()), view.what(), &sums, applied, DIALECT);
    let found = view.all("charges", &sql, |row| {
        let values = (0..keys.len()).map(|at| row.text(&format!("key_{at}"))).collect();
        let (period, currency) = (row.text("period"), row.text("currency"));
        let source = row.index("shared")?.checked_sub(1);
        let resources = row.count("resources")?;
        let (cost, no_resource) = (units_of(row, "cost")?, units_of(row, "no_resource")?);
        let group = Group { period, values, source, resources, cost, no_resource };
        Ok(((currency, group), row.count("unknown")?))
    })?;
    check_groups(found.len())?;
    let unknown = found.iter().map(|(_, unknown)| unknown).sum();
    Ok((found.into_iter().map(|(group, _)| group).collect(), unknown))
}

/// The days of the month of a generation.
fn month(contents: &Contents) -> Option<(NaiveDate, NaiveDate)> {
    let month: tagpol_inventory::YearMonth = contents.month.as_ref()?.parse().ok()?;
    Some((month.first_day(), month.last_day()))
}
