//! Charges become resources, and stay charges.
//!
//! In: the charges of all bills of an import, in any order. Out: one draft a resource with
//! its cost in the month that is chosen at the end, 0 where it has no charges in it; and a [`Ledger`] of all
//! charges. Costs are summed exactly. Where charges of one resource disagree about an attribute or a tag, the
//! resource has that of the charge whose period starts last, and of equals the later row; the charges keep
//! their own.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use rust_decimal::Decimal;
use rustc_hash::FxHashMap;
use tagpol_model::{Rate, Rates};

use super::charge::{Charge, TagCell, TagKeys};
use super::months::{BillMonth, Months};
use crate::charges::{Ledger, Line, TagSet, Texts, json_of};
use crate::error::ImportError;
use crate::format::Format;
use crate::identity::{fold_account, fold_provider, identify, join_key, with_lost_zeros};
use crate::inventory::{Draft, Inventory, folded_key};
use crate::month::YearMonth;
use crate::pool::{Pool, Symbol};
use crate::reject::Flaw;
use crate::sink::Sink;
use crate::small_map::SmallMap;
use crate::tags::{parse_cell, parse_start};
use crate::value::{fits_cost, round_cost, shorten};

/// Costs that belong to no resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unattributed {
    pub(crate) rows: u64,
    pub(crate) cost: Decimal,
}

/// What bills come to.
#[derive(Debug)]
pub(crate) struct Billed {
    /// The month of the costs of resources.
    pub(crate) month: BillMonth,
    pub(crate) unattributed: Unattributed,
    /// The currency of these costs.
    pub(crate) currency: Option<String>,
    /// Currencies that could not be converted into it: the costs of resources leave them out.
    pub(crate) unconverted: BTreeSet<String>,
    /// All charges; texts are symbols of the pool of the inventory.
    pub(crate) ledger: Ledger,
    /// The ids of the resources that are charged, by their numbers in the ledger.
    pub(crate) ids: Vec<Symbol>,
}

/// What currencies are worth, and which one costs are wanted in. None: that of the first charge.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Conversion<'a> {
    pub(crate) rates: &'a Rates,
    pub(crate) wanted: Option<&'a str>,
}

/// Length of a day, in microseconds.
const DAY: i64 = 86_400 * 1_000_000;

/// A resource of the bill.
#[derive(Debug, Default)]
struct Entry {
    texts: Texts<Option<Symbol>>,
    latest: i64,
    /// The format of the bill that charges it last.
    format: Option<Format>,
    costs: SmallMap<(YearMonth, Option<Symbol>), MonthCost>,
    /// By key: the value, and the start of the charge that gave it.
    tags: SmallMap<Symbol, (Symbol, i64)>,
    /// Columns that are kept, of the latest charge.
    kept: TagSet,
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

/// What a charge and its credits have in common.
#[derive(Clone, Copy)]
struct Of {
    resource: Option<u32>,
    month: YearMonth,
    currency: Option<Symbol>,
    texts: Texts<Option<Symbol>>,
    tags: TagSet,
    /// Columns that are kept, with their values.
    kept: TagSet,
}

/// The tags of one text of the Tags column; bills repeat few texts in many rows.
type ParsedCell = Result<TagSet, String>;

/// All charges so far.
#[derive(Debug, Default)]
pub(crate) struct Bill {
    pool: Pool,
    entries: Vec<(Symbol, Entry)>,
    by_id: FxHashMap<Symbol, usize>,
    cells: FxHashMap<(Symbol, TagKeys), ParsedCell>,
    months: Months,
    /// By provider and account as written.
    accounts: FxHashMap<(Symbol, Symbol), Symbol>,
    ledger: Ledger,
    /// Currencies, in the order in which they were met.
    currencies: Vec<Symbol>,
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
    /// Whether there is any charge.
    pub(crate) fn is_something(self) -> bool {
        self.rows > 0
    }

