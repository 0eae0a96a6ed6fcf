//! All resources of an import, interned and merged by id.
//!
//! In: drafts in the order in which they are read. Out: rows sorted by id, each id once, the tags
//! of each sorted by key; and how often each native key occurs. Promises that the order of tags in
//! a source changes nothing, and that of two values for one thing the later one stands.

mod join;
mod row_tags;

use std::borrow::Cow;

use chrono::DateTime;
use rust_decimal::Decimal;
use rustc_hash::FxHashMap;
use tagpol_model::SourceCoverage;
use unicode_normalization::{UnicodeNormalization, is_nfc};

use crate::format::Format;
use crate::identity::{Identity, identify, join_key, last_part};
use crate::listed::Listings;
use crate::pool::{Pool, Symbol};
use crate::resource::{Resource, UnknownTags};
use crate::value::shorten;

pub use join::Matches;
use join::{Sides, merge};
pub(crate) use row_tags::folded_key;
use row_tags::{Lookup, TagMap, sort_tags};

/// Number that stands for the bills among the files of an import.
const BILL: u32 = u32::MAX;

/// A resource as a reader hands it over; texts point into the reader's buffer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Draft<'a> {
    pub(crate) id: Cow<'a, str>,
    pub(crate) name: Option<Cow<'a, str>>,
    pub(crate) type_: Option<Cow<'a, str>>,
    pub(crate) provider: Option<Cow<'a, str>>,
    pub(crate) account: Option<Cow<'a, str>>,
    pub(crate) region: Option<Cow<'a, str>>,
    pub(crate) source: Option<Cow<'a, str>>,
    pub(crate) meta: Option<Cow<'a, str>>,
    /// Microseconds since 1970.
    pub(crate) created: Option<i64>,
    pub(crate) monthly_cost: Option<Decimal>,
    /// No key twice.
    pub(crate) tags: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// Which tags are not known yet. None: all are known.
    pub(crate) unknown: Option<Box<UnknownTags>>,
}

impl Draft<'_> {
    /// Returns it with texts of its own.
    pub(crate) fn into_owned(self) -> Draft<'static> {
        let own = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        Draft {
            id: own(self.id),
            name: self.name.map(own),
            type_: self.type_.map(own),
            provider: self.provider.map(own),
            account: self.account.map(own),
            region: self.region.map(own),
            source: self.source.map(own),
            meta: self.meta.map(own),
            created: self.created,
            monthly_cost: self.monthly_cost,
            tags: self.tags.into_iter().map(|(key, value)| (own(key), own(value))).collect(),
            unknown: self.unknown,
        }
    }
}

impl<'a> From<&'a Resource> for Draft<'a> {
    fn from(resource: &'a Resource) -> Self {
        let text = |text: &'a Option<String>| text.as_deref().map(Cow::Borrowed);
        Self {
            id: Cow::Borrowed(&resource.id),
            name: text(&resource.name),
            type_: text(&resource.type_),
            provider: text(&resource.provider),
            account: text(&resource.account),
            region: text(&resource.region),
            source: text(&resource.source),
            meta: text(&resource.meta),
            created: resource.created.map(|created| created.timestamp_micros()),
            monthly_cost: resource.monthly_cost,
            tags: resource.tags.iter().map(|(k, v)| (Cow::from(k.as_str()), Cow::from(v.as_str()))).collect(),
            unknown: (!resource.unknown.is_empty()).then(|| Box::new(resource.unknown.clone())),
        }
    }
}

/// A resource in an [`Inventory`]: texts are symbols of its pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) id: Symbol,
    pub(crate) name: Option<Symbol>,
    pub(crate) type_: Option<Symbol>,
    pub(crate) provider: Option<Symbol>,
    pub(crate) account: Option<Symbol>,
    pub(crate) region: Option<Symbol>,
    pub(crate) source: Option<Symbol>,
    pub(crate) meta: Option<Symbol>,
    pub(crate) created: Option<i64>,
    pub(crate) monthly_cost: Option<Decimal>,
    /// Sorted by the bytes of the keys.
    pub(crate) tags: Box<[(Symbol, Symbol)]>,
    /// The tags that files other than bills gave it. None: it was not merged from both, so that [`Row::tags`]
    /// are of one kind.
    listed_tags: Option<Box<[(Symbol, Symbol)]>>,
    /// Which tags are not known yet. None: all are known, as of nearly all resources.
    pub(crate) unknown: Option<Box<UnknownTags>>,
    /// Number of the file that gave it last.
    file: u32,
    sides: Sides,
    /// Whether a file other than a bill listed it with its tags: all that it has, or that it has none.
    pub(crate) has_listed_tags: bool,
    /// Whether its being given twice was already told.
    duplicate_reported: bool,
}

