//! What is spent, by the values of tags and attributes, with shared costs spread.
//!
//! In: a program, a snapshot and the dimensions. Out: [`Costs`]: a line for each combination of values.
//! Promises that no cost is dropped: resources without a value have a line of their own, charges that
//! name no resource are reported next to them, and spreading shared costs changes no total. All amounts are
//! exact, in units of 10^-12 of the currency.
//!
//! Resources are summed up by the database, apart by which allocation they are a source of. The sums, a few thousand at most, are spread
//! here (`share`), since no database has a product of two amounts that is exact.

mod share;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal as Exact;
use tagpol_inventory::Snapshot;
use tagpol_plan::sql::requests::{self, GroupKey};
use tagpol_plan::{Dialect, Predicate};
use tagpol_sema::program::{Allocation, Attr, Pred, Program, Split, TagId};

use crate::error::RunError;
use crate::evaluate::{Fields, Options, Run};
use crate::finding::SnapshotInfo;
use crate::tables::Tables;
pub use share::rounded;

/// Digits of an amount behind the point.
pub const SCALE: u8 = 12;

/// Dimensions of the costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dimension {
    /// The values of a tag.
    Tag(TagId),
    /// The values of an attribute that is a text.
    Attr(Attr),
}

impl Dimension {
    fn group_key(self) -> GroupKey {
        match self {
            Self::Tag(tag) => GroupKey::Tag(tag),
            Self::Attr(attr) => GroupKey::Attr(attr),
        }
    }
}

/// What is spent.
#[derive(Debug, Clone, PartialEq)]
pub struct Costs {
    /// The clock.
    pub now: DateTime<Utc>,
    /// The snapshot.
    pub snapshot: SnapshotInfo,
    /// Its dimensions: names of tags, and of attributes as the language writes them.
    pub by: Vec<String>,
    /// The lines, the most expensive first, then by their values.
    pub lines: Vec<Line>,
    /// The lines that [`Costs::top`] left out, summed up. None: there are none.
    pub others: Option<Others>,
    /// Cost of charges that name no resource; None where the inventory is no bill.
    pub no_resource: Option<i128>,
    /// The allocations that were applied, in the order of their names.
    pub shared: Vec<Shared>,
}

/// Lines that are not listed, summed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Others {
    /// How many lines.
    pub lines: usize,
    /// Their resources.
    pub resources: u64,
    /// What they cost themselves.
    pub own: i128,
    /// What was spread to them, less what was spread from them.
    pub shared: i128,
}

/// The cost of one combination of values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// A value for each dimension; None if it is missing.
    pub values: Vec<Option<String>>,
    /// Its resources.
    pub resources: u64,
    /// What they cost themselves.
    pub own: i128,
    /// What was spread to it, less what was spread from it.
    pub shared: i128,
}

impl Line {
    /// Returns what it costs with its share.
    pub fn total(&self) -> i128 {
        self.own + self.shared
    }
}

/// An allocation that was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// Its name.
    pub name: String,
    /// The tag over whose values it is spread.
    pub to: String,
    /// Its sources: resources.
    pub resources: u64,
    /// What was spread.
    pub cost: i128,
    /// What was not, since nothing was there to spread it over; it stays where it was.
    pub kept: i128,
}

impl Costs {
    /// Returns the sum of all lines, with the charges that name no resource: the bill.
    pub fn total(&self) -> i128 {
        let others = self.others.map_or(0, |others| others.own + others.shared);
        self.lines.iter().map(Line::total).sum::<i128>() + others + self.no_resource.unwrap_or(0)
    }

    /// Keeps the most expensive lines, and sums up the others. No amount is lost.
    #[must_use]
    pub fn top(mut self, lines: usize) -> Self {
        if lines < self.lines.len() {
            let mut others = self.others.unwrap_or_default();
            for line in self.lines.drain(lines..) {
                others.lines += 1;
                others.resources += line.resources;
                others.own += line.own;
                others.shared += line.shared;
            }
            self.others = Some(others);
        }
        self
    }
}

/// Returns the tag or attribute of a name: `cost-center`, `resource.account`.
///
/// # Errors
/// The names that could stand there instead.
pub fn dimension(program: &Program, name: &str) -> Result<Dimension, Vec<String>> {
    let attrs = [Attr::Id, Attr::Name, Attr::Type, Attr::Provider, Attr::Account, Attr::Region, Attr::Source];
    let attr = |attr: &Attr| name.strip_prefix("resource.") == Some(attr.as_str());
    if let Some(attr) = attrs.into_iter().find(attr) {
        return Ok(Dimension::Attr(attr));
    }
    let tags = (0u32..).map(TagId).zip(&program.tags);
    let mut tags = tags.filter(|(_, tag)| tag.name == name);
    tags.next().map(|(id, _)| Dimension::Tag(id)).ok_or_else(|| {
        let tags = program.tags.iter().map(|tag| tag.name.clone());
        tags.chain(attrs.map(|attr| format!("resource.{}", attr.as_str()))).collect()
    })
}

