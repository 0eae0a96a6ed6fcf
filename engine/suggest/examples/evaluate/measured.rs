//! The figures of a tag of an organization on a split, and the file that keeps them.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use tagpol_suggest::{
    Baseline, Labelled, Measurement, Options, RegimeReport, Sight, Target, Trained, compare, measure, train,
};

use crate::list::{ENVIRONMENT, Row, Split, TAGS, dataset, families, having, known, targets};

/// The figures of a tag of an organization on a split.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Figures {
    pub(crate) org: String,
    pub(crate) tag: String,
    pub(crate) split: String,
    /// Resources of the training data that have the tag.
    pub(crate) learned: usize,
    /// Families of the resources that were asked about.
    pub(crate) families: usize,
    /// Groups of near-identical resources among them.
    pub(crate) groups: usize,
    /// Share of them whose value was seen in training at all.
    pub(crate) possible: f64,
    pub(crate) top3: f64,
    pub(crate) report: RegimeReport,
    /// What simple methods reached: name and share.
    pub(crate) others: Vec<(String, f64)>,
    /// The time of the training, for all tags of the organization.
    pub(crate) seconds: f64,
}

/// The split in which an organization is measured after training on all others.
pub(crate) const ACROSS: &str = "other organizations";

/// Resources that are asked about, below which nothing is measured.
const FEWEST: usize = 10;

/// What naive Bayes and logistic regression reached, by tag. It does not depend on the model, and is kept
/// apart.
type Simple = BTreeMap<String, Vec<(String, f64)>>;

/// Returns what a file keeps; else, if it is asked for, measures and keeps it.
pub(crate) fn kept(
    file: &Path,
    chosen: bool,
    measure: impl FnOnce(&Path) -> std::io::Result<Vec<Figures>>,
) -> std::io::Result<Vec<Figures>> {
    if file.exists() {
        return Ok(serde_json::from_str(&std::fs::read_to_string(file)?)?);
    }
    if !chosen {
        return Ok(Vec::new());
    }
    let figures = measure(&file.with_extension("simple.json"))?;
    std::fs::write(file, serde_json::to_string_pretty(&figures)?)?;
    Ok(figures)
}

/// Trains on a part of an organization, and measures the rest.
pub(crate) fn within(rows: &[Row], org: &str, split: Split, simple: &Path) -> std::io::Result<Vec<Figures>> {
    let all: Vec<usize> = (0..TAGS.len()).collect();
    let data = dataset(rows, |row| row.org == org, &all);
    let (asked, learned): (Vec<Labelled>, Vec<Labelled>) = data.into_iter().partition(|one| split.asks(one));
    figures(targets(), &learned, &asked, (org, split.as_str()), simple)
}

/// Trains on the environments of all other organizations, and measures those of one.
pub(crate) fn across(rows: &[Row], org: &str, simple: &Path) -> std::io::Result<Vec<Figures>> {
    let tag = TAGS.iter().position(|(name, ..)| *name == ENVIRONMENT).unwrap_or_default();
    let learned = dataset(rows, |row| row.org != org, &[tag]);
    let asked = dataset(rows, |row| row.org == org, &[tag]);
    figures(targets(), &learned, &asked, (org, ACROSS), simple)
}

/// Trains on some resources, and measures others.
pub(crate) fn figures(
    targets: Vec<Target>,
    learned: &[Labelled],
    asked: &[Labelled],
    (org, split): (&str, &str),
    file: &Path,
) -> std::io::Result<Vec<Figures>> {
    let start = Instant::now();
    let Some(Trained { model, .. }) = train(targets.clone(), learned, &Options::default(), &mut |_| {})
    else {
        return Ok(Vec::new());
    };
    let seconds = start.elapsed().as_secs_f64();
    let mut simple: Simple = match std::fs::read_to_string(file) {
        Ok(text) => serde_json::from_str(&text)?,
        Err(_) => Simple::new(),
    };
    let mut figures = Vec::new();
    for (tag, target) in targets.iter().enumerate().filter(|(tag, _)| model.is_learned(*tag)) {
        let (learned, asked) = (having(learned, tag), having(asked, tag));
        if asked.len() < FEWEST {
            continue;
        }
        let Measurement { report, groups, top3 } = measure(&model, tag, &asked);
        let seen: Vec<&str> = learned.iter().filter_map(|one| known(one, tag)).collect();
        let possible = asked.iter().filter(|one| known(one, tag).is_some_and(|value| seen.contains(&value)));
        let others =
            simple.entry(target.name.clone()).or_insert_with(|| others(&targets, tag, &learned, &asked));
        let one = Figures {
            org: org.to_owned(),
            tag: target.name.clone(),
            split: split.to_owned(),
            learned: learned.len(),
            families: families(&asked),
            groups,
            possible: possible.count() as f64 / asked.len() as f64,
            top3,
            others: of_base(&report).chain(others.iter().cloned()).collect(),
            report,
            seconds,
        };
        tell(&one);
        figures.push(one);
    }
    std::fs::write(file, serde_json::to_string_pretty(&simple)?)?;
    Ok(figures)
}

/// Returns what the simple methods reached that are parts of the model.
fn of_base(report: &RegimeReport) -> impl Iterator<Item = (String, f64)> {
    let base = report.baselines.iter().filter(|(baseline, _)| *baseline != Baseline::Bayes);
    base.map(|(baseline, share)| (baseline.as_str().to_owned(), *share))
}

/// Returns what other simple methods reach on the same resources.
fn others(targets: &[Target], tag: usize, learned: &[Labelled], asked: &[Labelled]) -> Vec<(String, f64)> {
    let mut others = Vec::new();
    for one in compare(targets, tag, learned, asked) {
        let sight = match one.sight {
            Sight::Name => "name",
            Sight::Place => "place",
            Sight::Tags => "tags",
        };
        others.push((format!("naive Bayes, {sight}"), one.bayes));
        others.push((format!("regression, {sight}"), one.linear));
    }
    others
}

fn tell(one: &Figures) {
    let best = one.others.iter().map(|(_, share)| *share).fold(0.0, f64::max);
    let applied = one.report.thresholds.iter().find(|threshold| threshold.confidence == 0.9);
    let (coverage, precision) = applied.map_or((0.0, 0.0), |at| (at.coverage, at.precision.share));
    eprintln!(
        "{} | {} | {} | {}/{} | possible {:.1} | model {:.1} | best {:.1} | top3 {:.1} | at 0.9 {:.1}% @ {:.1} | error {:.3} | {:.0} s",
        one.tag,
        one.org,
        one.split,
        one.learned,
        one.report.measured,
        100.0 * one.possible,
        100.0 * one.report.accuracy,
        100.0 * best,
        100.0 * one.top3,
        100.0 * coverage,
        100.0 * precision,
        one.report.calibration_error,
        one.seconds
    );
}