/// What [`Inventory::push`] made of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pushed {
    /// A resource that was not there before.
    New,
    /// Merged into the one of the same id, with nothing to tell, or not for the first time.
    Merged,
    /// Merged into the one of the same id, which said something else. Told once a resource.
    Differs(String),
}

/// A set of resources.
#[derive(Debug, Default)]
pub(crate) struct Inventory {
    pub(crate) pool: Pool,
    pub(crate) rows: Vec<Row>,
    by_id: FxHashMap<Symbol, u32>,
    /// The tags of rows that were merged and have many: they go back into the rows in the end, so that each
    /// row of a file costs what is in it, however many had the same id before.
    many: FxHashMap<u32, TagMap>,
    /// Of rows that bills and other files gave: the tags of the other files.
    listed: FxHashMap<u32, TagMap>,
    /// Ids under which rows were merged into rows with another id.
    aliases: FxHashMap<Symbol, Symbol>,
    merged: u64,
}

impl Inventory {
    /// Adds a resource that was read from the file of this number.
    ///
    /// One id twice in one file is reported where the two differ at all. From two files (a bill and an
    /// API) only contradictions are reported, since each may know things that the other does not.
    pub(crate) fn push(&mut self, draft: &Draft<'_>, file: u32) -> Pushed {
        let row = Row::new(draft, file, &mut self.pool);
        self.insert(row)
    }

    /// Adds a resource whose texts are in the pool, as [`Inventory::push`] does.
    pub(crate) fn insert(&mut self, row: Row) -> Pushed {
        let key = match join_key(self.pool.text(row.id)) {
            Cow::Borrowed(_) => row.id,
            Cow::Owned(key) => self.pool.intern(&key),
        };
        let next = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        let at = *self.by_id.entry(key).or_insert(next);
        let Some(old) = self.rows.get_mut(at as usize) else {
            self.rows.push(row);
            return Pushed::New;
        };
        self.merged += 1;
        if row_tags::are_many(&old.tags, &row.tags) {
            let tags = std::mem::take(&mut old.tags);
            self.many.entry(at).or_insert_with(|| tags.into_iter().collect());
        }
        if old.sides.billed && row.sides.listed {
            self.listed.entry(at).or_default().extend(row.tags.iter().copied());
        }
        let many = self.many.get_mut(&at);
        let lookup = many.as_deref().map_or(Lookup::of(&old.tags), Lookup::Map);
        let difference =
            if old.duplicate_reported { None } else { difference(&self.pool, old, lookup, &row) };
        merge(&mut self.pool, (old, many), row);
        match difference {
            None => Pushed::Merged,
            Some(text) => {
                old.duplicate_reported = true;
                Pushed::Differs(text)
            }
        }
    }

    /// Adds a resource of the bills.
    pub(crate) fn push_billed(&mut self, draft: &Draft<'_>) {
        self.push(draft, BILL);
    }

    /// Returns the number of resources.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns how many drafts were merged into resources that were there before.
    pub(crate) fn merged(&self) -> u64 {
        self.merged
    }

    /// Fills in what no file said: what the id gives away, a name, and the format of the file that
    /// a resource came from last as its source.
    ///
    /// Done when all files are merged, so that a guess never beats what a file says.
    ///
    /// Returns how many resources are listed without their tags, and the id of the first of them.
    pub(crate) fn complete(
        &mut self,
        formats: &FxHashMap<u32, Format>,
        coverage: &[SourceCoverage],
    ) -> Option<(u64, String)> {
        self.settle_tags();
        self.join_bare_ids();
        self.fill_in(formats);
        self.fold_places();
        self.mark_unlisted_tags(coverage)
    }

    /// Puts the tags of rows that have many back into these.
    fn settle_tags(&mut self) {
        let many = std::mem::take(&mut self.many).into_iter();
        many.for_each(|(at, tags)| {
            if let Some(row) = self.rows.get_mut(at as usize) {
                row.tags = row_tags::sorted(&self.pool, tags);
            }
        });
        let listed = std::mem::take(&mut self.listed).into_iter();
        listed.for_each(|(at, tags)| {
            if let Some(row) = self.rows.get_mut(at as usize) {
                row.listed_tags = Some(row_tags::sorted(&self.pool, tags));
            }
        });
    }

