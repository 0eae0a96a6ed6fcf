//! The queries fit the grammar, and color every keyword.

use std::collections::{BTreeMap, BTreeSet};

use tree_sitter::{Node, Query, QueryCursor, StreamingIterator as _, Tree};
use tree_sitter_tagpol as grammar;

use crate::{corpus, keywords, language, parse};

#[test]
fn queries_fit_the_grammar() {
    let queries = [
        ("highlights", grammar::HIGHLIGHTS_QUERY),
        ("folds", grammar::FOLDS_QUERY),
        ("indents", grammar::INDENTS_QUERY),
        ("injections", grammar::INJECTIONS_QUERY),
        ("locals", grammar::LOCALS_QUERY),
        ("tags", grammar::TAGS_QUERY),
    ];
    for (name, text) in queries {
        let query = Query::new(&language(), text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(query.pattern_count() > 0, "{name}");
    }
}

#[test]
fn keywords_are_those_of_the_parser() {
    let language = language();
    let kinds = (0..language.node_kind_count()).map(|id| u16::try_from(id).unwrap());
    let words = kinds.filter(|id| language.node_kind_is_visible(*id) && !language.node_kind_is_named(*id));
    let mut found: Vec<&str> = words.filter_map(|id| language.node_kind_for_id(id)).collect();
    found.retain(|word| word.starts_with(|c: char| c.is_ascii_lowercase()));
    // Truth values, and the attributes of a `given`, which the parser takes for names.
    let attributes =
        ["id", "name", "type", "provider", "account", "region", "source", "created", "monthly-cost"];
    found.retain(|word| !attributes.contains(word) && !["true", "false"].contains(word));
    found.sort_unstable();
    found.dedup();
    let mut expected = keywords();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn every_keyword_has_a_colour() {
    let text = format!("{}define recent = resource.age within last 3 days\n", corpus::EVERY_FORM);
    let tree = parse(&text);
    let coloured: Vec<&str> = colors(&tree, &text)
        .into_iter()
        .filter(|(_, _, color)| color.starts_with("keyword"))
        .map(|(node, ..)| node.kind())
        .collect();
    let without: Vec<&str> = keywords().into_iter().filter(|word| !coloured.contains(word)).collect();
    assert_eq!(without, [] as [&str; 0]);
}

#[test]
fn every_name_has_one_colour() {
    let text = corpus::EVERY_FORM;
    let tree = parse(text);
    let mut patterns: BTreeMap<usize, BTreeSet<usize>> = names(tree.root_node());
    for (node, pattern, _) in colors(&tree, text) {
        if let Some(patterns) = patterns.get_mut(&node.start_byte()).filter(|_| node.kind() == "name") {
            patterns.insert(pattern);
        }
    }
    let wrong = patterns.iter().filter(|(_, patterns)| patterns.len() != 1);
    let wrong: Vec<&str> = wrong.map(|(at, _)| text[*at..].lines().next().unwrap()).collect();
    assert_eq!(wrong, [] as [&str; 0]);
}

/// What `highlights.scm` captures: the node, the number of the pattern, the color.
fn colors<'tree>(tree: &'tree Tree, text: &str) -> Vec<(Node<'tree>, usize, String)> {
    let query = Query::new(&language(), grammar::HIGHLIGHTS_QUERY).unwrap();
    let mut cursor = QueryCursor::new();
    let mut captures = cursor.captures(&query, tree.root_node(), text.as_bytes());
    let mut colors = Vec::new();
    while let Some((found, index)) = captures.next() {
        let capture = found.captures().get(*index).unwrap();
        let color = query.capture_names().get(capture.index as usize).unwrap();
        colors.push((capture.node, found.pattern_index, (*color).to_owned()));
    }
    colors
}

/// The first bytes of all names below a node, each with nothing.
fn names(node: Node<'_>) -> BTreeMap<usize, BTreeSet<usize>> {
    let mut cursor = node.walk();
    let children: Vec<Node<'_>> = node.named_children(&mut cursor).collect();
    let own = children.iter().filter(|child| child.kind() == "name");
    let own = own.map(|child| (child.start_byte(), BTreeSet::new()));
    own.chain(children.iter().flat_map(|child| names(*child))).collect()
}

#[test]
fn a_comment_may_stand_within_a_text() {
    let tree = parse("policy p { require a else \"https://example.com // no comment\" }");
    assert!(!tree.root_node().has_error());
    assert!(!tree.root_node().to_sexp().contains("comment"));
}