    fn add(&mut self, charge: &Charge<'_>) {
        // Hashes of a faster kind add up to the same where two costs are swapped.
        let mut hasher = DefaultHasher::new();
        (&charge.id, charge.start, charge.cost()).hash(&mut hasher);
        self.rows += 1;
        self.hashes = self.hashes.wrapping_add(hasher.finish());
    }
}

impl Bill {
    /// Returns what was charged since this was asked last.
    pub(crate) fn take_charged(&mut self) -> Charged {
        std::mem::take(&mut self.charged)
    }

    /// Adds a charge of a bill of this format, and its credits.
    pub(crate) fn add(
        &mut self,
        charge: Charge<'_>,
        format: Format,
        sink: &mut Sink<'_>,
    ) -> Result<(), ImportError> {
        let Some(month) = charge.month() else {
            let shown = charge.id.as_deref().map(shorten).unwrap_or_default();
            return sink.reject(Flaw::row(charge.line, "its start is outside the calendar", shown));
        };
        let currency = self.currency(&charge, sink)?;
        self.months.add_charge(month, charge.start, charge.end);
        let known_sets = self.ledger.tag_set_count();
        let tags = self.tags_of(&charge, &charge.tags, sink)?;
        if self.ledger.tag_set_count() > known_sets {
            self.note_spellings(tags, charge.line, sink)?;
        }
        let mut texts = self.intern(&charge.texts);
        texts.account = self.account(texts);
        if let Some(account) = account_with_zeros(&charge, sink) {
            texts.account = Some(self.pool.intern(&account));
        }
        let resource = charge.id.as_deref().map(|id| self.entry(id));
        self.unattributed_rows += u64::from(resource.is_none());
        let kept = charge.kept.iter().map(|(name, value)| (self.pool.intern(name), self.pool.intern(value)));
        let kept = kept.collect();
        let kept = self.ledger.tag_set(kept);
        let of = Of { resource, month, currency, texts, tags, kept };
        self.count(&charge, of, format, sink)?;
        match charge.into_credit() {
            Some(credit) => self.count(&credit, of, format, sink),
            None => Ok(()),
        }
    }

    /// Counts a charge in its resource and in the ledger.
    fn count(
        &mut self,
        charge: &Charge<'_>,
        of: Of,
        format: Format,
        sink: &mut Sink<'_>,
    ) -> Result<(), ImportError> {
        let Of { resource, month, currency, texts, tags, kept } = of;
        self.charged.add(charge);
        match (resource, charge.id.as_deref()) {
            (Some(at), Some(id)) => {
                let tags = self.ledger.tags(tags);
                let Some((_, entry)) = self.entries.get_mut(at as usize) else { return Ok(()) };
                entry.kept = if charge.start >= entry.latest { kept } else { entry.kept };
                match entry.add(charge, (month, currency, format), texts, tags) {
                    Added::Counted => {}
                    Added::TooLarge => return reject_cost(charge, sink),
                    Added::Twice(before) => {
                        return Err(ImportError::BilledTwice {
                            path: sink.path().to_owned(),
                            line: charge.line,
                            id: shorten(id),
                            month,
                            formats: (before, format),
                        });
                    }
                }
            }
            _ => {
                if !self.months.add_unattributed(month, currency, charge.cost()) {
                    return reject_cost(charge, sink);
                }
            }
        }
        let line = self.line(charge, of);
        if !self.ledger.add(&line) {
            return reject_cost(charge, sink);
        }
        match charge.split_from.as_deref() {
            Some(parent) => self.split_from(parent, charge, &line, format, sink),
            None => Ok(()),
        }
    }

    /// Takes the cost of a part of a resource off the resource, which is billed as a whole.
    fn split_from(
        &mut self,
        parent: &str,
        charge: &Charge<'_>,
        part: &Line,
        format: Format,
        sink: &mut Sink<'_>,
    ) -> Result<(), ImportError> {
        let parent = self.entry(parent);
        let Some((_, entry)) = self.entries.get_mut(parent as usize) else { return Ok(()) };
        let cost = -charge.cost();
        entry.format = entry.format.or(Some(format));
        match entry.add_cost((part.month, part.currency), cost, format) {
            Added::Counted if self.ledger.take_off(parent, part) => Ok(()),
            _ => reject_cost(charge, sink),
        }
    }

