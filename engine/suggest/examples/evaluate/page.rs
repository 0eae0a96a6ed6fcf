//! The card: Markdown with a picture beside it, and one page with all in it.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use tagpol_suggest::{Bin, TargetReport, reliability};

use crate::measured::Figures;
use crate::published::Published;
use crate::steps::{ANSWERS, Order};
use crate::untrained::{Claims, Untrained, wilson};

/// Writes `card.md`, `reliability.svg` and `card.html` to a folder.
pub(crate) fn write(
    folder: &Path,
    measured: &[Figures],
    untrained: &[Untrained],
    published: &Published,
) -> io::Result<()> {
    let mut sorted: Vec<&Figures> = measured.iter().collect();
    sorted.sort_by_key(|one| (order(&one.split), one.tag.clone(), one.org.clone()));
    let picture = reliability(&pooled(&sorted));
    std::fs::write(folder.join("reliability.svg"), &picture)?;
    let blocks = blocks(&sorted, untrained, published);
    std::fs::write(folder.join("card.md"), markdown(&blocks))?;
    std::fs::write(folder.join("card.html"), page(&blocks, &picture))
}

fn order(split: &str) -> usize {
    let steps: Vec<String> =
        ANSWERS.iter().flat_map(|answers| Order::ALL.map(|order| order.split(*answers))).collect();
    let mut splits = steps.iter().map(String::as_str).chain(["random", "unseen families"]);
    splits.position(|known| known == split).unwrap_or(steps.len() + 2)
}

