//! Charges become resources.
//!
//! In: the charges of all FOCUS files of an import, in any order. Out: one draft a resource with
//! its cost in the month that is chosen at the end; 0 where it has no charges in it. Costs are
//! summed exactly. Where charges of one resource disagree about an attribute or a tag, the one
//! whose period starts last is believed, and of equals the later row.

use std::borrow::Cow;

use rust_decimal::Decimal;
use rustc_hash::FxHashMap;

use super::months::{BillMonth, Months};
use crate::error::ImportError;
use crate::format::Format;
use crate::identity::{fold_provider, identify};
use crate::inventory::{Draft, Inventory};
use crate::month::YearMonth;
use crate::pool::{Pool, Symbol};
use crate::read::Sink;
use crate::reject::Flaw;
use crate::tags::parse_cell;
use crate::value::{fits_cost, round_cost, shorten};

/// Number that stands for the bill among the files of an import.
const BILL_FILE: u32 = u32::MAX;

/// One row of a bill.
#[derive(Debug, Default)]
pub(crate) struct Charge<'a> {
    pub(crate) line: u64,
    pub(crate) id: Option<Cow<'a, str>>,
    pub(crate) texts: Texts<Option<Cow<'a, str>>>,
    pub(crate) currency: Option<Cow<'a, str>>,
    /// Microseconds since 1970.
    pub(crate) start: i64,
    /// Not part of the period any more.
    pub(crate) end: Option<i64>,
    pub(crate) cost: Decimal,
    pub(crate) tags: TagCell<'a>,
}

/// Attributes of a resource as a charge gives them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Texts<T> {
    pub(crate) name: T,
    pub(crate) type_: T,
    pub(crate) service: T,
    pub(crate) provider: T,
    pub(crate) account: T,
    pub(crate) region: T,
}

/// The tags of a charge.
#[derive(Debug, Default)]
pub(crate) enum TagCell<'a> {
    #[default]
    None,
    /// The text of a JSON object.
    Json(Cow<'a, str>),
    /// Keys and values of a column that is a map.
    Pairs(Vec<(&'a str, Option<&'a str>)>),
}

/// Costs that belong to no resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unattributed {
    pub(crate) rows: u64,
    pub(crate) cost: Decimal,
}

/// A resource of the bill.
#[derive(Debug, Default)]
struct Entry {
    texts: Texts<Option<Symbol>>,
    latest: i64,
    costs: Vec<(YearMonth, Decimal)>,
    /// Key, value, and the start of the charge that gave it.
    tags: Vec<(Symbol, Symbol, i64)>,
}

/// The tags of one text of the Tags column; bills repeat few texts in many rows.
type ParsedCell = Result<Vec<(Symbol, Symbol)>, String>;

/// All charges so far.
#[derive(Debug, Default)]
pub(crate) struct Bill {
    pool: Pool,
    entries: Vec<(Symbol, Entry)>,
    by_id: FxHashMap<Symbol, usize>,
    cells: FxHashMap<Symbol, ParsedCell>,
    months: Months,
    unattributed_rows: u64,
}

impl Bill {
    /// Adds a charge.
    pub(crate) fn add(&mut self, charge: &Charge<'_>, sink: &mut Sink<'_>) -> Result<(), ImportError> {
        let Some(month) = YearMonth::of_micros(charge.start) else {
            let reason = "its `ChargePeriodStart` is beyond the calendar";
            return sink.reject(Flaw::row(
                charge.line,
                reason,
                charge.id.as_deref().map(shorten).unwrap_or_default(),
            ));
        };
        self.check_currency(charge, sink)?;
        self.months.add_charge(month, charge.start, charge.end);
        let Some(id) = charge.id.as_deref() else {
            self.unattributed_rows += 1;
            if !self.months.add_unattributed(month, charge.cost) {
                self.reject_cost(charge, sink)?;
            }
            return Ok(());
        };
        let tags = self.tags_of(charge, id, sink)?;
        let id = self.pool.intern(id);
        let texts = self.intern(&charge.texts);
        let next = self.entries.len();
        let at = *self.by_id.entry(id).or_insert(next);
        if at == next {
            self.entries.push((id, Entry { latest: i64::MIN, ..Entry::default() }));
        }
        let fits = match self.entries.get_mut(at) {
            Some((_, entry)) => entry.add(charge.start, month, charge.cost, texts, &tags),
            None => true,
        };
        if fits { Ok(()) } else { self.reject_cost(charge, sink) }
    }

    fn check_currency(&self, charge: &Charge<'_>, sink: &mut Sink<'_>) -> Result<(), ImportError> {
        match &charge.currency {
            Some(currency) => sink.set_currency(charge.line, currency),
            None if charge.cost.is_zero() => Ok(()),
            None => {
                let reason = "the charge has no currency; it is taken to be in that of the bill";
                let id = charge.id.as_deref().unwrap_or_default();
                sink.reject(Flaw::value(charge.line, "BillingCurrency", id, reason, String::new()))
            }
        }
    }

    fn reject_cost(&self, charge: &Charge<'_>, sink: &mut Sink<'_>) -> Result<(), ImportError> {
        let reason =
            "the sum of the costs has more than 16 digits before the point; this charge is not counted";
        let id = charge.id.as_deref().unwrap_or_default();
        sink.reject(Flaw::value(charge.line, "EffectiveCost", id, reason, charge.cost.to_string()))
    }

