//! Bills and inventories become one: which rows are of one resource, and whose word counts.
//!
//! What an inventory says of a resource beats what a bill says, since bills lag behind; but costs
//! are the bill's, so that they add up to it. A tag that only the bill has is kept, unless the
//! inventory has its key in another spelling: bills fold keys.

use std::borrow::Cow;

use rust_decimal::Decimal;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::row_tags::{TagMap, overlay, overlay_map};
use super::{Inventory, Row};
use crate::charges::laid_over;
use crate::identity::{ec2_kind, fold_account, fold_region, last_part};
use crate::pool::{Pool, Symbol};
use crate::resource::UnknownTags;
use crate::value::fits_cost;

/// How the resources of bills match those of inventories that were imported with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Matches {
    /// Resources that both have.
    pub both: u64,
    /// Resources that only a bill has.
    pub bill_only: u64,
    /// What these cost in the month of the snapshot, in its currency.
    pub bill_only_cost: Decimal,
    /// Resources that only an inventory has.
    pub inventory_only: u64,
}

/// Which sources have a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sides {
    pub(super) billed: bool,
    pub(super) listed: bool,
}

impl Row {
    /// Whether only a bill has it.
    pub(crate) fn is_bill_only(&self) -> bool {
        self.sides.billed && !self.sides.listed
    }

    /// Whether only an inventory has it.
    pub(crate) fn is_inventory_only(&self) -> bool {
        self.sides.listed && !self.sides.billed
    }
}

/// Lays a later row over an earlier one, whose tags are in the map if there is one.
pub(super) fn merge(pool: &mut Pool, (old, many): (&mut Row, Option<&mut TagMap>), new: Row) {
    let joined = old.is_bill_only() && new.sides.listed;
    old.id = new.id;
    old.name = new.name.or(old.name);
    old.type_ = new.type_.or(old.type_);
    old.provider = new.provider.or(old.provider);
    old.account = new.account.or(old.account);
    old.region = new.region.or(old.region);
    // What an inventory does not say is its format, and that is known in the end.
    old.source = new.source.or(if joined { None } else { old.source });
    old.meta = match (old.meta, new.meta) {
        // Columns of a bill that are kept stay beside what a list says, and so does the place in a configuration.
        (Some(before), Some(listed))
            if before != listed && (joined || is_of_terraform(pool.text(before))) =>
        {
            let both = laid_over(pool.text(before), pool.text(listed));
            Some(pool.intern(&both))
        }
        (old, new) => new.or(old),
    };
    old.created = new.created.or(old.created);
    old.monthly_cost = match (old.sides.billed, new.sides.billed) {
        (true, true) => sum(old.monthly_cost, new.monthly_cost).or(old.monthly_cost),
        (true, false) => old.monthly_cost.or(new.monthly_cost),
        // Rows of one list are charges: the total must be that of the list.
        (false, false) if old.file == new.file && old.monthly_cost.is_some() => {
            sum(old.monthly_cost, new.monthly_cost).or(old.monthly_cost)
        }
        (false, _) => new.monthly_cost.or(old.monthly_cost),
    };
    old.unknown = known_of_both(pool, old.unknown.take(), &new);
    old.file = new.file;
    old.sides.billed |= new.sides.billed;
    old.sides.listed |= new.sides.listed;
    old.has_listed_tags |= new.has_listed_tags;
    match many {
        Some(tags) => overlay_map(pool, tags, &new.tags, joined),
        None if old.tags != new.tags => old.tags = overlay(pool, &old.tags, &new.tags, joined),
        None => {}
    }
}

/// Whether metadata is the place of a resource in a configuration, which no listing of a cloud has.
fn is_of_terraform(meta: &str) -> bool {
    meta.starts_with("{\"terraform\":")
}

/// Returns what both rows were listed with, where only one of them was billed or both were listed and billed.
fn joined_listed_tags(pool: &Pool, old: &Row, new: &Row) -> Option<Box<[(Symbol, Symbol)]>> {
    let listed = |row: &Row| match &row.listed_tags {
        Some(tags) => Some(tags.clone()),
        None => (row.sides.listed && !row.sides.billed).then(|| row.tags.clone()),
    };
    let billed = old.sides.billed || new.sides.billed;
    match (listed(old), listed(new)) {
        _ if !billed => None,
        (Some(old), Some(new)) => Some(overlay(pool, &old, &new, false)),
        (one, other) => one.or(other),
    }
}

/// Returns what is not known of a resource after a later row: what that one has is known.
fn known_of_both(pool: &Pool, old: Option<Box<UnknownTags>>, new: &Row) -> Option<Box<UnknownTags>> {
    if new.unknown.is_some() {
        return new.unknown.clone();
    }
    let mut old = old?;
    old.keys.retain(|key| !new.tags.iter().any(|(known, _)| pool.text(*known) == key));
    (!old.is_empty()).then_some(old)
}

/// Adds what a bill charges under two ids; none where the sum is too large to be kept.
fn sum(one: Option<Decimal>, other: Option<Decimal>) -> Option<Decimal> {
    one.unwrap_or_default().checked_add(other.unwrap_or_default()).filter(|sum| fits_cost(*sum))
}

