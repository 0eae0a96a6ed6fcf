//! Readers of what the program prints, by their own rules: runners of CI jobs, a terminal, a spreadsheet, a code
//! host.

use std::collections::BTreeSet;

use pulldown_cmark::{Event, Options, Parser};
use regex::Regex;

/// The commands that a runner of CI jobs finds in a log: `TryParseV2` and `TryParse` of `ActionCommand` in
/// actions/runner, `TryParse` of `Command` in azure-pipelines-agent, and service messages of TeamCity. Whatever
/// the command is called counts, and also what is one to a search that ignores characters without a shape.
pub(crate) fn commands(log: &str) -> Vec<String> {
    let styles = Regex::new("\x1b\\[[0-9;]*m").unwrap();
    let is_ignorable = |c: char| {
        !c.is_whitespace()
            && (c.is_control() || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}'))
    };
    let mut found = Vec::new();
    for line in log.split(['\n', '\r']) {
        let plain = styles.replace_all(line, "").into_owned();
        let collated: String = plain.chars().filter(|c| !is_ignorable(*c)).collect();
        for read in [line, &plain, &collated] {
            let trimmed = read.trim_start();
            let is_v2 = trimmed.strip_prefix("::").is_some_and(|rest| rest.contains("::"));
            if is_v2 || ["##[", "##vso[", "##teamcity["].iter().any(|prefix| read.contains(prefix)) {
                found.push(line.to_owned());
            }
        }
    }
    found
}

/// What a terminal acts on, or shows in a way that misleads: all but the styles that the program has.
pub(crate) fn steering(text: &str, styles: &BTreeSet<String>) -> Vec<String> {
    let mut rest = text.replace("\r\n", "\n");
    for style in styles {
        rest = rest.replace(style, "");
    }
    let is_steering = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            || matches!(c, '\u{ad}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
    };
    rest.lines().filter(|line| line.contains(is_steering)).map(str::to_owned).collect()
}

/// The styles in a text.
pub(crate) fn styles(text: &str) -> BTreeSet<String> {
    let style = Regex::new("\x1b\\[[0-9;]*m").unwrap();
    style.find_iter(text).map(|found| found.as_str().to_owned()).collect()
}

/// Whether a spreadsheet evaluates a cell, by the rules of OWASP, which look behind white space and quotes.
pub(crate) fn is_formula(cell: &str) -> bool {
    let cell = cell.trim_start_matches(|c: char| c.is_whitespace() || c.is_control() || c == '"');
    cell.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
}

/// The links that a code host makes of a text: those of Markdown, the autolinks of GFM, and what GitHub and
/// GitLab find in prose.
pub(crate) fn links(markdown: &str) -> Vec<String> {
    let mut prose = String::new();
    let mut found = Vec::new();
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_GFM;
    for event in Parser::new_ext(markdown, options) {
        match event {
            Event::Text(text) => prose.push_str(&text),
            Event::Start(tag @ (pulldown_cmark::Tag::Link { .. } | pulldown_cmark::Tag::Image { .. })) => {
                found.push(format!("{tag:?}"));
            }
            _ => prose.push('\n'),
        }
    }
    let autolink = Regex::new(
        r"(?xi) [a-z][a-z0-9+.-]*:// | www\. | [a-z0-9._+-]+@[a-z0-9_-]+\. | @[a-z0-9] | \#[0-9]
          | \bg[hl]-[0-9] | \b[0-9a-f]{7,40}\b",
    );
    found.extend(autolink.unwrap().find_iter(&prose).map(|link| link.as_str().to_owned()));
    found
}

/// The elements of HTML in Markdown.
pub(crate) fn elements(markdown: &str) -> BTreeSet<String> {
    let html = |event| match event {
        Event::Html(html) | Event::InlineHtml(html) => Some(html.trim().to_owned()),
        _ => None,
    };
    let element = Regex::new("<[^>]*>").unwrap();
    let all: Vec<String> = Parser::new_ext(markdown, Options::ENABLE_TABLES).filter_map(html).collect();
    all.iter().flat_map(|html| element.find_iter(html)).map(|found| found.as_str().to_owned()).collect()
}
