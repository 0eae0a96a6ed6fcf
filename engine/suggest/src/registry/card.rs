//! The model card (Mitchell et al. 2019): the figures of a training as Markdown, and their plots as SVG.

use std::fmt::Write as _;

use tagpol_sink::{html, markdown};

use super::store::Entry;
use crate::calibration::outcome::Share;
use crate::calibration::reliability::Bin;
use crate::evaluation::report::{RegimeReport, TargetReport, Threshold, percent};

/// Returns the card of a model. `picture` is the path of its reliability plots, relative to the card; without it the
/// card has none.
pub fn card(entry: &Entry, picture: Option<&str>) -> String {
    let mut text = String::new();
    let about = &entry.about;
    let _ = write!(
        text,
        "# Model {}\n\nTrained at {} by tagpol {} on {} resources of snapshot {}, with seed {}.\n\n",
        markdown::code(&entry.id, false),
        markdown::text(&about.trained_at, false),
        markdown::text(&about.program, false),
        grouped(entry.report.resources),
        markdown::code(&about.snapshot, false),
        about.seed
    );
    text.push_str(HOW);
    text.push_str(&overview(&entry.report.targets));
    if let Some(picture) = picture {
        let _ = write!(
            text,
            "\n## Reliability\n\n![Predicted probabilities and the share that was right]({picture})\n\n{PLOT}"
        );
    }
    for target in &entry.report.targets {
        text.push_str(&section(target));
    }
    text
}

const HOW: &str = "\
All figures are measured on resources that were held out of training: whole families, and some resources of the other
families. A family is all resources that share an account, a resource group or a similar group, in any environment. Half
of the time, the model saw a resource without any tag. Case and punctuation of values are ignored.

";

const PLOT: &str = "\
Each bar shows the share of suggestions of about the same probability that was right; on the diagonal, both are equal.

";

fn overview(targets: &[TargetReport]) -> String {
    let baselines: Vec<&str> = targets
        .first()
        .map(|target| target.all.baselines.iter().map(|(baseline, _)| baseline.as_str()).collect())
        .unwrap_or_default();
    let mut text = format!(
        "## Comparison with simple methods\n\n| tag | measured | possible | model | {} | best |\n",
        baselines.join(" | ")
    );
    let _ = writeln!(text, "|---|{}", "---:|".repeat(baselines.len() + 4));
    for target in targets {
        let all = &target.all;
        let others: Vec<String> = all.baselines.iter().map(|(_, share)| percent(*share)).collect();
        let behind: Vec<&str> = all
            .baselines
            .iter()
            .filter(|(_, share)| *share > all.accuracy)
            .map(|(baseline, _)| baseline.as_str())
            .collect();
        let ahead = if behind.is_empty() { "yes".to_owned() } else { format!("no: {}", behind.join(", ")) };
        let _ = writeln!(
            text,
            "| {} | {} | {} | **{}** | {} | {ahead} |",
            markdown::text(&target.name, false),
            grouped(all.measured),
            percent(all.possible),
            percent(all.accuracy),
            others.join(" | ")
        );
    }
    text.push_str(
        "\n*Possible* is the share of resources whose right value at least two resources of the training data have.\n\
         Learning from values cannot exceed it; only copies of a name or of another tag can.\n",
    );
    text
}

fn section(target: &TargetReport) -> String {
    let mut text = format!(
        "\n## {}\n\n{} resources have this tag.\n\n",
        markdown::text(&target.name, false),
        grouped(target.labelled)
    );
    text.push_str("| resources | measured | accuracy | calibration error |\n|---|---:|---:|---:|\n");
    let regimes = ["family had the tag", "other families"];
    let rows = regimes.into_iter().zip(&target.regimes).chain([("all", &target.all)]);
    for (name, regime) in rows.clone() {
        let _ = writeln!(
            text,
            "| {name} | {} | {} | {:.3} |",
            grouped(regime.measured),
            percent(regime.accuracy),
            regime.calibration_error
        );
    }
    text.push_str(
        "\n| resources | applied at | coverage | precision | 95% interval |\n|---|---:|---:|---:|---:|\n",
    );
    for (name, regime) in rows {
        text.push_str(&thresholds(name, regime));
    }
    text
}

