//! Both parsers on every text of the repository.

use tagpol_syntax::{SyntaxErrorKind, SyntaxNode};
use tree_sitter::Node;

use crate::{corpus, parse};

/// A node: its kind, its first byte, the byte behind it.
type Shape = (String, usize, usize);

#[test]
fn trees_are_those_of_the_parser() {
    let mut compared = Vec::new();
    for (name, text) in corpus::all() {
        let expected = tagpol_syntax::parse(&text);
        // `&&` is told to be an operator of other languages, and parsed all the same.
        if expected.errors().iter().any(|error| error.kind != SyntaxErrorKind::WrongOperator) {
            continue;
        }
        let mut shapes = Vec::new();
        expected.root().children().for_each(|item| of_pest(&item, &mut shapes));
        assert_same(&name, &text, &shapes);
        compared.push(text);
    }
    assert!(compared.len() > 200, "only {} texts are without mistakes", compared.len());
    assert!(compared.iter().any(|text| text == corpus::EVERY_FORM), "every form is not compared");
}

#[test]
fn what_is_broken_is_told() {
    for text in ["tag = text", "policy p { require }", "rule r { fill a = }", "define a = b and"] {
        assert!(!tagpol_syntax::parse(text).errors().is_empty());
        assert!(parse(text).root_node().has_error(), "{text}");
    }
}

#[test]
fn one_mistake_leaves_the_items_around_it() {
    let text = "tag a: text\n\npolicy p {\n  severity high\n  require a ==\n}\n\ntag b: email\n";
    let tree = parse(text);
    let mut cursor = tree.walk();
    let items: Vec<&str> = tree.root_node().named_children(&mut cursor).map(|node| node.kind()).collect();
    assert_eq!(items, ["tag_item", "policy_item", "tag_item"]);
}

fn assert_same(name: &str, text: &str, expected: &[Shape]) {
    let tree = parse(text);
    let mut found = Vec::new();
    of_tree_sitter(tree.root_node(), &mut found);
    let differs = expected.iter().zip(&found).find(|(expected, found)| expected != found);
    if let Some((expected, found)) = differs {
        panic!(
            "{name}\nexpected {expected:?}: {}\nfound {found:?}",
            text.get(expected.1..expected.2).unwrap()
        );
    }
    assert_eq!(expected.len(), found.len(), "{name}: {}", tree.root_node().to_sexp());
}

/// The nodes below one in text order, without the white space and comments at their ends.
fn of_pest(node: &SyntaxNode, shapes: &mut Vec<Shape>) {
    let tokens = node.descendants_with_tokens().filter_map(|element| element.into_token());
    let tokens: Vec<_> = tokens.filter(|token| !token.kind().is_trivia()).collect();
    let start = tokens.first().unwrap().text_range().start();
    let end = tokens.last().unwrap().text_range().end();
    shapes.push((snake_case(&format!("{:?}", node.kind())), start.into(), end.into()));
    node.children().for_each(|child| of_pest(&child, shapes));
}

/// `UseItem` is `use_item`.
fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// The same of tree-sitter's tree. Tokens are no nodes there, and neither are the braces of a block.
fn of_tree_sitter(node: Node<'_>, shapes: &mut Vec<Shape>) {
    let mut cursor = node.walk();
    for child in node.named_children(&mut cursor) {
        if is_node(child.kind()) {
            shapes.push((child.kind().to_owned(), child.start_byte(), child.end_byte()));
        }
        of_tree_sitter(child, shapes);
    }
}

fn is_node(kind: &str) -> bool {
    let is_token = matches!(
        kind,
        "name"
            | "unit"
            | "operator"
            | "number"
            | "date"
            | "bool"
            | "regex"
            | "comment"
            | "doc_comment"
            | "string"
            | "string_content"
            | "escape_sequence"
            | "interpolation"
    );
    !is_token && !kind.ends_with("_block")
}
