//! No text of a project becomes structure.

use pulldown_cmark::{Event, Options, Parser};
use tagpol_doc::{Format, Layout};

use crate::support::documented;

/// Texts that mean something to Markdown or HTML.
const HOSTILE: &[&str] = &[
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "--><b>&lt;&#60;",
    "[x](javascript:alert(1))",
    "![x](http://example.com/x.png)",
    "# heading",
    "---",
    "===",
    "+ point",
    "1. first",
    "12) twelfth",
    "> quote",
    "a | b | c",
    "|---|---|",
    "**strong** _soft_ ~~gone~~ $x$",
    "snake_case _x_",
    "``` fence",
    "`` ` ``",
    "[ref]: http://example.com",
    "\\` \\* \\",
    ": definition",
    "x' onmouseover='y\\\" z",
    "a\\u{202e}b\\u{7}c\\u{2066}",
];

/// A project that says a text wherever it can say one.
fn project(text: &str) -> String {
    let plain = text.replace("\\u{202e}", "").replace("\\u{7}", "").replace("\\u{2066}", "");
    let doc = plain.replace("\\\"", "\"");
    let quoted = if text.contains("\\u{") {
        text.to_owned()
    } else {
        doc.replace('\\', "\\\\").replace('"', "\\\"").replace(['{', '}'], "")
    };
    format!(
        r#"
/// {doc}
///
/// first
/// {doc}
///
/// - {doc}
tag a: one of [x, "{quoted}"] {{ default "{quoted}"  example "{quoted}" }}
tag b: text

/// {doc}
normalize a {{
  keys "{quoted} key"
  map "q {quoted}" -> "{quoted}"
}}

/// {doc}
define d = resource.name == "{quoted}"

/// {doc}
rule r {{
  when native["{quoted}"] is set
  fill b = "{quoted}"
}}

/// {doc}
table t from "{quoted}.csv" key k {{
  k: text from "{quoted}"
}}

/// {doc}
policy p {{
  severity high
  for resource where d or b == "{quoted}"
  require b == "{quoted}" else "{quoted}"
  escalate to "{quoted}" after 1 hour
  control soc2 "{quoted}"
  remediate set b = "{quoted}"
}}

/// {doc}
exempt p {{
  until 2030-01-01
  because "{quoted}"
}}

/// {doc}
allocate s {{
  from resource where resource.name == "{quoted}"
  to b in ["{quoted}"]
  split even
}}

test "{quoted}" {{
  given {{ name "{quoted}" }}
  expect b == "{quoted}"
}}
"#
    )
}

/// The structure of Markdown: every event, without the texts and what only cuts them.
fn structure(markdown: &str) -> Vec<String> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_MATH
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_DEFINITION_LIST;
    let events = Parser::new_ext(markdown, options).filter_map(|event| match event {
        Event::Text(_) => None,
        Event::Code(_) => Some("code".to_owned()),
        event => Some(format!("{event:?}")),
    });
    events.collect()
}

/// The doc comment's own code spans would differ; they are what the author may write.
fn without_code(structure: Vec<String>) -> Vec<String> {
    structure.into_iter().filter(|event| event != "code").collect()
}

#[test]
fn markdown_keeps_its_structure() {
    for layout in [Layout::Single, Layout::Folder] {
        let harmless = documented("harmless", &project("harmless"), Format::Markdown, layout);
        for text in HOSTILE {
            let files = documented(text, &project(text), Format::Markdown, layout);
            for (file, expected) in files.iter().zip(&harmless) {
                let (found, expected) = (structure(&file.text), structure(&expected.text));
                assert_eq!(without_code(found), without_code(expected), "{text}\n{}", file.text);
            }
        }
    }
}

#[test]
fn html_keeps_its_structure() {
    let elements = regex::Regex::new("<[^>]*>").unwrap();
    let code = ["<code>", "</code>"];
    for layout in [Layout::Single, Layout::Folder] {
        let harmless = documented("harmless", &project("harmless"), Format::Html, layout);
        for text in HOSTILE {
            let files = documented(text, &project(text), Format::Html, layout);
            for (file, expected) in files.iter().zip(&harmless) {
                let of = |text: &str| -> Vec<String> {
                    let found = elements.find_iter(text).map(|found| found.as_str().to_owned());
                    found.filter(|element| !code.contains(&element.as_str())).collect()
                };
                assert_eq!(of(&file.text), of(&expected.text), "{text}");
            }
        }
    }
}

#[test]
fn nothing_turns_the_direction_of_writing() {
    let text = HOSTILE[HOSTILE.len() - 1];
    for format in [Format::Markdown, Format::Html] {
        for file in documented("x", &project(text), format, Layout::Single) {
            assert!(!file.text.contains(['\u{202e}', '\u{7}', '\u{2066}']));
        }
    }
}
