//! Charges while bills are read.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::{Amounts, ChargeRow, Texts};
use crate::month::YearMonth;
use crate::pool::{Pool, Symbol};

/// Tags of a charge: the number of a set of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct TagSet(u32);

/// What tells subjects apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct SubjectKey {
    /// Number of the billed resource.
    pub(super) resource: Option<u32>,
    pub(super) texts: Texts<Option<Symbol>>,
    pub(super) billing_account: Option<Symbol>,
    pub(super) category: Option<Symbol>,
    pub(super) tags: TagSet,
    pub(super) kept: TagSet,
}

/// What tells charges of a subject apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct ChargeKey {
    subject: u32,
    month: YearMonth,
    day: i32,
    currency: Option<Symbol>,
    correction: bool,
}

/// A charge to be added; texts are symbols of the pool of the bills.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    /// Number of the billed resource.
    pub(crate) resource: Option<u32>,
    pub(crate) texts: Texts<Option<Symbol>>,
    pub(crate) billing_account: Option<Symbol>,
    pub(crate) category: Option<Symbol>,
    pub(crate) tags: TagSet,
    /// Columns that are kept, with their values.
    pub(crate) kept: TagSet,
    pub(crate) month: YearMonth,
    /// Days since 1970.
    pub(crate) day: i32,
    pub(crate) currency: Option<Symbol>,
    pub(crate) correction: bool,
    pub(crate) amounts: Amounts<i128>,
}

/// All charges so far.
#[derive(Debug)]
pub(crate) struct Ledger {
    pub(super) subjects: Vec<SubjectKey>,
    by_key: FxHashMap<SubjectKey, u32>,
    charges: FxHashMap<ChargeKey, Amounts<i128>>,
    /// The empty set is number 0.
    tag_sets: Vec<Box<[(Symbol, Symbol)]>>,
    by_tags: FxHashMap<Box<[(Symbol, Symbol)]>, TagSet>,
    unions: FxHashMap<(TagSet, TagSet), TagSet>,
    /// Effective costs of parts of resources, which the resources were billed with as a whole.
    split: BTreeMap<Taken, i128>,
}

/// Whose cost a part is taken off, and of which charges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Taken {
    resource: u32,
    month: YearMonth,
    day: i32,
    currency: Option<Symbol>,
}

impl Default for Ledger {
    fn default() -> Self {
        let empty: Box<[(Symbol, Symbol)]> = Box::default();
        Self {
            subjects: Vec::new(),
            by_key: FxHashMap::default(),
            charges: FxHashMap::default(),
            tag_sets: vec![empty.clone()],
            by_tags: std::iter::once((empty, TagSet(0))).collect(),
            unions: FxHashMap::default(),
            split: BTreeMap::new(),
        }
    }
}

impl Ledger {
    /// Returns the set of some tags. Of a key that is there twice the last value counts.
    pub(crate) fn tag_set(&mut self, mut tags: Vec<(Symbol, Symbol)>) -> TagSet {
        // Stable, so that the last of a key stays the last.
        tags.sort_by_key(|(key, _)| *key);
        tags.reverse();
        tags.dedup_by_key(|(key, _)| *key);
        if let Some(known) = self.by_tags.get(tags.as_slice()) {
            return *known;
        }
        let set = TagSet(u32::try_from(self.tag_sets.len()).unwrap_or(u32::MAX));
        let tags = tags.into_boxed_slice();
        self.tag_sets.push(tags.clone());
        self.by_tags.insert(tags, set);
        set
    }

    /// Returns the set of the tags of two sets. Of a key that both have, the value of the second counts.
    pub(crate) fn union(&mut self, (one, other): (TagSet, TagSet)) -> TagSet {
        if let Some(known) = self.unions.get(&(one, other)) {
            return *known;
        }
        let tags = [self.tags(one), self.tags(other)].concat();
        let set = self.tag_set(tags);
        self.unions.insert((one, other), set);
        set
    }

    /// Takes the cost of a part off the charges of the resource that it is a part of: those of the same day. False: the sum would not fit, and nothing is taken off.
    pub(crate) fn take_off(&mut self, resource: u32, part: &Line) -> bool {
        let of = Taken { resource, month: part.month, day: part.day, currency: part.currency };
        let known = self.split.entry(of).or_default();
        let sum = super::sum(*known, -part.amounts.effective);
        *known = sum.unwrap_or(*known);
        sum.is_some()
    }

    /// Returns how many different sets there are.
    pub(crate) fn tag_set_count(&self) -> usize {
        self.tag_sets.len()
    }

    /// Returns the tags of a set; no key twice.
    pub(crate) fn tags(&self, set: TagSet) -> &[(Symbol, Symbol)] {
        self.tag_sets.get(set.0 as usize).map_or(&[], |tags| tags)
    }

