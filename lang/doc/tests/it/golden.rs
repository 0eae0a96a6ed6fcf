//! What the documentation of a project with everything in it says. `INSTA_UPDATE=always` writes it anew.

use tagpol_doc::{Format, Layout};

use crate::support::{ALL, SHOP, documented};

#[test]
fn markdown_in_one_file() {
    let files = documented("shop", SHOP, Format::Markdown, Layout::Single);
    insta::assert_snapshot!(files[0].text);
}

#[test]
fn markdown_in_a_folder() {
    let files = documented("shop", SHOP, Format::Markdown, Layout::Folder);
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(
        names,
        ["index.md", "tags.md", "rules.md", "policies.md", "controls.md", "goals.md", "tests.md"]
    );
    insta::assert_snapshot!(files[4].text);
}

#[test]
fn html_in_a_folder() {
    let files = documented("shop", SHOP, Format::Html, Layout::Folder);
    let (_, content) = files[3].text.split_once("</style>").unwrap();
    insta::assert_snapshot!(content);
}

#[test]
fn a_project_with_next_to_nothing_has_every_page() {
    for (format, layout) in ALL {
        for file in documented("bare", "tag owner: email\n", format, layout) {
            assert!(file.text.contains("Made by"), "{}", file.name);
        }
    }
}

#[test]
fn pages_change_only_with_the_policies() {
    let moved = format!("// a comment\n\n\n{}", SHOP.replace("\n\n", "\n\n\n"));
    for (format, layout) in ALL {
        assert_eq!(documented("shop", &moved, format, layout), documented("shop", SHOP, format, layout));
    }
}
