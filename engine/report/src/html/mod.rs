//! One self-contained page: no request to anywhere, no script but its own.
//!
//! The page is [`PAGE`] with its style sheet, its scripts and the data put in. The data is JSON in an
//! element that is not run, with `<`, `>` and `&` escaped, so that no text of a cloud can end the
//! element; the scripts put texts into the page as texts only. A content security policy names the
//! hashes of the style sheet and of the script, so that a browser would run nothing else.

mod advice;
mod data;
mod strings;

use std::io::{self, Write};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};
use tagpol_sink::json;

use super::Report;

/// The page, with places for what is put in.
const PAGE: &str = include_str!("report.html");

pub(crate) const STYLE: &str = include_str!("report.css");

/// The scripts, in the order that they depend on each other.
const SCRIPTS: [&str; 8] = [
    include_str!("dom.js"),
    include_str!("model.js"),
    include_str!("charts.js"),
    include_str!("panels.js"),
    include_str!("advice.js"),
    include_str!("link.js"),
    include_str!("table.js"),
    include_str!("main.js"),
];

/// Writes the page.
pub(super) fn write(report: &Report<'_>, out: &mut (dyn Write + Send)) -> io::Result<()> {
    let script = format!("\"use strict\";\n(() => {{\n{}}})();\n", SCRIPTS.concat());
    let policy = format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(&script)
    );
    let mut rest = PAGE;
    for part in ["{policy}", "{style}", "{data}", "{script}"] {
        let (before, after) = rest.split_once(part).unwrap_or((rest, ""));
        out.write_all(before.as_bytes())?;
        match part {
            "{policy}" => out.write_all(policy.as_bytes())?,
            "{style}" => out.write_all(STYLE.as_bytes())?,
            "{data}" => json::write_in_page(&mut *out, &data::data(report))?,
            _ => out.write_all(script.as_bytes())?,
        }
        rest = after;
    }
    out.write_all(rest.as_bytes())
}

/// The source expression by which a content security policy allows a text.
pub(crate) fn hash(text: &str) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(text.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_a_place_for_each_part() {
        for part in ["{policy}", "{style}", "{data}", "{script}"] {
            assert_eq!(PAGE.matches(part).count(), 1, "{part}");
        }
        for text in SCRIPTS.iter().chain([&STYLE]) {
            assert!(!text.contains("</"), "would end the element that it stands in");
            let text = text.replace("http://www.w3.org/2000/svg", "");
            assert!(!text.contains("innerHTML") && !text.contains("http:") && !text.contains("https:"));
        }
    }
}