    /// Adds a charge. False: its sum would not fit, and it is not added.
    pub(crate) fn add(&mut self, line: &Line) -> bool {
        let Line { resource, texts, billing_account, category, tags, kept, .. } = *line;
        // What a resource is called does not tell its charges apart; the last name counts.
        let texts = if resource.is_some() { Texts { name: None, type_: None, ..texts } } else { texts };
        let key = SubjectKey { resource, texts, billing_account, category, tags, kept };
        let next = u32::try_from(self.subjects.len()).unwrap_or(u32::MAX);
        let subject = *self.by_key.entry(key).or_insert(next);
        if subject == next {
            self.subjects.push(key);
        }
        let Line { month, day, currency, correction, .. } = *line;
        let key = ChargeKey { subject, month, day, currency, correction };
        let Some(known) = self.charges.get_mut(&key) else {
            self.charges.insert(key, line.amounts);
            return true;
        };
        let sum = known.checked_add(line.amounts);
        *known = sum.unwrap_or(*known);
        sum.is_some()
    }

    /// Moves all texts into another pool; `rename` gives the new symbol of one of the old pool.
    pub(crate) fn renamed(self, mut rename: impl FnMut(Symbol) -> Symbol) -> Self {
        let Self { mut subjects, charges, mut tag_sets, split, .. } = self;
        let mut renamed = |symbol: &mut Option<Symbol>| *symbol = symbol.map(&mut rename);
        for SubjectKey { texts, billing_account, category, .. } in &mut subjects {
            let Texts { name, type_, service, provider, account, region } = texts;
            [name, type_, service, provider, account, region, billing_account, category]
                .into_iter()
                .for_each(&mut renamed);
        }
        let charges = charges.into_iter().map(|(mut key, amounts)| {
            renamed(&mut key.currency);
            (key, amounts)
        });
        let charges = charges.collect();
        let split = split.into_iter().map(|(mut of, cost)| {
            renamed(&mut of.currency);
            (of, cost)
        });
        let split = split.collect();
        for (key, value) in tag_sets.iter_mut().flatten() {
            (*key, *value) = (rename(*key), rename(*value));
        }
        Self { subjects, charges, tag_sets, split, ..Self::default() }
    }

    /// Returns the charges in their order; `currency` stands where a bill has none.
    pub(super) fn rows(&mut self, pool: &Pool, currency: Option<Symbol>) -> Vec<ChargeRow> {
        self.settle_split();
        let charges = std::mem::take(&mut self.charges).into_iter();
        let row = |(key, amounts): (ChargeKey, Amounts<i128>)| {
            let ChargeKey { subject, month, day, correction, .. } = key;
            ChargeRow { subject, month, day, currency: key.currency.or(currency), correction, amounts }
        };
        let mut rows: Vec<ChargeRow> = charges.map(row).collect();
        let text = |symbol: Option<Symbol>| symbol.map(|symbol| pool.text(symbol));
        rows.sort_unstable_by(|one, other| {
            let key = |row: &ChargeRow| (row.subject, row.month, row.day, text(row.currency), row.correction);
            key(one).cmp(&key(other))
        });
        rows
    }

    /// Takes what parts cost off the charges of the resources that they are parts of.
    fn settle_split(&mut self) {
        if self.split.is_empty() {
            return;
        }
        let mut charged: FxHashMap<Taken, Vec<ChargeKey>> = FxHashMap::default();
        let subjects = &self.subjects;
        self.charges.keys().for_each(|key| {
            let subject = subjects.get(key.subject as usize);
            let Some(resource) = subject.and_then(|subject| subject.resource) else { return };
            let of = Taken { resource, month: key.month, day: key.day, currency: key.currency };
            if self.split.contains_key(&of) {
                charged.entry(of).or_default().push(*key);
            }
        });
        for (of, mut cost) in std::mem::take(&mut self.split) {
            let mut keys = charged.remove(&of).unwrap_or_default();
            keys.sort_unstable_by_key(|key| (key.subject, key.correction));
            for key in &keys {
                let Some(amounts) = self.charges.get_mut(key) else { continue };
                // No charge becomes less than nothing while another has something left.
                let taken = cost.max(-amounts.effective.max(0));
                amounts.effective += taken;
                cost -= taken;
            }
            if cost == 0 {
                continue;
            }
            let key = keys.first().copied().unwrap_or_else(|| self.charge_of(of));
            let amounts =
                self.charges.entry(key).or_insert_with(|| Amounts { billed: Some(0), ..Amounts::default() });
            amounts.effective = amounts.effective.checked_add(cost).unwrap_or(amounts.effective);
        }
    }

    /// Returns the key of a charge of a resource without tags; of its first subject, where it has one.
    fn charge_of(&mut self, of: Taken) -> ChargeKey {
        let known = self.subjects.iter().position(|key| key.resource == Some(of.resource));
        let at = known.unwrap_or_else(|| {
            self.subjects.push(SubjectKey {
                resource: Some(of.resource),
                texts: Texts::default(),
                billing_account: None,
                category: None,
                tags: TagSet::default(),
                kept: TagSet::default(),
            });
            self.subjects.len() - 1
        });
        let subject = u32::try_from(at).unwrap_or(u32::MAX);
        ChargeKey { subject, month: of.month, day: of.day, currency: of.currency, correction: false }
    }
}
