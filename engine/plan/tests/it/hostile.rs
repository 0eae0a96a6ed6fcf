//! No text of a program or a snapshot changes what the SQL says.

use std::sync::Arc;

use proptest::prelude::*;
use tagpol_plan::sql::remembered;
use tagpol_plan::sql::resources::{self, NamedBy, ValueColumn};
use tagpol_plan::{Dialect, KeyColumn, Layout, QueryKind, Request, Script, lower};
use tagpol_sema::program::{
    ActionKind, Attr, CompareAs, Func, Loc, MapTarget, Pattern, Pred, Program, TagId, TagType, TextOp, Value,
};

use crate::programs::{arm, equals, noon, normalize, policy, regex, require, rule, tag, text};

const HOSTILE: [&str; 14] = [
    "'",
    "''",
    "\"",
    "\\",
    "\\'",
    "'; DROP TABLE resources; --",
    "*/ /* --",
    "\0",
    "a\nb\r\nc\t",
    "\u{202e}gnp.exe\u{200b}\u{feff}\u{2028}",
    "%_%",
    "$1 {0} {} ?",
    "E'x' $$ $tag$",
    "😀é\u{301}İß",
];

/// A program that has the text wherever a text may stand, for a snapshot that has it as a key.
fn script_of(hostile: &str) -> Script {
    let loc = Loc { file: Arc::from(hostile), line: 1, column: 1 };
    let mut t = tag("t", TagType::Email);
    t.loc = loc.clone();
    t.default = Some(hostile.to_owned());
    t.normalizes = vec![normalize(
        &[hostile],
        vec![
            arm(vec![Pattern::Literal(hostile.to_owned())], MapTarget::Value(hostile.to_owned())),
            arm(vec![Pattern::Glob(format!("*{hostile}"))], MapTarget::Missing),
            arm(vec![Pattern::Regex(regex(hostile))], MapTarget::Value("fixed".to_owned())),
        ],
    )];
    let template = Value::Template(vec![Value::Attr(Attr::Id), text(hostile)]);
    let replaced = Value::Call(Func::Replace, vec![Value::Tag(TagId(0)), text(hostile), text("")]);
    let mut check = require("c", equals(replaced, hostile), Some(TagId(0)));
    check.loc = loc.clone();
    let mut set = rule("r", every_test(hostile), ActionKind::Set, TagId(0), template);
    set.loc = loc;
    let program = Program {
        tags: vec![t],
        rules: vec![set],
        policies: vec![policy("p", None, vec![check])],
        strata: vec![vec![TagId(0)]],
        ..Program::default()
    };
    let keys = vec![KeyColumn { key: hostile.to_owned(), column: None }];
    let layout = Layout { keys: Some(keys), ..Layout::generic() };
    let plan = lower(&program, &layout, &Request::at(noon())).unwrap();
    Script::new(&plan, Dialect::DuckDb)
}

fn every_test(hostile: &str) -> Pred {
    let native = || Value::Native(hostile.to_owned());
    let test = |op| Pred::Text { op, value: native(), patterns: vec![hostile.to_owned()] };
    let list = vec![text(hostile), text("other")];
    Pred::And(vec![
        test(TextOp::Contains),
        test(TextOp::StartsWith),
        test(TextOp::EndsWith),
        Pred::Text { op: TextOp::Like, value: native(), patterns: vec![format!("{hostile}*")] },
        Pred::Matches { value: native(), regex: regex(hostile), whole: false },
        Pred::In { value: native(), list, negated: false, by: CompareAs::Text },
    ])
}