    fn intern(&mut self, texts: &Texts<Option<Cow<'_, str>>>) -> Texts<Option<Symbol>> {
        let mut intern = |text: &Option<Cow<'_, str>>| text.as_deref().map(|text| self.pool.intern(text));
        Texts {
            name: intern(&texts.name),
            type_: intern(&texts.type_),
            service: intern(&texts.service),
            provider: intern(&texts.provider),
            account: intern(&texts.account),
            region: intern(&texts.region),
        }
    }

    /// Returns the tags of a charge; each text is parsed once.
    fn tags_of(
        &mut self,
        charge: &Charge<'_>,
        id: &str,
        sink: &mut Sink<'_>,
    ) -> Result<Vec<(Symbol, Symbol)>, ImportError> {
        let cell = match &charge.tags {
            TagCell::None => return Ok(Vec::new()),
            TagCell::Pairs(pairs) => {
                let valued = pairs.iter().filter_map(|(key, value)| value.map(|value| (*key, value)));
                return Ok(valued
                    .map(|(key, value)| (self.pool.intern(key), self.pool.intern(value)))
                    .collect());
            }
            TagCell::Json(cell) => cell,
        };
        let flaw = |reason: String| Flaw::value(charge.line, "Tags", id, reason, shorten(cell));
        let symbol = self.pool.intern(cell);
        let known = match self.cells.get(&symbol) {
            Some(known) => known,
            None => {
                let parsed = match parse_cell(cell) {
                    Ok(tags) => {
                        for note in tags.notes {
                            sink.reject(flaw(note))?;
                        }
                        Ok(tags
                            .tags
                            .iter()
                            .map(|(key, value)| (self.pool.intern(key), self.pool.intern(value)))
                            .collect())
                    }
                    Err(reason) => Err(reason),
                };
                self.cells.entry(symbol).or_insert(parsed)
            }
        };
        match known {
            Ok(tags) => Ok(tags.clone()),
            Err(reason) => {
                sink.reject(flaw(format!("{reason}; the charge is counted without tags")))?;
                Ok(Vec::new())
            }
        }
    }

    /// Chooses the month and adds the resources to the inventory.
    pub(crate) fn finish(
        self,
        wanted: Option<YearMonth>,
        inventory: &mut Inventory,
    ) -> Result<Option<(BillMonth, Unattributed)>, ImportError> {
        let Some(choice) = self.months.choose(wanted)? else {
            return Ok(None);
        };
        for (id, entry) in &self.entries {
            inventory.push(&draft(&self.pool, *id, entry, choice.month), BILL_FILE);
        }
        let cost = round_cost(self.months.unattributed(choice.month));
        Ok(Some((choice, Unattributed { rows: self.unattributed_rows, cost })))
    }
}

impl Entry {
    /// Adds a charge; false where its cost no longer fits the sum.
    fn add(
        &mut self,
        start: i64,
        month: YearMonth,
        cost: Decimal,
        texts: Texts<Option<Symbol>>,
        tags: &[(Symbol, Symbol)],
    ) -> bool {
        let newer = start >= self.latest;
        self.latest = self.latest.max(start);
        self.texts = self.texts.updated(texts, newer);
        for (key, value) in tags {
            match self.tags.iter_mut().find(|(known, ..)| known == key) {
                None => self.tags.push((*key, *value, start)),
                Some(known) if start >= known.2 => *known = (*key, *value, start),
                Some(_) => {}
            }
        }
        match self.costs.iter_mut().find(|(known, _)| *known == month) {
            None => {
                self.costs.push((month, cost));
                true
            }
            Some((_, sum)) => {
                let added = sum.checked_add(cost).filter(|sum| fits_cost(*sum));
                *sum = added.unwrap_or(*sum);
                added.is_some()
            }
        }
    }
}

impl Texts<Option<Symbol>> {
    /// Lays the attributes of another charge over these, or under them where it is older.
    fn updated(self, other: Self, newer: bool) -> Self {
        let (over, under) = if newer { (other, self) } else { (self, other) };
        Self {
            name: over.name.or(under.name),
            type_: over.type_.or(under.type_),
            service: over.service.or(under.service),
            provider: over.provider.or(under.provider),
            account: over.account.or(under.account),
            region: over.region.or(under.region),
        }
    }
}

/// Returns the resource of an entry. The type is what the id gives away, since that is the
/// provider's own short form, before what the bill calls it.
fn draft<'a>(pool: &'a Pool, id: Symbol, entry: &Entry, month: YearMonth) -> Draft<'a> {
    let text = |symbol: Option<Symbol>| symbol.map(|symbol| Cow::Borrowed(pool.text(symbol)));
    let id = pool.text(id);
    let texts = entry.texts;
    let identity = identify(id);
    let tags: Vec<_> = entry
        .tags
        .iter()
        .map(|(k, v, _)| (Cow::Borrowed(pool.text(*k)), Cow::Borrowed(pool.text(*v))))
        .collect();
    let cost = entry.costs.iter().find(|(known, _)| *known == month).map_or(Decimal::ZERO, |(_, cost)| *cost);
    Draft {
        id: Cow::Borrowed(id),
        name: text(texts.name),
        type_: identity.type_.map(Cow::Owned).or_else(|| text(texts.type_)).or_else(|| text(texts.service)),
        provider: texts.provider.map(|provider| fold_provider(pool.text(provider))),
        account: text(texts.account),
        region: text(texts.region),
        source: Some(Cow::Borrowed(Format::FocusCsv.source())),
        meta: None,
        created: None,
        monthly_cost: Some(round_cost(cost)),
        tags,
    }
}