/// Sums up what is spent, and spreads shared costs over the tags among the dimensions.
///
/// # Errors
/// As for [`crate::evaluate`].
pub fn costs(
    program: &Program,
    snapshot: &Snapshot,
    options: &Options,
    by: &[Dimension],
) -> Result<Costs, RunError> {
    let allocations = applied(program, by);
    let groups = groups(program, snapshot, options, by, &allocations)?;
    let mut spread = Spread { by, groups: &groups, lines: BTreeMap::new() };
    spread.add_own();
    let shared =
        (0..).zip(&allocations).map(|(at, allocation)| spread.share(program, at, allocation)).collect();
    let mut lines: Vec<Line> = spread.lines.into_values().collect();
    lines.sort_by(|a, b| b.total().cmp(&a.total()).then_with(|| order(&a.values).cmp(&order(&b.values))));
    let snapshot_info = SnapshotInfo::from(snapshot);
    Ok(Costs {
        now: options.now,
        no_resource: snapshot_info.unattributed.map(units),
        snapshot: snapshot_info,
        by: by.iter().map(|dimension| name(program, *dimension)).collect(),
        lines,
        others: None,
        shared,
    })
}

/// What is missing comes last.
fn order(values: &[Option<String>]) -> Vec<(bool, &Option<String>)> {
    values.iter().map(|value| (value.is_none(), value)).collect()
}

fn name(program: &Program, dimension: Dimension) -> String {
    match dimension {
        Dimension::Tag(tag) => program.tag(tag).name.clone(),
        Dimension::Attr(attr) => format!("resource.{}", attr.as_str()),
    }
}

/// The allocations to a tag that costs are reported by; the others would change nothing.
fn applied<'a>(program: &'a Program, by: &[Dimension]) -> Vec<&'a Allocation> {
    let allocations = program.allocations.iter();
    allocations.filter(|allocation| by.contains(&Dimension::Tag(allocation.to))).collect()
}

/// Resources with the same values that are sources of the same allocation, or of none.
#[derive(Debug)]
struct Group {
    values: Vec<Option<String>>,
    source: Option<usize>,
    resources: u64,
    cost: i128,
}

fn groups(
    program: &Program,
    snapshot: &Snapshot,
    options: &Options,
    by: &[Dimension],
    allocations: &[&Allocation],
) -> Result<Vec<Group>, RunError> {
    let predicates = allocations.iter().map(|allocation| sources(allocation)).collect();
    let request = options.request().for_predicates(predicates);
    let run = Run::start_request(program, snapshot, &mut Tables::default(), options, &request)?;
    let keys: Vec<GroupKey> = by.iter().map(|dimension| dimension.group_key()).collect();
    let sql = requests::grouped_costs(&run.compiled.plan, Dialect::DuckDb, &keys);
    let mut groups = Vec::new();
    run.for_each_of("costs", &sql, |row| {
        groups.push(group(row, by.len())?);
        Ok(())
    })?;
    Ok(groups)
}

/// The condition of the sources of an allocation. The first allocation that a resource is a source of takes it.
fn sources(allocation: &Allocation) -> Predicate {
    let pred = allocation.from.clone().unwrap_or(Pred::Const(true));
    Predicate { pred, loc: allocation.loc.clone() }
}

fn group(row: &Fields<'_>, dimensions: usize) -> Result<Group, RunError> {
    let cost = match row.money(dimensions + 2) {
        None => Some(0),
        Some(cost) => {
            let up = SCALE.checked_sub(cost.scale).map(|up| 10_i128.pow(up.into()));
            up.and_then(|up| cost.unscaled.checked_mul(up))
        }
    };
    Ok(Group {
        values: (0..dimensions).map(|at| row.text(at)).collect(),
        source: row.index(dimensions)?.checked_sub(1),
        resources: row.count(dimensions + 1)?,
        cost: cost.ok_or_else(|| row.unexpected("a cost out of range"))?,
    })
}

/// An amount in units; amounts of a snapshot have no more digits.
fn units(amount: Exact) -> i128 {
    let rounded = amount.round_dp(SCALE.into());
    let up = u32::from(SCALE).saturating_sub(rounded.scale());
    rounded.mantissa().saturating_mul(10_i128.pow(up))
}

