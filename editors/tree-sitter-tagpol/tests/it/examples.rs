//! The examples of `test/corpus`, which `tree-sitter test` runs as well.

use std::path::Path;

use crate::parse;

/// A text, and the tree that is expected of it.
struct Example {
    name: String,
    text: String,
    tree: String,
}

#[test]
fn examples_have_their_trees() {
    let examples = examples();
    assert!(examples.len() > 15, "the examples are missing: {}", examples.len());
    for example in examples {
        let found = without_fields(&parse(&example.text).root_node().to_sexp());
        assert_eq!(found, example.tree, "{}", example.name);
    }
}

fn examples() -> Vec<Example> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("test/corpus");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.flat_map(|path| examples_of(&std::fs::read_to_string(path).unwrap())).collect()
}

/// Rules of `=` stand around the name, one of `-` before the tree.
fn examples_of(file: &str) -> Vec<Example> {
    let (double, single) = ("=".repeat(80), "-".repeat(80));
    let parts: Vec<&str> = file.split(&double).skip(1).collect();
    let example = |pair: &[&str]| {
        let [name, body] = pair else { panic!("a name without an example: {pair:?}") };
        let (text, tree) = body.split_once(&single).unwrap();
        Example {
            name: name.trim().to_owned(),
            text: text.to_owned(),
            // One blank between nodes, as tree-sitter prints them.
            tree: tree.split_whitespace().collect::<Vec<_>>().join(" "),
        }
    };
    parts.chunks(2).map(example).collect()
}

/// `(path name: (name))` is `(path (name))`.
fn without_fields(tree: &str) -> String {
    let words = tree.split(' ').filter(|word| !word.ends_with(':'));
    words.collect::<Vec<_>>().join(" ")
}
