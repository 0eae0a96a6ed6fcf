//! Every link leads to a heading that is there.

use std::collections::BTreeSet;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use regex::Regex;
use tagpol_doc::{File, Format, Layout};

use crate::support::{SHOP, documented};

/// The id that code hosts give a heading.
fn slug(heading: &str) -> String {
    let kept = heading.to_lowercase();
    kept.chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

/// The ids and the links of a Markdown file.
fn of_markdown(file: &File) -> (BTreeSet<String>, Vec<String>) {
    let (mut ids, mut ways) = (BTreeSet::new(), Vec::new());
    let mut heading: Option<String> = None;
    for event in Parser::new_ext(&file.text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => drop(ids.insert(slug(&heading.take().unwrap()))),
            Event::Text(text) => heading.iter_mut().for_each(|heading| heading.push_str(&text)),
            Event::Start(Tag::Link { dest_url, .. }) => ways.push(dest_url.to_string()),
            _ => {}
        }
    }
    (ids, ways)
}

/// The same of an HTML file.
fn of_html(file: &File) -> (BTreeSet<String>, Vec<String>) {
    let all = |pattern: &str| -> Vec<String> {
        let found = Regex::new(pattern).unwrap();
        found.captures_iter(&file.text).map(|groups| groups[1].to_owned()).collect()
    };
    let ids = all(r#" id="([^"]*)""#);
    let unique: BTreeSet<String> = ids.iter().cloned().collect();
    assert_eq!(unique.len(), ids.len(), "an id is there twice in {}", file.name);
    (unique, all(r#" href="([^"]*)""#))
}

fn assert_links(files: &[File], read: impl Fn(&File) -> (BTreeSet<String>, Vec<String>)) {
    let ids = |name: &str| read(files.iter().find(|file| file.name == name).unwrap()).0;
    let mut count = 0;
    for file in files {
        for way in read(file).1 {
            let (page, id) = way.split_once('#').unwrap_or((&way, ""));
            let page = if page.is_empty() { file.name.as_str() } else { page };
            assert!(id.is_empty() || ids(page).contains(id), "{} leads to {way}", file.name);
            count += 1;
        }
    }
    assert!(count > 50, "{count} links");
}

#[test]
fn links_lead_to_headings() {
    for layout in [Layout::Single, Layout::Folder] {
        assert_links(&documented("shop", SHOP, Format::Markdown, layout), of_markdown);
        assert_links(&documented("shop", SHOP, Format::Html, layout), of_html);
    }
}
