//! Random resources that the programs have something to say about.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::option;
use proptest::prelude::*;
use proptest::strategy::Union;
use tagpol_plan::interp::Row;

use super::pools;
use super::schema::{OTHER_KEYS, TAGS};

/// Texts of attributes other than the name.
pub(super) const ATTRS: &[&str] =
    &["aws", "ec2:instance", "123456789012", "eu-west-1", "gcp", "rds:db", "", "it's", "focus"];

/// A resource whose time of creation is still to be counted from the clock.
type Undated = (Row, Option<TimeDelta>);

/// Returns up to eight resources with ids of their own.
pub(super) fn resources() -> impl Strategy<Value = Vec<Undated>> {
    prop::collection::vec(row(), 1..=8).prop_map(|mut rows| {
        for (index, (row, _)) in rows.iter_mut().enumerate() {
            row.id = format!("{index}{}", row.id);
        }
        rows
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
        prop::collection::vec(native_tag(), 0..=12),
    )
        .prop_map(|(id, name, attrs, off, monthly_cost, tags)| {
            let [type_, provider, account, region, source] = attrs;
            let unique: BTreeMap<String, String> = tags.into_iter().collect();
            let tags = unique.into_iter().collect();
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
                meta: None,
                tags,
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