/// The lines while costs are spread.
struct Spread<'a> {
    by: &'a [Dimension],
    groups: &'a [Group],
    lines: BTreeMap<Vec<Option<String>>, Line>,
}

impl Spread<'_> {
    fn line(&mut self, values: &[Option<String>]) -> &mut Line {
        let new = || Line { values: values.to_vec(), resources: 0, own: 0, shared: 0 };
        self.lines.entry(values.to_vec()).or_insert_with(new)
    }

    fn add_own(&mut self) {
        for group in self.groups {
            let line = self.line(&group.values);
            line.resources += group.resources;
            line.own += group.cost;
        }
    }

    /// Spreads the costs of the sources of an allocation. Only the tag is another one: a source in
    /// production stays a cost of production.
    fn share(&mut self, program: &Program, at: usize, allocation: &Allocation) -> Shared {
        let to = program.tag(allocation.to).name.clone();
        let mut shared = Shared { name: allocation.name.clone(), to, resources: 0, cost: 0, kept: 0 };
        let Some(place) = self.by.iter().position(|by| *by == Dimension::Tag(allocation.to)) else {
            return shared;
        };
        let targets = self.targets(allocation, place);
        let weights: Vec<i128> = targets.iter().map(|(_, weight)| *weight).collect();
        for group in self.groups.iter().filter(|group| group.source == Some(at)) {
            shared.resources += group.resources;
            let Some(parts) = share::split(group.cost, &weights) else {
                shared.kept += group.cost;
                continue;
            };
            shared.cost += group.cost;
            self.line(&group.values).shared -= group.cost;
            for ((value, _), part) in targets.iter().zip(parts) {
                let mut values = group.values.clone();
                if let Some(slot) = values.get_mut(place) {
                    *slot = Some(value.clone());
                }
                self.line(&values).shared += part;
            }
        }
        shared
    }

    /// The values that a cost is spread over, in their order, and their weights. A source is never a
    /// target: values count by the resources that are sources of nothing.
    fn targets(&self, allocation: &Allocation, place: usize) -> Vec<(String, i128)> {
        let mut own: BTreeMap<&str, i128> = BTreeMap::new();
        for group in self.groups.iter().filter(|group| group.source.is_none()) {
            if let Some(Some(value)) = group.values.get(place) {
                *own.entry(value).or_default() += group.cost;
            }
        }
        let among =
            |value: &str| allocation.among.as_ref().is_none_or(|among| among.iter().any(|a| a == value));
        let named = || match &allocation.among {
            Some(among) => among.clone(),
            None => own.keys().map(|value| (*value).to_owned()).collect(),
        };
        let mut targets: Vec<(String, i128)> = match &allocation.split {
            Split::Even => named().into_iter().map(|value| (value, 1)).collect(),
            // Credits give no share.
            Split::Proportional => own
                .iter()
                .filter(|(value, _)| among(value))
                .map(|(value, cost)| ((*value).to_owned(), (*cost).max(0)))
                .collect(),
            Split::Fixed(shares) => {
                let scale = shares.iter().map(|(_, share)| share.scale()).max().unwrap_or(0);
                let weight = |share: &Exact| share.mantissa() * 10_i128.pow(scale - share.scale());
                shares.iter().map(|(value, share)| (value.clone(), weight(share))).collect()
            }
        };
        targets.sort();
        targets
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tagpol_sema::program::{Loc, Tag, TagType};

    use super::*;

    fn program(split: Split, among: Option<Vec<String>>) -> Program {
        let loc = Loc { file: "p.tagpol".into(), line: 1, column: 1 };
        let tag = |name: &str| Tag {
            name: name.to_owned(),
            doc: String::new(),
            ty: TagType::Text,
            importance: None,
            default: None,
            normalizes: Vec::new(),
            loc: loc.clone(),
        };
        let to = TagId(1);
        let (name, doc) = ("a".to_owned(), String::new());
        Program {
            tags: vec![tag("environment"), tag("team")],
            allocations: vec![Allocation { name, doc, from: None, to, among, split, loc: loc.clone() }],
            ..Program::default()
        }
    }

    fn values(of: &[&str]) -> Vec<Option<String>> {
        of.iter().map(|value| (!value.is_empty()).then(|| (*value).to_owned())).collect()
    }

    fn spread(program: &Program, groups: &[Group]) -> (Vec<Line>, Shared) {
        let by = [Dimension::Tag(TagId(0)), Dimension::Tag(TagId(1))];
        let mut spread = Spread { by: &by, groups, lines: BTreeMap::new() };
        spread.add_own();
        let shared = spread.share(program, 0, &program.allocations[0]);
        (spread.lines.into_values().collect(), shared)
    }

    fn amounts(lines: &[Line]) -> Vec<(String, i128, i128)> {
        let text = |line: &Line| {
            line.values.iter().map(|v| v.as_deref().unwrap_or("-")).collect::<Vec<_>>().join("/")
        };
        lines.iter().map(|line| (text(line), line.own, line.shared)).collect()
    }

    fn group(of: &[&str], source: Option<usize>, cost: i128) -> Group {
        Group { values: values(of), source, resources: 1, cost }
    }

    fn line(text: &str, own: i128, shared: i128) -> (String, i128, i128) {
        (text.to_owned(), own, shared)
    }

    #[test]
    fn shared_costs_keep_their_other_values_and_never_go_to_a_source() {
        let groups = [
            group(&["prod", "web"], None, 300),
            group(&["dev", "data"], None, 100),
            group(&["dev", ""], None, 50),
            group(&["prod", "shared"], Some(0), 1000),
            group(&["prod", "credits"], None, -10),
        ];
        let (lines, shared) = spread(&program(Split::Proportional, None), &groups);
        let expected = [
            line("dev/-", 50, 0),
            line("dev/data", 100, 0),
            line("prod/credits", -10, 0),
            line("prod/data", 0, 250),
            line("prod/shared", 1000, -1000),
            line("prod/web", 300, 750),
        ];
        assert_eq!(amounts(&lines), expected);
        assert_eq!((shared.cost, shared.kept, shared.resources), (1000, 0, 1));
    }

    #[test]
    fn even_and_fixed_shares() {
        let groups = [group(&["", "web"], None, 1), group(&["", "shared"], Some(0), 100)];
        let list = Some(vec!["web".to_owned(), "data".to_owned(), "ml".to_owned()]);
        let (lines, _) = spread(&program(Split::Even, list), &groups);
        let expected =
            [line("-/data", 0, 34), line("-/ml", 0, 33), line("-/shared", 100, -100), line("-/web", 1, 33)];
        assert_eq!(amounts(&lines), expected);
        let shares =
            vec![("web".to_owned(), "0.625".parse().unwrap()), ("data".to_owned(), "0.375".parse().unwrap())];
        let (lines, _) = spread(&program(Split::Fixed(shares), None), &groups);
        assert_eq!(
            amounts(&lines),
            [line("-/data", 0, 38), line("-/shared", 100, -100), line("-/web", 1, 62)]
        );
    }

    #[test]
    fn what_cannot_be_spread_stays() {
        let groups = [group(&["", "web"], None, 0), group(&["", "shared"], Some(0), 100)];
        let (lines, shared) = spread(&program(Split::Proportional, None), &groups);
        assert_eq!(amounts(&lines), [line("-/shared", 100, 0), line("-/web", 0, 0)]);
        assert_eq!((shared.cost, shared.kept), (0, 100));
    }

    fn any_group() -> impl Strategy<Value = Group> {
        let value = || prop::sample::select(&["", "a", "b", "c"][..]);
        let cost = -10_i128.pow(25)..10_i128.pow(25);
        (value(), value(), prop::option::of(0..1_usize), cost)
            .prop_map(|(environment, team, source, cost)| group(&[environment, team], source, cost))
    }

    proptest! {
        #[test]
        fn no_cost_is_lost(groups in prop::collection::vec(any_group(), 0..20), even: bool) {
            let split = if even { Split::Even } else { Split::Proportional };
            let (lines, shared) = spread(&program(split, None), &groups);
            let all: i128 = groups.iter().map(|group| group.cost).sum();
            prop_assert_eq!(lines.iter().map(Line::total).sum::<i128>(), all);
            prop_assert_eq!(lines.iter().map(|line| line.shared).sum::<i128>(), 0);
            // Each environment keeps what it costs.
            for environment in ["a", "b", "c"].map(|value| Some(value.to_owned())) {
                let of = |values: &[Option<String>]| values[0] == environment;
                let own: i128 = groups.iter().filter(|group| of(&group.values)).map(|group| group.cost).sum();
                let sum: i128 = lines.iter().filter(|line| of(&line.values)).map(Line::total).sum();
                prop_assert_eq!(own, sum);
            }
            let sources = groups.iter().filter(|group| group.source.is_some());
            prop_assert_eq!(sources.map(|group| group.cost).sum::<i128>(), shared.cost + shared.kept);
        }
    }
}
