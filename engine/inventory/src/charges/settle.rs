//! Subjects get what the inventory knows of their resources.

use std::borrow::Cow;

use rust_decimal::Decimal;
use rustc_hash::{FxHashMap, FxHashSet};

use super::ledger::SubjectKey;
use super::{Charges, Ledger, Subject, TagSet, json_of, laid_over};
use crate::identity::{fold_provider, fold_region};
use crate::inventory::{Inventory, Row, folded_key};
use crate::pool::{Pool, Symbol};

/// Tags of a listed resource up to which its charges have them too. No cloud lets a resource have so many, and a
/// resource may have a million charges.
const LENT: usize = 128;

impl Ledger {
    /// Makes the charges of an inventory that is complete and sorted.
    ///
    /// A subject has the attributes of its resource in the inventory. Its tags are those it was billed with,
    /// and for keys it was billed without, those that a listing of the resource has. `ids` has the id of each
    /// billed resource, by its number; `currency` is that of charges whose bill has none.
    pub(crate) fn settle(
        mut self,
        ids: &[Symbol],
        inventory: &mut Inventory,
        currency: Option<&str>,
    ) -> Charges {
        let places = inventory.places(ids);
        let id_of = |key: &SubjectKey| key.resource.and_then(|at| ids.get(at as usize)).copied();
        let currency = currency.map(|code| inventory.pool.intern(code));
        let rows = self.rows(&inventory.pool, currency);
        let mut folded = Folded::default();
        let Inventory { pool, rows: resources, .. } = &mut *inventory;
        let nothing = pool.intern("");
        let subjects = self.subjects.iter().map(|key| {
            let place = key.resource.and_then(|at| places.get(at as usize).copied().flatten());
            let known = place.and_then(|at| resources.get(at as usize));
            let billed = self.tags(key.tags);
            let id = id_of(key);
            let has_id = id.is_some();
            let mut row = match known {
                Some(row) => {
                    let lent = row.listed_tags();
                    row.with_tags(folded.tags(pool, lent.get(..LENT).unwrap_or(lent), billed))
                }
                None => Row::of_charges(id.unwrap_or(nothing), folded.tags(pool, &[], billed)),
            };
            folded.fill(pool, &mut row, key);
            row.meta = folded.meta(pool, row.meta, (key.kept, self.tags(key.kept)));
            let SubjectKey { texts, billing_account, category, .. } = *key;
            Subject { row, has_id, billing_account, service: texts.service, category }
        });
        let subjects = subjects.collect();
        // What only a list says that a resource costs is on no invoice.
        let listed = inventory.rows().iter().filter(|row| row.is_inventory_only());
        let only_listed = listed
            .filter_map(|row| row.monthly_cost)
            .fold(Decimal::ZERO, |sum, cost| sum.checked_add(cost).unwrap_or(sum));
        Charges { subjects, rows, only_listed }
    }
}

/// Names of providers and regions in the form in which inventories have them, and keys without their spelling.
#[derive(Default)]
struct Folded {
    keys: FxHashMap<Symbol, Symbol>,
    providers: FxHashMap<Symbol, Symbol>,
    regions: FxHashMap<(Symbol, Symbol), Symbol>,
    metas: FxHashMap<(Option<Symbol>, TagSet), Option<Symbol>>,
}

impl Folded {
    /// Returns tags that were billed, and of other keys those that are lent.
    fn tags(
        &mut self,
        pool: &mut Pool,
        lent: &[(Symbol, Symbol)],
        billed: &[(Symbol, Symbol)],
    ) -> Box<[(Symbol, Symbol)]> {
        let mut tags = Vec::with_capacity(lent.len() + billed.len());
        if !lent.is_empty() {
            let taken: FxHashSet<Symbol> = billed.iter().map(|(key, _)| self.key(pool, *key)).collect();
            tags.extend(lent.iter().filter(|(key, _)| !taken.contains(&self.key(pool, *key))));
        }
        tags.extend(billed);
        // Those that are lent are in order already, which makes a stable sort quick.
        tags.sort_by(|(one, _), (other, _)| pool.text(*one).cmp(pool.text(*other)));
        tags.into_boxed_slice()
    }

    /// Returns metadata with the columns that are kept of a charge.
    fn meta(
        &mut self,
        pool: &mut Pool,
        known: Option<Symbol>,
        (set, kept): (TagSet, &[(Symbol, Symbol)]),
    ) -> Option<Symbol> {
        if kept.is_empty() {
            return known;
        }
        *self.metas.entry((known, set)).or_insert_with(|| {
            let kept = json_of(pool, kept)?;
            let meta = known.map_or(kept.clone(), |known| laid_over(pool.text(known), &kept));
            Some(pool.intern(&meta))
        })
    }

    fn key(&mut self, pool: &mut Pool, key: Symbol) -> Symbol {
        *self.keys.entry(key).or_insert_with(|| {
            let folded = folded_key(pool.text(key));
            pool.intern(&folded)
        })
    }

    /// Fills in what the charges say of a subject and the inventory does not.
    fn fill(&mut self, pool: &mut Pool, row: &mut Row, key: &SubjectKey) {
        let texts = key.texts;
        let provider = texts.provider.map(|provider| {
            *self.providers.entry(provider).or_insert_with(|| {
                let folded = fold_provider(pool.text(provider));
                pool.intern(&folded)
            })
        });
        row.provider = row.provider.or(provider);
        row.account = row.account.or(texts.account);
        row.name = row.name.or(texts.name);
        row.type_ = row.type_.or(texts.type_);
        let region = texts.region.map(|region| {
            let Some(provider) = row.provider else { return region };
            *self.regions.entry((provider, region)).or_insert_with(|| {
                let folded = fold_region(pool.text(provider), pool.text(region));
                let folded = Cow::into_owned(folded);
                pool.intern(&folded)
            })
        });
        row.region = row.region.or(region);
    }
}