    /// Returns a charge as the ledger has it.
    fn line(&mut self, charge: &Charge<'_>, of: Of) -> Line {
        let Of { resource, month, currency, texts, tags, kept } = of;
        let mut symbol = |text: &Option<Cow<'_, str>>| text.as_deref().map(|text| self.pool.intern(text));
        let day = charge.start.div_euclid(DAY);
        Line {
            resource,
            texts,
            billing_account: symbol(&charge.billing_account),
            category: symbol(&charge.category),
            tags,
            kept,
            month,
            day: i32::try_from(day).unwrap_or(if day < 0 { i32::MIN } else { i32::MAX }),
            currency,
            correction: charge.correction,
            amounts: charge.amounts.in_units(),
        }
    }

    /// Returns the number of the entry of a resource, new or old.
    fn entry(&mut self, id: &str) -> u32 {
        let symbol = self.pool.intern(id);
        let key = match join_key(id) {
            Cow::Borrowed(_) => symbol,
            Cow::Owned(key) => self.pool.intern(&key),
        };
        let at = *self.by_id.entry(key).or_insert(self.entries.len());
        if at == self.entries.len() {
            self.entries.push((symbol, Entry { latest: i64::MIN, ..Entry::default() }));
        }
        u32::try_from(at).unwrap_or(u32::MAX)
    }

    fn currency(&mut self, charge: &Charge<'_>, sink: &mut Sink<'_>) -> Result<Option<Symbol>, ImportError> {
        let Some(currency) = &charge.currency else {
            if !charge.cost().is_zero() && !sink.has_requested_currency() {
                let reason = "the charge has no currency; it is taken to be in that of the bill";
                let id = charge.id.as_deref().unwrap_or_default();
                sink.reject(Flaw::value(charge.line, "currency", id, reason, String::new()))?;
            }
            return Ok(None);
        };
        // Some write `usd`.
        let symbol = match currency.bytes().any(|byte| byte.is_ascii_lowercase()) {
            true => self.pool.intern(&currency.to_ascii_uppercase()),
            false => self.pool.intern(currency),
        };
        if !self.currencies.contains(&symbol) {
            self.currencies.push(symbol);
        }
        Ok(Some(symbol))
    }

    /// Returns the account as inventories have it.
    fn account(&mut self, texts: Texts<Option<Symbol>>) -> Option<Symbol> {
        let (Some(provider), Some(account)) = (texts.provider, texts.account) else { return texts.account };
        if let Some(known) = self.accounts.get(&(provider, account)) {
            return Some(*known);
        }
        let written = self.pool.text(account);
        let folded = match fold_account(&fold_provider(self.pool.text(provider)), written) {
            Cow::Borrowed(same) if same == written => account,
            folded => {
                let folded = folded.into_owned();
                self.pool.intern(&folded)
            }
        };
        self.accounts.insert((provider, account), folded);
        Some(folded)
    }

