//! Charges become resources.
//!
//! In: the charges of all bills of an import, in any order. Out: one draft a resource with
//! its cost in the month that is chosen at the end; 0 where it has no charges in it. Costs are
//! summed exactly. Where charges of one resource disagree about an attribute or a tag, the one
//! whose period starts last is believed, and of equals the later row.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use rust_decimal::Decimal;
use rustc_hash::FxHashMap;

use super::months::{BillMonth, Months};
use crate::error::ImportError;
use crate::format::Format;
use crate::identity::{fold_provider, identify, join_key};
use crate::inventory::{Draft, Inventory};
use crate::month::YearMonth;
use crate::pool::{Pool, Symbol};
use crate::read::Sink;
use crate::reject::Flaw;
use crate::small_map::SmallMap;
use crate::tags::parse_cell;
use crate::value::{fits_cost, round_cost, shorten};

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
    /// The text of a JSON object, and how its keys are written.
    Json(Cow<'a, str>, TagKeys),
    /// Keys and values, the keys as the owner of the resource wrote them.
    Pairs(Vec<(Cow<'a, str>, Cow<'a, str>)>),
}

/// How a bill writes the keys of tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum TagKeys {
    /// As the owner of the resource wrote them.
    AsWritten,
    /// With the prefixes of an AWS cost and usage report.
    AwsCur,
}

impl TagKeys {
    /// Returns the key as the owner wrote it; none where it is not a key of a resource's tag.
    pub(crate) fn apply(self, key: &str) -> Option<Cow<'_, str>> {
        match self {
            Self::AsWritten => Some(Cow::Borrowed(key)),
            Self::AwsCur => crate::read::aws_cur::tag_key(key),
        }
    }
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
    /// The format of the bill that charges it last.
    format: Option<Format>,
    costs: SmallMap<YearMonth, MonthCost>,
    /// By key: the value, and the start of the charge that gave it.
    tags: SmallMap<Symbol, (Symbol, i64)>,
}

/// What a resource costs in a month.
#[derive(Debug)]
struct MonthCost {
    cost: Decimal,
    format: Format,
}

/// Whether a charge was added to its resource, and the reason if it was not.
enum Added {
    Counted,
    /// The sum would no longer fit.
    TooLarge,
    /// A bill of another format has charges of the resource in this month.
    Twice(Format),
}

/// The tags of one text of the Tags column; bills repeat few texts in many rows.
type ParsedCell = Result<Vec<(Symbol, Symbol)>, String>;

/// All charges so far.
#[derive(Debug, Default)]
pub(crate) struct Bill {
    pool: Pool,
    entries: Vec<(Symbol, Entry)>,
    by_id: FxHashMap<Symbol, usize>,
    cells: FxHashMap<(Symbol, TagKeys), ParsedCell>,
    months: Months,
    unattributed_rows: u64,
    /// What the file at hand charges.
    charged: Charged,
}

/// What a file charges, whatever the order of its rows: their number, and the sum of their hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Charged {
    rows: u64,
    hashes: u64,
}

impl Charged {
    fn add(&mut self, charge: &Charge<'_>) {
        // Hashes of a faster kind add up to the same where two costs are swapped.
        let mut hasher = DefaultHasher::new();
        (&charge.id, charge.start, charge.cost).hash(&mut hasher);
        self.rows += 1;
        self.hashes = self.hashes.wrapping_add(hasher.finish());
    }
}

impl Bill {
    /// Returns what was charged since this was asked last.
    pub(crate) fn take_charged(&mut self) -> Charged {
        std::mem::take(&mut self.charged)
    }

    /// Adds a charge of a bill of this format.
    pub(crate) fn add(
        &mut self,
        charge: &Charge<'_>,
        format: Format,
        sink: &mut Sink<'_>,
    ) -> Result<(), ImportError> {
        let Some(month) = YearMonth::of_micros(charge.start) else {
            let shown = charge.id.as_deref().map(shorten).unwrap_or_default();
            return sink.reject(Flaw::row(charge.line, "its start is outside the calendar", shown));
        };
        self.check_currency(charge, sink)?;
        self.charged.add(charge);
        self.months.add_charge(month, charge.start, charge.end);
        let Some(id) = charge.id.as_deref() else {
            self.unattributed_rows += 1;
            if !self.months.add_unattributed(month, charge.cost) {
                self.reject_cost(charge, sink)?;
            }
            return Ok(());
        };
        let tags = self.tags_of(charge, id, sink)?;
        let texts = self.intern(&charge.texts);
        match self.entry(id).add(charge, (month, format), texts, &tags) {
            Added::Counted => Ok(()),
            Added::TooLarge => self.reject_cost(charge, sink),
            Added::Twice(before) => Err(ImportError::BilledTwice {
                path: sink.path().to_owned(),
                line: charge.line,
                id: shorten(id),
                month,
                formats: (before, format),
            }),
        }
    }

    /// Returns the entry of a resource, new or old.
    fn entry(&mut self, id: &str) -> &mut Entry {
        let symbol = self.pool.intern(id);
        let key = match join_key(id) {
            Cow::Borrowed(_) => symbol,
            Cow::Owned(key) => self.pool.intern(&key),
        };
        let at = *self.by_id.entry(key).or_insert(self.entries.len());
        if at == self.entries.len() {
            self.entries.push((symbol, Entry { latest: i64::MIN, ..Entry::default() }));
        }
        #[expect(clippy::indexing_slicing, reason = "an entry's place is noted when it is pushed")]
        &mut self.entries[at].1
    }