/// A part of the card.
enum Block {
    Title(&'static str),
    Text(&'static str),
    /// The reliability plots.
    Picture,
    Table {
        head: Vec<&'static str>,
        rows: Vec<Vec<String>>,
    },
}

const HOW: &str = "\
For each organization, a model was trained on a part of the resources, for all tags at once, and measured on the rest, \
each tag as if it were missing. Random: one resource of five was held out, so that near-identical ones are on both sides. \
Unseen families: one family of five was held out; a family is all resources that share a resource group, a namespace, a \
Terraform root or an account, in any environment. Other organizations: the model was trained on all other organizations, \
for the environment only. After some answers: the model was trained on the resources that a person confirmed, at random or in the \
order in which `tagpol review` asks, in which one answer decides all suggestions that are alike; the measured resources are the \
same after each. At most 6,000 resources a tag; values of fewer than five resources are left out.";

const WORDS: &str = "\
What words of name, account and groups stand for by the taxonomy, without training: the share of resources that get an \
environment, and the share of those that is right, with its 95% interval, in which a family counts once. Words that contradict \
each other give none.";

const AGAINST: &str = "\
Simple methods were trained and measured on the same resources: the most frequent value of the account, the \
ten nearest neighbors, the words of the name, and naive Bayes and logistic regression on n-grams of two to five letters of name \
and type, of those with account, group and region, or of those with the other tags. The best of these nine is chosen by its \
accuracy on the measured resources, which no method can know beforehand. Published is the best figure of the list's own table, \
which has other splits. In the intervals (95%) of the model, near-identical resources count once, and of unseen families each \
family. Possible is the share whose value occurs in the training data.";

const THRESHOLDS: &str = "\
For each threshold: the share of resources that get a value, and the share of those values that is right, with its 95% \
interval. Error is the expected calibration error. A threshold that the resources held out in training do not support is empty.";

const PLOTS: &str = "\
Each bar shows the share of suggestions of about the same probability that was right; on the diagonal, both are equal.";

fn blocks(measured: &[&Figures], untrained: &[Untrained], published: &Published) -> Vec<Block> {
    vec![
        Block::Title("Suggestions on an inventory of several organizations"),
        Block::Text(HOW),
        Block::Title("Before anything is learned"),
        Block::Text(WORDS),
        Block::Table {
            head: vec!["organization", "measured", "any words", "words in two texts"],
            rows: untrained.iter().map(words).collect(),
        },
        Block::Title("Comparison with simple methods"),
        Block::Text(AGAINST),
        Block::Table {
            head: vec![
                "split",
                "tag",
                "organization",
                "trained/measured",
                "families",
                "possible",
                "model",
                "top 3",
                "best in this run",
                "published",
                "verdict",
            ],
            rows: measured.iter().map(|one| against(one, published)).collect(),
        },
        Block::Title("Coverage and precision"),
        Block::Text(THRESHOLDS),
        Block::Table {
            head: vec!["split", "tag", "organization", "error", "at 0.70", "at 0.80", "at 0.90", "at 0.95"],
            rows: measured.iter().map(|one| claimed(one)).collect(),
        },
        Block::Title("Reliability"),
        Block::Text(PLOTS),
        Block::Picture,
        Block::Title("Each method"),
        Block::Table {
            head: vec!["split", "tag", "organization", "accuracy"],
            rows: measured.iter().map(|one| each(one)).collect(),
        },
    ]
}

fn words(one: &Untrained) -> Vec<String> {
    let shown = |claims: &Claims| {
        let (low, high) = claims.interval();
        let coverage = claims.claimed as f64 / one.measured.max(1) as f64;
        match claims.claimed {
            0 => "–".to_owned(),
            _ => format!(
                "{} get one, {} right ({} to {})",
                percent(coverage),
                percent(claims.share()),
                percent(low),
                percent(high)
            ),
        }
    };
    vec![one.org.clone(), one.measured.to_string(), shown(&one.any), shown(&one.agreed)]
}

fn titles(one: &Figures) -> Vec<String> {
    vec![one.split.clone(), one.tag.clone(), one.org.clone()]
}

fn against(one: &Figures, published: &Published) -> Vec<String> {
    let mut cells = titles(one);
    let best = best(one);
    let table = published.get(&(one.org.clone(), one.tag.clone(), one.split.clone()));
    cells.extend([
        format!("{}/{}", one.learned, one.report.measured),
        one.families.to_string(),
        percent(one.possible),
        with_interval(one),
        percent(one.top3),
        best.map_or(String::new(), |(name, share)| format!("{} ({name})", percent(*share))),
        table.map_or("–".to_owned(), |(share, _)| percent(*share)),
        verdict(one, table.copied()),
    ]);
    cells
}

fn with_interval(one: &Figures) -> String {
    let (low, high) = wilson(one.report.accuracy, witnesses(one));
    format!("{} ({} to {})", percent(one.report.accuracy), percent(low), percent(high))
}

fn best(one: &Figures) -> Option<&(String, f64)> {
    one.others.iter().max_by(|a, b| a.1.total_cmp(&b.1))
}

/// Says whether the model is ahead of the best simple method of the run and of the published figure,
/// and details if it is not.
fn verdict(one: &Figures, published: Option<(f64, usize)>) -> String {
    let asked = one.report.measured as f64;
    let best = best(one).map_or(0.0, |(_, share)| *share);
    let lead = ((one.report.accuracy - best) * asked).round();
    let mut text = match lead {
        lead if lead > 0.0 => "ahead".to_owned(),
        lead if lead < 0.0 => {
            format!("behind by {} of {}{}{}", -lead, one.report.measured, chance(one, best), rare(one))
        }
        _ => "equal".to_owned(),
    };
    if let Some((share, of)) = published.filter(|(share, _)| *share > one.report.accuracy + 5e-4) {
        let mut noise = one.report.accuracy * (1.0 - one.report.accuracy) / witnesses(one);
        noise += share * (1.0 - share) / of as f64;
        let doubt = if share - one.report.accuracy <= 1.96 * noise.sqrt() { ", within chance" } else { "" };
        let bound = if share > one.possible {
            format!("; {} could be right here at most", percent(one.possible))
        } else {
            String::new()
        };
        let _ = write!(text, "; below the published figure of another draw{doubt}{bound}");
    }
    text
}

/// The number of independent answers: near-identical resources are right or wrong together.
fn witnesses(one: &Figures) -> f64 {
    (if one.split != "unseen families" && one.split != crate::measured::ACROSS {
        one.groups
    } else {
        one.families
    })
    .max(1) as f64
}

/// Says whether a difference is one that chance makes.
fn chance(one: &Figures, best: f64) -> String {
    let share = one.report.accuracy;
    let noise = (share * (1.0 - share) + best * (1.0 - best)) / witnesses(one);
    let is_within = one.split != "unseen families" && one.split != crate::measured::ACROSS;
    let what = if is_within { "groups of near-identical ones" } else { "families" };
    let count = witnesses(one);
    if best - share <= 1.96 * noise.sqrt() {
        format!(", within chance for {count} {what}")
    } else {
        String::new()
    }
}

/// Says where values that a single resource has make a difference: they are never suggested.
fn rare(one: &Figures) -> String {
    if one.possible - one.report.possible < 5e-3 {
        return String::new();
    }
    format!("; {} have a value of two others, and no other is suggested", percent(one.report.possible))
}

fn claimed(one: &Figures) -> Vec<String> {
    let mut cells = titles(one);
    cells.push(format!("{:.3}", one.report.calibration_error));
    let shown = one.report.thresholds.iter().filter(|threshold| threshold.confidence > 0.6);
    cells.extend(shown.map(|threshold| {
        let precision = threshold.precision;
        if threshold.coverage == 0.0 {
            return "–".to_owned();
        }
        format!(
            "{} get one, {} right ({} to {})",
            percent(threshold.coverage),
            percent(precision.share),
            percent(precision.low),
            percent(precision.high)
        )
    }));
    cells
}

fn each(one: &Figures) -> Vec<String> {
    let mut cells = titles(one);
    let others = one.others.iter().map(|(name, share)| format!("{name} {}", percent(*share)));
    cells.push(others.collect::<Vec<_>>().join(", "));
    cells
}

fn percent(share: f64) -> String {
    format!("{:.1}%", 100.0 * share)
}

/// Returns the bins of each tag and split over all organizations.
fn pooled(measured: &[&Figures]) -> Vec<TargetReport> {
    let mut pooled: Vec<TargetReport> = Vec::new();
    for one in measured {
        let name = format!("{}, {}", one.tag, one.split);
        match pooled.iter_mut().find(|known| known.name == name) {
            Some(known) => add(known, one),
            None => pooled.push(TargetReport {
                name,
                labelled: one.report.measured,
                regimes: Vec::new(),
                all: one.report.clone(),
            }),
        }
    }
    pooled
}

fn add(known: &mut TargetReport, one: &Figures) {
    known.labelled += one.report.measured;
    let bins = &mut known.all.bins;
    for new in &one.report.bins {
        let place = |bin: &Bin| (bin.predicted * 10.0).floor() as i64;
        match bins.iter_mut().find(|bin| place(bin) == place(new)) {
            Some(bin) => *bin = merged(bin, new),
            None => bins.push(*new),
        }
    }
    let all: u64 = bins.iter().map(|bin| bin.count).sum();
    let off: f64 = bins.iter().map(|bin| (bin.predicted - bin.right).abs() * bin.count as f64).sum();
    known.all.calibration_error = off / all.max(1) as f64;
}

fn merged(a: &Bin, b: &Bin) -> Bin {
    let count = a.count + b.count;
    let mean = |x: f64, y: f64| (x * a.count as f64 + y * b.count as f64) / count.max(1) as f64;
    Bin { predicted: mean(a.predicted, b.predicted), right: mean(a.right, b.right), count }
}

fn markdown(blocks: &[Block]) -> String {
    let mut text = String::new();
    for (at, block) in blocks.iter().enumerate() {
        let _ = match block {
            Block::Title(title) => writeln!(text, "{} {title}\n", if at == 0 { "#" } else { "##" }),
            Block::Text(paragraph) => writeln!(text, "{paragraph}\n"),
            Block::Picture => {
                writeln!(text, "![Predicted probabilities and the share that was right](reliability.svg)\n")
            }
            Block::Table { head, rows } => {
                let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
                let head: Vec<String> = head.iter().map(|cell| (*cell).to_owned()).collect();
                let body: String = rows.iter().map(|row| line(row)).collect();
                writeln!(text, "{}|{}\n{body}", line(&head), "---|".repeat(head.len()))
            }
        };
    }
    text
}

const STYLE: &str = "\
body{font:14px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:1200px;padding:0 1rem;color:#222}\
table{border-collapse:collapse;width:100%;font-size:12px;margin:1rem 0}\
th,td{border-bottom:1px solid #ddd;padding:3px 8px;text-align:left;vertical-align:top}\
th{background:#f4f6f8;position:sticky;top:0}tr.behind td{background:#fdf3f1}\
svg{max-width:100%;height:auto}p{max-width:90ch}";

fn page(blocks: &[Block], picture: &str) -> String {
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Model card</title>\
         <style>{STYLE}</style></head><body>\n"
    );
    for (at, block) in blocks.iter().enumerate() {
        let level = if at == 0 { 1 } else { 2 };
        let _ = match block {
            Block::Title(title) => writeln!(html, "<h{level}>{title}</h{level}>"),
            Block::Text(paragraph) => writeln!(html, "<p>{paragraph}</p>"),
            Block::Picture => writeln!(html, "{picture}"),
            Block::Table { head, rows } => {
                let head: String = head.iter().map(|cell| format!("<th>{cell}</th>")).collect();
                let rows: String = rows.iter().map(|cells| row(cells)).collect();
                writeln!(html, "<table><thead><tr>{head}</tr></thead><tbody>\n{rows}</tbody></table>")
            }
        };
    }
    html.push_str("</body></html>\n");
    html
}

fn row(cells: &[String]) -> String {
    let behind = cells.iter().any(|cell| cell.starts_with("behind"));
    let cells: String = cells.iter().map(|cell| format!("<td>{}</td>", escaped(cell))).collect();
    format!("<tr{}>{cells}</tr>\n", if behind { " class=\"behind\"" } else { "" })
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
