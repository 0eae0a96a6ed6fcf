//! The shape of trees: `trees.md`.

use std::path::Path;

use tagpol_syntax::SyntaxNode;

use crate::messages::text_of;
use crate::suite;

#[test]
fn trees() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/trees.md");
    suite::check(&path, |case| {
        let parse = tagpol_syntax::parse(text_of(case));
        assert_eq!(parse.errors(), []);
        let mut out = String::new();
        parse.root().children().for_each(|item| print(&item, 0, &mut out));
        out
    });
}

/// One line a node with its own tokens; white space left out.
fn print(node: &SyntaxNode, depth: usize, out: &mut String) {
    let tokens = node.children_with_tokens().filter_map(|element| element.into_token());
    let tokens: Vec<String> =
        tokens.filter(|token| !token.text().trim().is_empty()).map(|token| token.text().to_owned()).collect();
    out.push_str(
        &format!("{}{:?} {}", "  ".repeat(depth), node.kind(), tokens.join(" "))
            .trim_end()
            .replace('\n', " "),
    );
    out.push('\n');
    node.children().for_each(|child| print(&child, depth + 1, out));
}
