//! Random resources that the programs have something to say about.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::option;
use proptest::prelude::*;
use proptest::strategy::Union;
use tagpol_interp::Row;
use tagpol_sema::formats::{compose, tidy};

use super::pools;
use super::schema::{OTHER_KEYS, SchemaTable, TABLES, TAGS};

/// Texts of attributes other than the name.
pub(super) const ATTRS: &[&str] =
    &["aws", "ec2:instance", "123456789012", "eu-west-1", "gcp", "rds:db", "", "it's", "focus"];

/// A resource whose time of creation is still to be counted from the clock.
type Undated = (Row, Option<TimeDelta>);

/// Returns the resources of some inventories, each of up to eight, ordered by ids of their own.
pub(super) fn resources(inventories: usize) -> impl Strategy<Value = Vec<Undated>> {
    let inventory = prop::collection::vec(row(), 1..=8);
    prop::collection::vec(inventory, inventories).prop_map(|inventories| {
        let mut rows: Vec<Undated> = inventories.into_iter().flatten().collect();
        for (index, (row, _)) in rows.iter_mut().enumerate() {
            row.id = format!("{index:03}{}", row.id);
        }
        rows
    })
}

/// The rows of a table by their key, as the reference has them.
pub(super) type Table = BTreeMap<String, Vec<Option<String>>>;

/// Returns the rows of every table. Keys are often values of the resources, or almost.
pub(super) fn tables() -> impl Strategy<Value = Vec<Table>> {
    let tables: Vec<_> = TABLES.iter().map(table).collect();
    tables
}

fn table(schema: &'static SchemaTable) -> impl Strategy<Value = Table> {
    let cell = || prop_oneof![3 => pools::mostly(pools::CELLS, pools::HOSTILE), 1 => pools::one_of(ATTRS)];
    let cells = prop::collection::vec(option::weighted(0.8, cell()), schema.columns.len());
    prop::collection::vec((cell(), cells), 0..=8).prop_map(|rows| {
        let row = |(key, mut cells): (String, Vec<Option<String>>)| {
            cells[schema.key] = Some(key.clone());
            (key, cells)
        };
        // As tables are read: tidy, and blank cells missing.
        let tidied = |cell: String| Some(tidy(&cell).into_owned()).filter(|cell| !cell.is_empty());
        let rows = rows.into_iter().filter_map(|(key, cells)| {
            Some((tidied(key)?, cells.into_iter().map(|cell| cell.and_then(tidied)).collect()))
        });
        rows.map(row).collect()
    })
}

/// Dates the resources.
pub(super) fn created_around(now: DateTime<Utc>, resources: Vec<Undated>) -> Vec<Row> {
    let dated = resources.into_iter();
    dated.map(|(row, off)| Row { created: off.map(|off| now + off), ..row }).collect()
}

fn row() -> impl Strategy<Value = Undated> {
    let attr = || option::weighted(0.8, pools::mostly(ATTRS, pools::HOSTILE));
    (
        pools::mostly(&[""], pools::HOSTILE),
        option::weighted(0.8, pools::mostly(pools::NAMES, pools::HOSTILE)),
        [attr(), attr(), attr(), attr(), attr()],
        option::weighted(0.8, pools::time_off()),
        option::weighted(0.8, pools::amount()),
        (
            option::weighted(0.7, pools::one_of(pools::METAS)),
            prop::collection::vec((native_tag(), prop::bool::weighted(0.15)), 0..=12),
            // Most resources are known as a whole.
            prop::bool::weighted(0.2),
            prop::bool::weighted(0.2),
        ),
    )
        .prop_map(|(id, name, attrs, off, monthly_cost, (meta, tags, has_unknown, others))| {
            // An import composes attributes.
            let composed = |text: Option<String>| text.map(|text| compose(&text).into_owned());
            let [type_, provider, account, region, source] = attrs.map(composed);
            let name = composed(name);
            let unique: BTreeMap<String, (String, bool)> = tags
                .into_iter()
                .map(|((key, value), unknown)| (key, (value, unknown && has_unknown)))
                .collect();
            let unknown_keys =
                unique.iter().filter(|(_, (_, unknown))| *unknown).map(|(key, _)| key.clone()).collect();
            let tags = unique.into_iter().map(|(key, (value, _))| (key, value)).collect();
            let row = Row {
                id,
                name,
                type_,
                provider,
                account,
                region,
                source,
                created: None,
                monthly_cost,
                meta,
                tags,
                unknown_keys,
                unknown_tags: has_unknown && others,
                charge: None,
            };
            (row, off)
        })
}

/// Returns a native tag whose value mostly suits its key.
fn native_tag() -> impl Strategy<Value = (String, String)> {
    let of_tags =
        TAGS.iter().map(|tag| (pools::one_of(tag.keys), pools::mostly(tag.raw, pools::HOSTILE)).boxed());
    let other = (pools::one_of(OTHER_KEYS), pools::one_of(pools::HOSTILE));
    prop_oneof![8 => Union::new(of_tags), 1 => other]
}
