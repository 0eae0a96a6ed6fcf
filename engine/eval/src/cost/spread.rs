//! Shared costs are spread over the values of a tag.

use std::collections::BTreeMap;

use rust_decimal::Decimal as Exact;
use tagpol_sema::program::{Allocation, Program, Split};

use super::groups::Group;
use super::{Dimension, Line, Shared, share};

/// The lines while costs are spread.
pub(super) struct Spread<'a> {
    pub(super) by: &'a [Dimension],
    pub(super) groups: &'a [Group],
    pub(super) lines: BTreeMap<Vec<Option<String>>, Line>,
}

impl Spread<'_> {
    fn line(&mut self, values: &[Option<String>]) -> &mut Line {
        let new = || Line { values: values.to_vec(), ..Line::default() };
        self.lines.entry(values.to_vec()).or_insert_with(new)
    }

    pub(super) fn add_own(&mut self) {
        for group in self.groups {
            let line = self.line(&group.values);
            line.resources += group.resources;
            line.own += group.cost;
            line.no_resource += group.no_resource;
        }
    }

    /// Spreads the costs of the sources of an allocation. Only the tag is another one: a source in
    /// production stays a cost of production.
    pub(super) fn share(&mut self, program: &Program, at: usize, allocation: &Allocation) -> Shared {
        let to = program.tag(allocation.to).name.clone();
        let name = allocation.name.clone();
        let mut shared = Shared { name, to, matched: false, resources: 0, cost: 0, kept: 0 };
        let Some(place) = self.by.iter().position(|by| *by == Dimension::Tag(allocation.to)) else {
            return shared;
        };
        let targets = self.targets(allocation, place);
        let weights: Vec<i128> = targets.iter().map(|(_, weight)| *weight).collect();
        for group in self.groups.iter().filter(|group| group.source == Some(at)) {
            shared.matched = true;
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
    use tagpol_sema::program::{Loc, Tag, TagId, TagType};

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
        Group { values: values(of), source, resources: 1, cost, ..Group::default() }
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
