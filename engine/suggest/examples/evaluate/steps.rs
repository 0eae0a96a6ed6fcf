//! The first confirmations of an organization: resources drawn at random, and those that `tagpol review` asks about first.

use std::collections::BTreeMap;

use tagpol_suggest::{Labelled, Options, Resource, Target, information, likeness, train};

use crate::list::{Row, TAGS, dataset, having, known, targets};
use crate::measured::{Figures, figures};

/// Answers after which a model is measured.
pub(crate) const ANSWERS: [usize; 3] = [20, 50, 100];

/// Resources that are measured, at most and at least.
const MEASURED: usize = 400;
const FEWEST_MEASURED: usize = 100;

/// How resources come to be confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// At random, one after the other.
    Random,
    /// The first answers at random; then in the order of `tagpol review`, by a model that was trained when the
    /// last figures were measured.
    Review,
}

impl Order {
    pub(crate) const ALL: [Self; 2] = [Self::Random, Self::Review];

    /// Returns its name.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Random => "random-order",
            Self::Review => "review-order",
        }
    }

    /// Returns what the split after a number of answers is called.
    pub(crate) fn split(self, answers: usize) -> String {
        match self {
            Self::Random => format!("after {answers} at random"),
            Self::Review => format!("after {answers} answers in review"),
        }
    }
}

/// Measures each tag of an organization after some answers, always on the same resources.
pub(crate) fn measure(
    rows: &[Row],
    org: &str,
    order: Order,
    simple: &std::path::Path,
) -> std::io::Result<Vec<Figures>> {
    let mut all = Vec::new();
    for (tag, (name, ..)) in TAGS.iter().enumerate() {
        let resources = having(&dataset(rows, |row| row.org == org, &[tag]), tag);
        let most = ANSWERS.into_iter().max().unwrap_or_default();
        let (first, rest) = resources.split_at(most.min(resources.len()));
        let (asked, others) = rest.split_at(MEASURED.min(rest.len()));
        if asked.len() < FEWEST_MEASURED {
            continue;
        }
        let mut learned: Vec<Labelled> = Vec::new();
        let mut before = 0;
        for answers in ANSWERS {
            match order {
                Order::Random => learned = first.iter().take(answers).cloned().collect(),
                Order::Review if before == 0 => learned = first.iter().take(answers).cloned().collect(),
                Order::Review => {
                    let known: Vec<&str> = learned.iter().map(|one| one.resource.id.as_str()).collect();
                    let pool = first.iter().chain(others);
                    let pool: Vec<&Labelled> =
                        pool.filter(|one| !known.contains(&one.resource.id.as_str())).collect();
                    let more = reviewed(&targets(), tag, &learned, &pool, answers - before);
                    learned.extend(more);
                }
            }
            before = answers;
            let file = simple.with_extension(format!("{name}-{answers}.json"));
            all.extend(figures(targets(), &learned, asked, (org, &order.split(answers)), &file)?);
        }
    }
    Ok(all)
}

/// Returns the resources that some answers decide, in the order of `tagpol review`. One answer decides a group of suggestions,
/// unless their values differ in truth: then there is one for each.
fn reviewed(
    targets: &[Target],
    tag: usize,
    learned: &[Labelled],
    pool: &[&Labelled],
    mut answers: usize,
) -> Vec<Labelled> {
    let trained = train(targets.to_vec(), learned, &Options::default(), &mut |_| {});
    let questions: Vec<(&Resource, &[usize])> =
        pool.iter().map(|one| (&one.resource, std::slice::from_ref(&tag))).collect();
    let replies = trained.map(|trained| trained.model.suggest(&questions)).unwrap_or_default();
    let mut groups: BTreeMap<_, (Vec<f64>, Vec<&Labelled>)> = BTreeMap::new();
    for (at, one) in pool.iter().enumerate() {
        let best = replies.get(at).and_then(|replies| replies.first()?.suggestions.first());
        let value = best.map(|best| best.value.clone());
        let group = groups.entry((value, likeness(&one.resource))).or_default();
        group.0.push(best.map_or(0.0, |best| f64::from(best.probability)));
        group.1.push(one);
    }
    let mut groups: Vec<(Vec<f64>, Vec<&Labelled>)> = groups.into_values().collect();
    groups.sort_by(|a, b| information(&b.0).total_cmp(&information(&a.0)));
    let mut decided = Vec::new();
    for (_, group) in groups {
        let is_same =
            group.iter().all(|one| known(one, tag) == group.first().and_then(|first| known(first, tag)));
        let (taken, spent) = if is_same { (group.len(), 1) } else { (group.len().min(answers), group.len()) };
        decided.extend(group.into_iter().take(taken).cloned());
        answers = answers.saturating_sub(spent);
        if answers == 0 {
            break;
        }
    }
    decided
}
