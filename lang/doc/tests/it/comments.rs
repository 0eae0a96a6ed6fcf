//! How `///` texts are read.

use tagpol_doc::comment::{blocks, summary};
use tagpol_doc::document::{Anchor, Block, Kind, Span};

fn find(name: &str) -> Option<Anchor> {
    (name == "owner").then(|| Anchor { kind: Kind::Tag, name: name.to_owned() })
}

fn text(text: &str) -> Span {
    Span::Plain(text.to_owned())
}

#[test]
fn paragraphs_and_lists() {
    let doc = "One line\nand another.\n\n- a\n  goes on\n* b\n\n- c\n\n\nThe end.\n";
    let paragraph = |content: &str| Block::Paragraph(vec![text(content)]);
    let list = |points: &[&str]| Block::List(points.iter().map(|point| vec![text(point)]).collect());
    assert_eq!(
        blocks(doc, &find),
        [paragraph("One line and another."), list(&["a goes on", "b"]), list(&["c"]), paragraph("The end.")]
    );
}

#[test]
fn code_that_is_a_name_leads_there() {
    let link = Span::Link(find("owner").unwrap());
    let code = Span::Code("ownr".to_owned());
    assert_eq!(summary("a `owner`, `ownr`", &find), [text("a "), link, text(", "), code]);
}

#[test]
fn lone_backticks_are_text() {
    for doc in ["a ` b", "a `` b", "a ` ` b", "`"] {
        assert_eq!(summary(doc, &find), [text(doc)]);
    }
}

#[test]
fn the_summary_is_the_first_paragraph() {
    assert_eq!(summary("One.\nTwo.\n\nThree.", &find), [text("One. Two.")]);
    assert_eq!(summary("- a list", &find), []);
    assert_eq!(summary("", &find), []);
}