/// Returns the usual form of a region or an account, from the provider and how it is written.
type Fold = for<'a> fn(&str, &'a str) -> Cow<'a, str>;

impl Inventory {
    /// Merges resources that one source names by their bare EC2 id (`i-0abc…`) and another by an ARN
    /// that ends in it. An id that stands at the end of several ARNs is left as it is.
    pub(super) fn join_bare_ids(&mut self) {
        let Self { pool, rows, aliases, .. } = self;
        let mut bare: FxHashMap<&str, (usize, Vec<usize>)> = FxHashMap::default();
        for (at, row) in rows.iter().enumerate() {
            let id = pool.text(row.id);
            if ec2_kind(id).is_some() {
                bare.insert(id, (at, Vec::new()));
            }
        }
        if bare.is_empty() {
            return;
        }
        for (at, row) in rows.iter().enumerate() {
            let id = pool.text(row.id);
            let ends_in = id.starts_with("arn:aws").then(|| last_part(id)).flatten();
            if let Some((_, arns)) = ends_in.and_then(|end| bare.get_mut(end)) {
                arns.push(at);
            }
        }
        let pair = |(bare, arns): (usize, Vec<usize>)| match arns.as_slice() {
            [arn] => Some((bare, *arn)),
            _ => None,
        };
        let pairs: Vec<(usize, usize)> = bare.into_values().filter_map(pair).collect();
        let mut gone = vec![false; rows.len()];
        for (bare, arn) in pairs {
            let ids = [bare, arn].map(|at| rows.get(at).map(|row| row.id));
            if join_pair(pool, rows, bare, arn) {
                self.merged += 1;
                if let [Some(bare), Some(arn)] = ids {
                    aliases.insert(bare, arn);
                }
                if let Some(gone) = gone.get_mut(bare) {
                    *gone = true;
                }
            }
        }
        let mut gone = gone.into_iter();
        rows.retain(|_| !gone.next().unwrap_or(false));
    }

    /// Writes the regions and the accounts of each provider in one way. Those of different providers are never one.
    pub(super) fn fold_places(&mut self) {
        let Self { pool, rows, .. } = self;
        let mut regions: FxHashMap<(Symbol, Symbol), Symbol> = FxHashMap::default();
        let mut accounts: FxHashMap<(Symbol, Symbol), Symbol> = FxHashMap::default();
        for row in rows {
            let Some(provider) = row.provider else { continue };
            let mut fold = |known: &mut FxHashMap<_, _>, text: Symbol, fold: Fold| {
                *known.entry((provider, text)).or_insert_with(|| {
                    let folded = fold(pool.text(provider), pool.text(text)).into_owned();
                    pool.intern(&folded)
                })
            };
            row.region = row.region.map(|region| fold(&mut regions, region, fold_region));
            row.account = row.account.map(|account| fold(&mut accounts, account, fold_account));
        }
    }

    /// Returns how bills and inventories match.
    pub(crate) fn matches(&self) -> Matches {
        let mut matches = Matches::default();
        for row in &self.rows {
            if row.is_bill_only() {
                matches.bill_only += 1;
                let cost = row.monthly_cost.unwrap_or_default();
                matches.bill_only_cost = matches.bill_only_cost.checked_add(cost).unwrap_or(Decimal::MAX);
            } else if row.is_inventory_only() {
                matches.inventory_only += 1;
            } else {
                matches.both += 1;
            }
        }
        matches
    }
}

/// Merges the row of a bare id into that of its ARN, the later over the earlier, unless they are of
/// different accounts, or cost more together than can be kept.
fn join_pair(pool: &mut Pool, rows: &mut [Row], bare: usize, arn: usize) -> bool {
    let account = |row: &Row| {
        let account = row.account.map(|account| pool.text(account));
        account.or_else(|| crate::identity::identify(pool.text(row.id)).account).map(str::to_owned)
    };
    let (Some(of_bare), Some(of_arn)) = (rows.get(bare).cloned(), rows.get(arn).cloned()) else {
        return false;
    };
    // A program that takes accounts for numbers drops their zeros at the start.
    let digits = |account: String| account.trim_start_matches('0').to_owned();
    let accounts = account(&of_bare).map(digits).zip(account(&of_arn).map(digits));
    if accounts.is_some_and(|(one, other)| one != other) {
        return false;
    }
    if sum(of_bare.monthly_cost, of_arn.monthly_cost).is_none() {
        return false;
    }
    let id = of_arn.id;
    let (mut first, second) = match (of_bare.order(), bare) <= (of_arn.order(), arn) {
        true => (of_bare, of_arn),
        false => (of_arn, of_bare),
    };
    let listed = joined_listed_tags(pool, &first, &second);
    merge(pool, (&mut first, None), second);
    first.listed_tags = listed;
    first.id = id;
    if let Some(row) = rows.get_mut(arn) {
        *row = first;
    }
    true
}

impl Row {
    /// Returns what orders rows as they were read: bills first, then files in their order.
    fn order(&self) -> (bool, u32) {
        (self.sides.listed, self.file)
    }
}