    /// Shows tags whose keys are two spellings of one key, with different values.
    fn note_spellings(&self, tags: TagSet, line: u64, sink: &mut Sink<'_>) -> Result<(), ImportError> {
        let mut known: FxHashMap<String, (Symbol, Symbol)> = FxHashMap::default();
        for (key, value) in self.ledger.tags(tags) {
            let other = known.entry(folded_key(self.pool.text(*key))).or_insert((*key, *value));
            if other.1 == *value {
                continue;
            }
            let mut shown = [*other, (*key, *value)]
                .map(|(key, value)| [key, value].map(|text| shorten(self.pool.text(text))));
            shown.sort();
            let [[one, its], [two, others]] = shown;
            let reason = format!(
                "tags such as `{one}` = `{its}` and `{two}` = `{others}` of one charge are two spellings of one key"
            );
            return sink.reject(Flaw { line, ..Flaw::note("Tags", &reason) });
        }
        Ok(())
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
        cell: &TagCell<'_>,
        sink: &mut Sink<'_>,
    ) -> Result<TagSet, ImportError> {
        let (cell, keys) = match cell {
            TagCell::None => return Ok(TagSet::default()),
            TagCell::Pairs(pairs) => {
                let symbols =
                    pairs.iter().map(|(key, value)| (self.pool.intern(key), self.pool.intern(value)));
                let symbols = symbols.collect();
                return Ok(self.ledger.tag_set(symbols));
            }
            TagCell::Both(cells) => {
                let [one, other] = cells.as_ref();
                let sets = (self.tags_of(charge, one, sink)?, self.tags_of(charge, other, sink)?);
                return Ok(self.ledger.union(sets));
            }
            TagCell::Json(cell, keys) => (cell, *keys),
        };
        let id = charge.id.as_deref().unwrap_or_default();
        let flaw = |reason: String| Flaw::value(charge.line, "Tags", id, reason, shorten(cell));
        let symbol = self.pool.intern(cell);
        if !self.cells.contains_key(&(symbol, keys)) {
            let parsed = self.parse(cell, keys, |note| sink.reject(flaw(note)))?;
            self.cells.insert((symbol, keys), parsed);
        }
        match self.cells.get(&(symbol, keys)) {
            None => Ok(TagSet::default()),
            Some(Ok(tags)) => Ok(*tags),
            Some(Err(reason)) => {
                sink.reject(flaw(format!("{reason}; the charge is counted without tags")))?;
                Ok(TagSet::default())
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
        let tags = match parse_cell(cell).or_else(|reason| parse_start(cell).ok_or(reason)) {
            Ok(tags) => tags,
            Err(reason) => return Ok(Err(reason)),
        };
        for reason in tags.notes {
            note(reason)?;
        }
        let named = tags.tags.iter().map(|(key, value)| (keys.apply(key), value));
        let symbols = named.map(|(key, value)| (self.pool.intern(&key), self.pool.intern(value))).collect();
        Ok(Ok(self.ledger.tag_set(symbols)))
    }

    /// Chooses the month and adds the resources to the inventory, in their order and before all others.
    pub(crate) fn finish(
        self,
        wanted: Option<YearMonth>,
        conversion: Conversion<'_>,
        inventory: &mut Inventory,
    ) -> Result<Option<Billed>, ImportError> {
        let Some(month) = self.months.choose(wanted)? else {
            return Ok(None);
        };
        // What is not needed any more makes room for the inventory.
        let Self { pool, entries, by_id, cells, currencies, months, ledger, unattributed_rows, .. } = self;
        drop((by_id, cells));
        let first = currencies.first().map(|code| pool.text(*code));
        let target = conversion.wanted.or(first).map(str::to_owned);
        let mut converter = Converter::new(&pool, conversion.rates, target.as_deref());
        let unattributed = converter.sum_of_known(months.unattributed(month.month));
        let cost = round_cost(unattributed.map_or(Decimal::ZERO, |(sum, _)| sum));
        for (id, entry) in &entries {
            let cost = converter.sum(entry.costs(month.month));
            let kept = json_of(&pool, ledger.tags(entry.kept));
            inventory.push_billed(&Draft { meta: kept.map(Cow::Owned), ..draft(&pool, *id, entry, cost) });
        }
        let unconverted = converter.unconverted;
        let ids = entries.iter().map(|(id, _)| inventory.pool.intern(pool.text(*id))).collect();
        let mut symbols: Vec<Option<Symbol>> = vec![None; pool.len()];
        let ledger = ledger.renamed(|symbol| {
            let known = symbols.get_mut(symbol.index());
            match known {
                Some(known) => *known.get_or_insert_with(|| inventory.pool.intern(pool.text(symbol))),
                None => symbol,
            }
        });
        let unattributed = Unattributed { rows: unattributed_rows, cost };
        Ok(Some(Billed { month, unattributed, currency: target, unconverted, ledger, ids }))
    }
}

/// Returns the account of a charge of AWS that has lost the zeros at its start, which a note says once for each file.
fn account_with_zeros(charge: &Charge<'_>, sink: &mut Sink<'_>) -> Option<String> {
    let account = charge.texts.account.as_deref()?;
    let padded = with_lost_zeros(account)?;
    if fold_provider(charge.texts.provider.as_deref()?) != "aws" {
        return None;
    }
    let shown = shorten(account);
    sink.remark_once(
        "account",
        &format!("accounts such as `{shown}` lost their zeros at the start and are read as `{padded}`"),
    );
    Some(padded)
}

fn reject_cost(charge: &Charge<'_>, sink: &mut Sink<'_>) -> Result<(), ImportError> {
    let reason = "the sum of the costs has more than 16 digits before the point; this charge is not counted";
    let id = charge.id.as_deref().unwrap_or_default();
    sink.reject(Flaw::value(charge.line, "cost", id, reason, charge.cost().to_string()))
}

/// Sums up costs in one currency.
struct Converter<'a> {
    pool: &'a Pool,
    rates: &'a Rates,
    target: Option<&'a str>,
    known: FxHashMap<Symbol, Option<Rate>>,
    unconverted: BTreeSet<String>,
}

impl<'a> Converter<'a> {
    fn new(pool: &'a Pool, rates: &'a Rates, target: Option<&'a str>) -> Self {
        Self { pool, rates, target, known: FxHashMap::default(), unconverted: BTreeSet::new() }
    }