    fn check_currency(&self, charge: &Charge<'_>, sink: &mut Sink<'_>) -> Result<(), ImportError> {
        match &charge.currency {
            Some(currency) => sink.set_currency(charge.line, currency),
            None if charge.cost.is_zero() => Ok(()),
            None => {
                let reason = "the charge has no currency; it is taken to be in that of the bill";
                let id = charge.id.as_deref().unwrap_or_default();
                sink.reject(Flaw::value(charge.line, "currency", id, reason, String::new()))
            }
        }
    }

    fn reject_cost(&self, charge: &Charge<'_>, sink: &mut Sink<'_>) -> Result<(), ImportError> {
        let reason =
            "the sum of the costs has more than 16 digits before the point; this charge is not counted";
        let id = charge.id.as_deref().unwrap_or_default();
        sink.reject(Flaw::value(charge.line, "cost", id, reason, charge.cost.to_string()))
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
        let (cell, keys) = match &charge.tags {
            TagCell::None => return Ok(Vec::new()),
            TagCell::Pairs(pairs) => {
                let symbols =
                    pairs.iter().map(|(key, value)| (self.pool.intern(key), self.pool.intern(value)));
                return Ok(symbols.collect());
            }
            TagCell::Json(cell, keys) => (cell, *keys),
        };
        let flaw = |reason: String| Flaw::value(charge.line, "Tags", id, reason, shorten(cell));
        let symbol = self.pool.intern(cell);
        if !self.cells.contains_key(&(symbol, keys)) {
            let parsed = self.parse(cell, keys, |note| sink.reject(flaw(note)))?;
            self.cells.insert((symbol, keys), parsed);
        }
        let Some(known) = self.cells.get(&(symbol, keys)) else { return Ok(Vec::new()) };
        match known {
            Ok(tags) => Ok(tags.clone()),
            Err(reason) => {
                sink.reject(flaw(format!("{reason}; the charge is counted without tags")))?;
                Ok(Vec::new())
            }
        }
    }

    /// Reads the tags of a cell; `note` receives what had to be omitted.
    fn parse(
        &mut self,
        cell: &str,
        keys: TagKeys,
        mut note: impl FnMut(String) -> Result<(), ImportError>,
    ) -> Result<ParsedCell, ImportError> {
        let tags = match parse_cell(cell) {
            Ok(tags) => tags,
            Err(reason) => return Ok(Err(reason)),
        };
        for reason in tags.notes {
            note(reason)?;
        }
        let named = tags.tags.iter().filter_map(|(key, value)| Some((keys.apply(key)?, value)));
        Ok(Ok(named.map(|(key, value)| (self.pool.intern(&key), self.pool.intern(value))).collect()))
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
        let cost = round_cost(self.months.unattributed(choice.month));
        let unattributed = Unattributed { rows: self.unattributed_rows, cost };
        // What is not needed any more makes room for the inventory.
        let Self { pool, entries, by_id, cells, .. } = self;
        drop((by_id, cells));
        for (id, entry) in entries {
            inventory.push_billed(&draft(&pool, id, &entry, choice.month));
        }
        Ok(Some((choice, unattributed)))
    }
}

impl Entry {
    /// Adds a charge of a month, from a bill of a format.
    fn add(
        &mut self,
        charge: &Charge<'_>,
        (month, format): (YearMonth, Format),
        texts: Texts<Option<Symbol>>,
        tags: &[(Symbol, Symbol)],
    ) -> Added {
        let start = charge.start;
        let newer = start >= self.latest;
        self.latest = self.latest.max(start);
        self.format = if newer { Some(format) } else { self.format };
        self.texts = self.texts.updated(texts, newer);
        self.tags.reserve_first(tags.len());
        for (key, value) in tags {
            match self.tags.get_mut(*key) {
                None => self.tags.push(*key, (*value, start)),
                Some(known) if start >= known.1 => *known = (*value, start),
                Some(_) => {}
            }
        }
        self.add_cost(month, charge.cost, format)
    }

    fn add_cost(&mut self, month: YearMonth, cost: Decimal, format: Format) -> Added {
        let Some(known) = self.costs.get_mut(month) else {
            // Nearly all resources have one, and there may be millions of resources.
            self.costs.reserve_first(1);
            self.costs.push(month, MonthCost { cost, format });
            return Added::Counted;
        };
        if known.format.source() != format.source() {
            return Added::Twice(known.format);
        }
        match known.cost.checked_add(cost).filter(|sum| fits_cost(*sum)) {
            None => Added::TooLarge,
            Some(sum) => {
                known.cost = sum;
                Added::Counted
            }
        }
    }

    fn cost(&self, month: YearMonth) -> Decimal {
        let of_month = self.costs.iter().find(|(known, _)| *known == month);
        of_month.map_or(Decimal::ZERO, |(_, known)| known.cost)
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
        .map(|(k, (v, _))| (Cow::Borrowed(pool.text(*k)), Cow::Borrowed(pool.text(*v))))
        .collect();
    Draft {
        id: Cow::Borrowed(id),
        name: text(texts.name),
        type_: identity.type_.map(Cow::Owned).or_else(|| text(texts.type_)).or_else(|| text(texts.service)),
        provider: texts.provider.map(|provider| fold_provider(pool.text(provider))),
        account: text(texts.account),
        region: text(texts.region),
        source: entry.format.map(|format| Cow::Borrowed(format.source())),
        meta: None,
        created: None,
        monthly_cost: Some(round_cost(entry.cost(month))),
        tags,
    }
}