/// The requests that need no plan, with the text wherever a text may stand.
fn requests_with(hostile: &str) -> String {
    let dialect = Dialect::DuckDb;
    let named = [NamedBy::Id, NamedBy::Name, NamedBy::IdEnding];
    let named = named.map(|by| resources::named("resources", hostile, by, 3, dialect));
    let others = [
        resources::with_ids("resources", [hostile, "other"], dialect),
        resources::similar("resources", hostile, 3, dialect),
        resources::containing("resources", hostile, 3, dialect),
        resources::attributes("resources", hostile, dialect),
        resources::native_tags("resources", hostile, dialect),
        resources::values("resources", ValueColumn::NativeKey(hostile), 3, dialect),
        remembered::decisions_of("decisions", hostile, dialect),
        remembered::predictions_of("predictions", hostile, dialect),
        remembered::first_seen_of("first_seen", hostile, dialect),
    ];
    named.into_iter().chain(others).collect::<Vec<_>>().join("\n;\n")
}

/// Returns the script without comments, with each constant text as `?` and each name made after a
/// native key as `key`.
fn skeleton(script: &Script) -> String {
    let queries = QueryKind::ALL.into_iter().flat_map(|kind| script.query(kind));
    let statements: Vec<&str> = script.statements().chain(queries.map(String::as_str)).collect();
    skeleton_of(&statements.join("\n;\n"))
}

fn skeleton_of(sql: &str) -> String {
    assert!(sql.chars().all(|c| c == '\n' || !c.is_control()), "a control character in {sql}");
    let mut out = String::new();
    let mut rest = sql;
    while let Some(at) = rest.find(['\'', '"', '-']) {
        let (plain, special) = rest.split_at(at);
        out.push_str(plain);
        rest = if let Some(comment) = special.strip_prefix("--") {
            comment.find('\n').map_or("", |end| comment.split_at(end).1)
        } else if let Some(text) = special.strip_prefix('\'') {
            out.push('?');
            after_quoted(text, '\'')
        } else if let Some(name) = special.strip_prefix('"') {
            out.push_str("name");
            after_quoted(name, '"')
        } else {
            out.push('-');
            special.split_at(1).1
        };
    }
    normalised(&(out + rest))
}

/// Returns what follows the end of a quoted text.
fn after_quoted(text: &str, quote: char) -> &str {
    match text.split_once(quote) {
        Some((_, after)) => match after.strip_prefix(quote) {
            Some(more) => after_quoted(more, quote),
            None => after,
        },
        None => panic!("a quoted text without an end: {text}"),
    }
}

/// Unseen characters are spelled by number, a `%` brings an ESCAPE, long lines are broken: none of
/// them says anything else.
fn normalised(sql: &str) -> String {
    let sql: String = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    let numbers = regex_of(r"chr\([0-9]+\)");
    let lists = regex_of(r"concat\(\?(?:, \?)*\)");
    let names = regex_of(r"\b(?:raw|tidy|folded_tidy|composed|native_t)_[a-z0-9_]*");
    let sql = numbers.replace_all(&sql, "?");
    let sql = lists.replace_all(&sql, "?");
    let sql = names.replace_all(&sql, "key");
    sql.replace(" ESCAPE ?", "").replace("( ", "(").replace(" )", ")")
}

fn regex_of(pattern: &str) -> regex::Regex {
    regex::Regex::new(pattern).unwrap()
}

#[test]
fn hostile_texts_leave_the_statements_as_they_are() {
    let harmless = skeleton(&script_of("abc"));
    assert!(harmless.contains("CREATE OR REPLACE TEMP TABLE evaluated AS WITH"), "{harmless}");
    for text in HOSTILE {
        assert_eq!(skeleton(&script_of(text)), harmless, "{text:?}");
    }
}

#[test]
fn hostile_texts_leave_requests_as_they_are() {
    let harmless = skeleton_of(&requests_with("abc"));
    assert!(harmless.contains("WHERE name = ?"), "{harmless}");
    for text in HOSTILE {
        assert_eq!(skeleton_of(&requests_with(text)), harmless, "{text:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_leaves_the_statements_as_they_are(text in any::<String>()) {
        prop_assume!(!text.is_empty() && !text.contains(['*', '?']));
        prop_assert_eq!(skeleton(&script_of(&text)), skeleton(&script_of("abc")));
        prop_assert_eq!(skeleton_of(&requests_with(&text)), skeleton_of(&requests_with("abc")));
    }
}