    /// Returns the sum of costs; None where one cannot be converted, or it is too large.
    fn sum(&mut self, costs: impl IntoIterator<Item = (Option<Symbol>, Decimal)>) -> Option<Decimal> {
        let (sum, is_whole) = self.sum_of_known(costs)?;
        is_whole.then_some(sum)
    }

    /// Returns the sum of the costs that can be converted, and whether these are all; None where it is too large.
    fn sum_of_known(
        &mut self,
        costs: impl IntoIterator<Item = (Option<Symbol>, Decimal)>,
    ) -> Option<(Decimal, bool)> {
        let (mut sum, mut is_whole) = (Decimal::ZERO, true);
        for (currency, cost) in costs {
            let worth = match currency {
                Some(code) if Some(self.pool.text(code)) != self.target => match self.rate(code) {
                    Some(rate) => rate.of(cost)?,
                    None => {
                        is_whole = false;
                        continue;
                    }
                },
                _ => cost,
            };
            sum = sum.checked_add(worth).filter(|sum| fits_cost(*sum))?;
        }
        Some((sum, is_whole))
    }

    fn rate(&mut self, code: Symbol) -> Option<Rate> {
        let Self { pool, rates, target, known, unconverted } = self;
        *known.entry(code).or_insert_with(|| {
            let code = pool.text(code);
            let rate = target.and_then(|target| rates.between(code, target));
            if rate.is_none() {
                unconverted.insert(code.to_owned());
            }
            rate
        })
    }
}

impl Entry {
    /// Adds a charge of a month, from a bill of a format.
    fn add(
        &mut self,
        charge: &Charge<'_>,
        (month, currency, format): (YearMonth, Option<Symbol>, Format),
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
        self.add_cost((month, currency), charge.cost(), format)
    }

    fn add_cost(&mut self, of: (YearMonth, Option<Symbol>), cost: Decimal, format: Format) -> Added {
        let Some(known) = self.costs.get_mut(of) else {
            // Nearly all resources have one, and there may be millions of resources.
            self.costs.reserve_first(1);
            self.costs.push(of, MonthCost { cost, format });
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

    /// Returns the costs of a month by their currencies.
    fn costs(&self, month: YearMonth) -> impl Iterator<Item = (Option<Symbol>, Decimal)> {
        let of_month = self.costs.iter().filter(move |((known, _), _)| *known == month);
        of_month.map(|((_, currency), known)| (*currency, known.cost))
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
fn draft<'a>(pool: &'a Pool, id: Symbol, entry: &Entry, cost: Option<Decimal>) -> Draft<'a> {
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
        monthly_cost: cost.map(round_cost),
        tags,
        ..Draft::default()
    }
}