    /// Makes the tags of resources unknown that are listed, but never with their tags, and of those that only a bill has,
    /// although their type was not listed whole.
    fn mark_unlisted_tags(&mut self, coverage: &[SourceCoverage]) -> Option<(u64, String)> {
        let mut unlisted: Option<(u64, String)> = None;
        let listings = Listings::new(coverage, &self.rows);
        let has_unlisted_tags = |pool: &Pool, row: &Row| match row.sides.listed {
            true => !row.has_listed_tags,
            false => listings.may_have_tags(pool, row),
        };
        for row in &mut self.rows {
            if !has_unlisted_tags(&self.pool, row) {
                continue;
            }
            row.unknown.get_or_insert_default().others = true;
            let first = || (0, self.pool.text(row.id).to_owned());
            unlisted.get_or_insert_with(first).0 += 1;
        }
        unlisted
    }

    fn fill_in(&mut self, formats: &FxHashMap<u32, Format>) {
        let Self { pool, rows, .. } = self;
        let [name_tag, lower_name_tag, empty] = ["Name", "name", ""].map(|text| pool.intern(text));
        for row in rows {
            if row.source.is_none() {
                row.source = formats.get(&row.file).map(|format| pool.intern(format.source()));
            }
            let unknown = [row.type_, row.provider, row.account, row.region].contains(&None);
            if !unknown && row.name.is_some() {
                continue;
            }
            let id = pool.text(row.id).to_owned();
            let identity = if unknown { identify(&id) } else { Identity::default() };
            let mut fill = |field: &mut Option<Symbol>, text: Option<&str>| {
                *field = field.or_else(|| text.map(|text| pool.intern(text)));
            };
            fill(&mut row.type_, identity.type_.as_deref());
            fill(&mut row.provider, identity.provider);
            fill(&mut row.account, identity.account);
            fill(&mut row.region, identity.region);
            let tags = Lookup::of(&row.tags);
            let named = tags.get(name_tag).or_else(|| tags.get(lower_name_tag));
            row.name = row.name.or(named.filter(|name| *name != empty));
            fill(&mut row.name, last_part(&id));
        }
    }

    /// Sorts the resources by the bytes of their ids.
    ///
    /// To be called when the last one was pushed.
    pub(crate) fn sort(&mut self) {
        self.settle_tags();
        let ids = self.rows.iter().map(|row| row.id);
        let mut order = self.pool.sorted(ids);
        // Each place takes the row that belongs there, and that one's place the next, until the circle ends.
        for start in 0..order.len() {
            let mut at = start;
            while let Some(from) = order.get_mut(at).map(|from| std::mem::replace(from, at))
                && from != start
            {
                self.rows.swap(at, from);
                at = from;
            }
        }
        self.by_id.clear();
    }

    /// Returns the rows, in the order of [`Inventory::sort`] if that was called last.
    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Returns where the resources with some ids stand; an id may be another spelling of that of its resource.
    pub(crate) fn places(&mut self, ids: &[Symbol]) -> Vec<Option<u32>> {
        let Self { pool, rows, aliases, .. } = self;
        let mut key = |id: Symbol| match join_key(pool.text(id)) {
            Cow::Borrowed(_) => id,
            Cow::Owned(key) => pool.intern(&key),
        };
        let places: FxHashMap<Symbol, u32> = rows.iter().map(|row| key(row.id)).zip(0..).collect();
        let place = |id: &Symbol| {
            let id = aliases.get(id).unwrap_or(id);
            places.get(&key(*id)).copied()
        };
        ids.iter().map(place).collect()
    }

    /// Returns a row with its texts spelled out.
    pub(crate) fn resource(&self, row: &Row) -> Resource {
        let own = |symbol: Symbol| self.pool.text(symbol).to_owned();
        Resource {
            id: own(row.id),
            name: row.name.map(own),
            type_: row.type_.map(own),
            provider: row.provider.map(own),
            account: row.account.map(own),
            region: row.region.map(own),
            created: row.created.and_then(DateTime::from_timestamp_micros),
            monthly_cost: row.monthly_cost,
            source: row.source.map(own),
            meta: row.meta.map(own),
            tags: row.tags.iter().map(|(k, v)| (own(*k), own(*v))).collect(),
            unknown: row.unknown.as_deref().cloned().unwrap_or_default(),
        }
    }