fn thresholds(name: &str, regime: &RegimeReport) -> String {
    let row = |threshold: &Threshold| {
        let Share { share, low, high } = threshold.precision;
        let precision = if threshold.coverage > 0.0 {
            format!("{} | {} to {}", percent(share), percent(low), percent(high))
        } else {
            "– | –".to_owned()
        };
        format!("| {name} | {:.2} | {} | {precision} |\n", threshold.confidence, percent(threshold.coverage))
    };
    regime.thresholds.iter().map(row).collect()
}

fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Side of a plot, in pixels.
const SIDE: f64 = 180.0;
/// Space around a plot, in pixels.
const SPACE: f64 = 34.0;
/// Plots in a row.
const ROW: usize = 4;

/// Returns the reliability plots of all tags as SVG.
pub fn reliability(targets: &[TargetReport]) -> String {
    let columns = targets.len().clamp(1, ROW);
    let rows = targets.len().div_ceil(ROW).max(1);
    let step = SIDE + 2.0 * SPACE;
    let (width, height) = (step * columns as f64, step * rows as f64);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" font-family=\"sans-serif\" font-size=\"11\" role=\"img\" \
         aria-label=\"Reliability of each tag\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    for (at, target) in targets.iter().enumerate() {
        let (x, y) = (step * (at % ROW) as f64 + SPACE, step * (at / ROW) as f64 + SPACE);
        svg.push_str(&plot(target, x, y));
    }
    svg.push_str("</svg>\n");
    svg
}

fn plot(target: &TargetReport, x: f64, y: f64) -> String {
    let mut svg = format!("<g transform=\"translate({x} {y})\">\n");
    let _ = writeln!(
        svg,
        "<text x=\"0\" y=\"-10\" font-size=\"12\" font-weight=\"bold\">{}</text>\
         <text x=\"{SIDE}\" y=\"-10\" text-anchor=\"end\" fill=\"#555\">error {:.3}</text>",
        html::line(&target.name),
        target.all.calibration_error
    );
    let most = target.all.bins.iter().map(|bin| bin.count).max().unwrap_or(1);
    for bin in &target.all.bins {
        svg.push_str(&bar(bin, most));
    }
    let _ = writeln!(
        svg,
        "<rect width=\"{SIDE}\" height=\"{SIDE}\" fill=\"none\" stroke=\"#999\"/>\
         <line x1=\"0\" y1=\"{SIDE}\" x2=\"{SIDE}\" y2=\"0\" stroke=\"#333\" stroke-dasharray=\"4 3\"/>"
    );
    for share in [0.0, 0.5, 1.0] {
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" fill=\"#555\">{share}</text>\
             <text x=\"-6\" y=\"{}\" text-anchor=\"end\" fill=\"#555\">{share}</text>",
            share * SIDE,
            SIDE + 15.0,
            SIDE - share * SIDE + 4.0
        );
    }
    svg.push_str("</g>\n");
    svg
}

/// A bar as high as the share that was right; the more resources, the more opaque.
fn bar(bin: &Bin, most: u64) -> String {
    let width = SIDE / 10.0;
    let at = (bin.predicted * 10.0).floor().min(9.0);
    let opacity = 0.25 + 0.75 * (bin.count as f64 / most as f64).sqrt();
    format!(
        "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"#2f6fab\" fill-opacity=\"{opacity:.2}\">\
         <title>predicted {:.2}, right {:.2}, {} resources</title></rect>\n\
         <circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"2.5\" fill=\"#c33\"/>\n",
        at * width + 1.0,
        SIDE - bin.right * SIDE,
        width - 2.0,
        bin.right * SIDE,
        bin.predicted,
        bin.right,
        bin.count,
        bin.predicted * SIDE,
        SIDE - bin.right * SIDE
    )
}
