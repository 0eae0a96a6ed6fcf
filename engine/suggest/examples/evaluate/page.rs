//! The card: Markdown with a picture beside it, and one page with all in it.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use tagpol_suggest::{Bin, TargetReport, reliability};

use crate::measured::Figures;
use crate::published::Published;

/// Writes `card.md`, `reliability.svg` and `card.html` to a folder.
pub(crate) fn write(folder: &Path, measured: &[Figures], published: &Published) -> io::Result<()> {
    let mut sorted: Vec<&Figures> = measured.iter().collect();
    sorted.sort_by_key(|one| (order(&one.split), one.tag.clone(), one.org.clone()));
    let picture = reliability(&pooled(&sorted));
    std::fs::write(folder.join("reliability.svg"), &picture)?;
    let blocks = blocks(&sorted, published);
    std::fs::write(folder.join("card.md"), markdown(&blocks))?;
    std::fs::write(folder.join("card.html"), page(&blocks, &picture))
}

fn order(split: &str) -> usize {
    ["random", "unseen families"].iter().position(|known| *known == split).unwrap_or(2)
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
For each organisation a model learnt all tags at once from a part of the resources, and was asked about the rest, \
each tag as if the resource lacked it. Random: one resource of five was kept aside, so near-identical ones stand on both \
sides. Unseen families: all resources of one family of five were, a family being what shares a resource group, a \
namespace, a Terraform root or an account, whatever the environment. Other organisations: the model learnt from all \
organisations but the one that it was asked about, and nothing but the environment. At most 6,000 resources a tag; values \
that fewer than five resources have are left out.";

const AGAINST: &str = "\
Simple methods learnt from the same resources and were asked about the same: the most frequent value of the account, the \
ten nearest neighbours, the words of the name, and naive Bayes and logistic regression on runs of two to five letters of name \
and type, of those with account, group and region, or of those with the other tags. The best of these nine is chosen by what it \
reached on the very resources that it was asked about, which no method could know beforehand. Published is the best figure of \
the list's own table, whose splits were drawn otherwise. Possible is the share whose value had been seen at all.";

const THRESHOLDS: &str = "\
What is claimed at a threshold: the share of resources that get a value, and the share of those values that is right, with its \
interval of 95%. Error is the expected calibration error. Nothing is claimed where the resources kept aside while training do not \
support it.";

const PLOTS: &str = "\
Bars are the share that was right of what was said to be about that likely; the line is where they should end.";

fn blocks(measured: &[&Figures], published: &Published) -> Vec<Block> {
    vec![
        Block::Title("Suggestions on an inventory of several organisations"),
        Block::Text(HOW),
        Block::Title("Against simple methods"),
        Block::Text(AGAINST),
        Block::Table {
            head: vec![
                "split",
                "tag",
                "organisation",
                "learnt/asked",
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
        Block::Title("What is claimed"),
        Block::Text(THRESHOLDS),
        Block::Table {
            head: vec!["split", "tag", "organisation", "error", "at 0.70", "at 0.80", "at 0.90", "at 0.95"],
            rows: measured.iter().map(|one| claimed(one)).collect(),
        },
        Block::Title("Reliability"),
        Block::Text(PLOTS),
        Block::Picture,
        Block::Title("Each method"),
        Block::Table {
            head: vec!["split", "tag", "organisation", "shares that were right"],
            rows: measured.iter().map(|one| each(one)).collect(),
        },
    ]
}

fn titles(one: &Figures) -> Vec<String> {
    vec![one.split.clone(), one.tag.clone(), one.org.clone()]
}

fn against(one: &Figures, published: &Published) -> Vec<String> {
    let mut cells = titles(one);
    let best = best(one);
    let table = published.get(&(one.org.clone(), one.tag.clone(), one.split.clone()));
    cells.extend([
        format!("{}/{}", one.learnt, one.report.measured),
        one.families.to_string(),
        percent(one.possible),
        percent(one.report.accuracy),
        percent(one.top3),
        best.map_or(String::new(), |(name, share)| format!("{} ({name})", percent(*share))),
        table.map_or("–".to_owned(), |(share, _)| percent(*share)),
        verdict(one, table.copied()),
    ]);
    cells
}

fn best(one: &Figures) -> Option<&(String, f64)> {
    one.others.iter().max_by(|a, b| a.1.total_cmp(&b.1))
}

/// Says whether the model is ahead of the best simple method of the run and of the published figure,
/// and what there is to know where it is not.
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

/// How many independent resources an answer stands for: near-identical ones are right or wrong together.
fn witnesses(one: &Figures) -> f64 {
    (if order(&one.split) == 0 { one.groups } else { one.families }).max(1) as f64
}

/// Says whether a difference is one that chance makes.
fn chance(one: &Figures, best: f64) -> String {
    let share = one.report.accuracy;
    let noise = (share * (1.0 - share) + best * (1.0 - best)) / witnesses(one);
    let what = if order(&one.split) == 0 { "groups of near-identical ones" } else { "families" };
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

/// Returns the bins of each tag and split over all organisations.
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
        let place = |bin: &Bin| (bin.said * 10.0).floor() as i64;
        match bins.iter_mut().find(|bin| place(bin) == place(new)) {
            Some(bin) => *bin = merged(bin, new),
            None => bins.push(*new),
        }
    }
    let all: u64 = bins.iter().map(|bin| bin.count).sum();
    let off: f64 = bins.iter().map(|bin| (bin.said - bin.right).abs() * bin.count as f64).sum();
    known.all.calibration_error = off / all.max(1) as f64;
}

fn merged(a: &Bin, b: &Bin) -> Bin {
    let count = a.count + b.count;
    let mean = |x: f64, y: f64| (x * a.count as f64 + y * b.count as f64) / count.max(1) as f64;
    Bin { said: mean(a.said, b.said), right: mean(a.right, b.right), count }
}

fn markdown(blocks: &[Block]) -> String {
    let mut text = String::new();
    for (at, block) in blocks.iter().enumerate() {
        let _ = match block {
            Block::Title(title) => writeln!(text, "{} {title}\n", if at == 0 { "#" } else { "##" }),
            Block::Text(paragraph) => writeln!(text, "{paragraph}\n"),
            Block::Picture => writeln!(text, "![What was said against what was right](reliability.svg)\n"),
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