    /// Returns each native key with the number of resources that have it, sorted by key bytes.
    pub(crate) fn key_counts(&self) -> Vec<(Symbol, u64)> {
        let mut counts = vec![0_u64; self.pool.len()];
        for (key, _) in self.rows.iter().flat_map(|row| &row.tags) {
            if let Some(count) = counts.get_mut(key.index()) {
                *count += 1;
            }
        }
        let mut counts: Vec<_> = self.pool.symbols().zip(counts).filter(|(_, count)| *count > 0).collect();
        counts.sort_unstable_by(|a, b| self.pool.text(a.0).cmp(self.pool.text(b.0)));
        counts
    }
}

impl Row {
    /// Makes a row of a draft from the file of this number; its texts go into the pool. All but the id and
    /// the tags are composed (NFC), as the texts of policies are that they are compared with.
    pub(crate) fn new(draft: &Draft<'_>, file: u32, pool: &mut Pool) -> Self {
        let mut tags: Box<[(Symbol, Symbol)]> =
            draft.tags.iter().map(|(k, v)| (pool.intern(k), pool.intern(v))).collect();
        sort_tags(pool, &mut tags);
        let mut text = |text: &Option<Cow<'_, str>>| {
            text.as_deref().map(|text| match is_nfc(text) {
                true => pool.intern(text),
                false => pool.intern(&text.nfc().collect::<String>()),
            })
        };
        Self {
            name: text(&draft.name),
            type_: text(&draft.type_),
            provider: text(&draft.provider),
            account: text(&draft.account),
            region: text(&draft.region),
            source: text(&draft.source),
            meta: text(&draft.meta),
            id: pool.intern(&draft.id),
            created: draft.created,
            monthly_cost: draft.monthly_cost,
            tags,
            listed_tags: None,
            unknown: draft.unknown.clone(),
            file,
            sides: Sides { billed: file == BILL, listed: file != BILL },
            has_listed_tags: file != BILL,
            duplicate_reported: false,
        }
    }

    /// Makes a row of charges that name no resource; its id means nothing.
    pub(crate) fn of_charges(id: Symbol, tags: Box<[(Symbol, Symbol)]>) -> Self {
        Self {
            id,
            name: None,
            type_: None,
            provider: None,
            account: None,
            region: None,
            source: None,
            meta: None,
            created: None,
            monthly_cost: None,
            tags,
            listed_tags: None,
            unknown: None,
            file: BILL,
            sides: Sides { billed: true, listed: false },
            has_listed_tags: false,
            duplicate_reported: false,
        }
    }

    /// Returns the tags that an inventory gave it.
    pub(crate) fn listed_tags(&self) -> &[(Symbol, Symbol)] {
        match &self.listed_tags {
            Some(listed) => listed,
            None if self.sides.billed => &[],
            None => &self.tags,
        }
    }

    /// Returns it with other tags; its own, which may be thousands, are not copied.
    pub(crate) fn with_tags(&self, tags: Box<[(Symbol, Symbol)]>) -> Self {
        Self {
            tags,
            listed_tags: None,
            unknown: None,
            id: self.id,
            name: self.name,
            type_: self.type_,
            provider: self.provider,
            account: self.account,
            region: self.region,
            source: self.source,
            meta: self.meta,
            created: self.created,
            monthly_cost: self.monthly_cost,
            file: self.file,
            sides: self.sides,
            has_listed_tags: self.has_listed_tags,
            duplicate_reported: false,
        }
    }

    /// Puts the symbols of another pool in the place of its own: `names` has them in the order of these.
    pub(crate) fn rename(&mut self, names: &[Symbol]) {
        let rename = |symbol: &mut Symbol| *symbol = names.get(symbol.index()).copied().unwrap_or(*symbol);
        let Self { id, name, type_, provider, account, region, source, meta, tags, .. } = self;
        rename(id);
        [name, type_, provider, account, region, source, meta].into_iter().flatten().for_each(rename);
        for (key, value) in tags {
            rename(key);
            rename(value);
        }
    }
}

/// Returns what a reader should know of a later row of the same id; None if there is nothing.
fn difference(pool: &Pool, old: &Row, old_tags: Lookup<'_>, new: &Row) -> Option<String> {
    let adds_up =
        old.file == new.file && !old.sides.billed && old.monthly_cost.is_some() && new.monthly_cost.is_some();
    match contradiction(pool, old, old_tags, new) {
        Some(reason) if adds_up => Some(format!("{reason}; its costs are added up")),
        None if adds_up => Some("the id occurs several times with a cost; its costs are added up".to_owned()),
        reason => reason,
    }
}

/// Returns in which respect a later row of the same id differs.
fn contradiction(pool: &Pool, old: &Row, old_tags: Lookup<'_>, new: &Row) -> Option<String> {
    for (key, value) in &new.tags {
        if let Some(before) = old_tags.get(*key)
            && before != *value
        {
            let [key, before, value] = [*key, before, *value].map(|symbol| shorten(pool.text(symbol)));
            return Some(format!(
                "the id occurs with tag `{key}` = `{before}` and with `{value}`; the later value is kept"
            ));
        }
    }
    if let (true, Some(billed), Some(cost)) = (old.sides.billed, old.monthly_cost, new.monthly_cost)
        && old.file != new.file
        && billed != cost
    {
        return Some(format!(
            "the resource costs {cost} here and {billed} in the bill; the bill's cost is kept"
        ));
    }
    if old.file != new.file {
        return None;
    }
    if old_tags.len() != new.tags.len() || new.tags.iter().any(|(key, _)| old_tags.get(*key).is_none()) {
        return Some("the id occurs twice with different tags; the resource has the tags of both".to_owned());
    }
    let texts = [
        ("name", old.name, new.name),
        ("type", old.type_, new.type_),
        ("provider", old.provider, new.provider),
        ("account", old.account, new.account),
        ("region", old.region, new.region),
    ];
    let contradicted =
        texts.into_iter().find(|(_, old, new)| old.zip(*new).is_some_and(|(old, new)| old != new));
    let (field, ..) = contradicted?;
    Some(format!("the id occurs twice with a different `{field}`; the later one is kept"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft<'a>(id: &'a str, tags: &[(&'a str, &'a str)]) -> Draft<'a> {
        let tags = tags.iter().map(|(k, v)| (Cow::Borrowed(*k), Cow::Borrowed(*v))).collect();
        Draft { id: id.into(), tags, ..Draft::default() }
    }

    fn tags(inventory: &mut Inventory, id: &str) -> Vec<(String, String)> {
        inventory.sort();
        inventory.rows().iter().map(|row| inventory.resource(row)).find(|r| r.id == id).unwrap().tags
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn the_later_value_of_a_key_applies_and_is_reported_once() {
        let mut inventory = Inventory::default();
        assert_eq!(inventory.push(&draft("i-1", &[("env", "dev"), ("team", "a")]), 0), Pushed::New);
        assert!(
            matches!(inventory.push(&draft("i-1", &[("env", "prod")]), 0), Pushed::Differs(text) if text.contains("`env`"))
        );
        assert_eq!(inventory.push(&draft("i-1", &[("env", "test")]), 0), Pushed::Merged);
        assert_eq!(tags(&mut inventory, "i-1"), pairs(&[("env", "test"), ("team", "a")]));
        assert_eq!((inventory.len(), inventory.merged()), (1, 2));
    }

    #[test]
    fn two_files_may_know_different_things() {
        let mut inventory = Inventory::default();
        inventory.push(&draft("i-1", &[("env", "dev")]), 0);
        assert_eq!(inventory.push(&draft("i-1", &[("team", "a")]), 1), Pushed::Merged);
        assert!(matches!(inventory.push(&draft("i-1", &[("team", "b")]), 2), Pushed::Differs(_)));
        assert_eq!(tags(&mut inventory, "i-1"), pairs(&[("env", "dev"), ("team", "b")]));
    }

    #[test]
    fn spellings_and_spaces_of_keys_are_kept() {
        let mut inventory = Inventory::default();
        let given = [("Env", "1"), ("env", "2"), (" env", "3"), ("env\u{a0}", "4")];
        inventory.push(&draft("i-1", &given), 0);
        assert_eq!(
            tags(&mut inventory, "i-1"),
            pairs(&[(" env", "3"), ("Env", "1"), ("env", "2"), ("env\u{a0}", "4")])
        );
        assert_eq!(inventory.key_counts().len(), 4);
    }
}
