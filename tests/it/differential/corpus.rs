//! Regular expressions and letters, each against each, where random cases would meet few.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use tagpol_interp::{Options, Row, RowResult, evaluate};
use tagpol_sema::program::{
    Action, ActionKind, Check, CheckKind, Func, Loc, Pattern, Policy, Pred, Program, Regex, Rule, Severity,
    Tag, TagId, TagType, Value,
};
use tagpol_sema::regex;

use super::database::Database;
use super::schema::TAGS;
use super::{Case, differences, pools};

/// The native tag that holds the text of a resource.
const KEY: &str = "text";

/// Expressions that the two engines could well read differently.
const REGEXES: &[&str] = &[
    "a{0}",
    "a{0,0}b",
    "(a{2}){3}",
    "(?:a?){10}a{10}",
    "a*?",
    "a+?b",
    "a??b",
    "(a|ab)(c|bcd)(d*)",
    "^",
    "$",
    "^$",
    "^^a$$",
    "a^b",
    "a$b",
    "(^a|b$)",
    "(?:^)*a",
    r"\b",
    r"\bé",
    r"é\b",
    r"\b_\b",
    r"[\d]",
    r"[\w-]+",
    r"[\s\S]*x",
    r"[^\d]",
    r"[a\-z]",
    r"[]a]",
    r"[^]a]",
    r"[a-]",
    r"[-a]",
    r"[\]]",
    r"[\^a]",
    r"[.*+?(){}|$]",
    "[a-z&&b]",
    "[é-ü]",
    r"[\x{e9}-\x{fc}]",
    r"\x{1f600}",
    "[😀-😂]",
    "[^é]",
    r"\x41",
    r"\x{10ffff}",
    r"\n",
    r"\t",
    r"\r",
    r"\f",
    r"\v",
    r"\a",
    r"\.",
    r"\-",
    r"\/",
    "/",
    " ",
    "a b",
    "(?:)",
    "()",
    "(|a)+",
    "(a|)+b",
    "(a*)*",
    "(a*)+$",
    "((a)|(b))*",
    "x{1000}",
    "日.",
    "..",
    "[[:alpha:]]",
    "[[:^alpha:]]",
    "[[:word:]]+",
    "ſ",
    "K",
    "ß",
    "ẞ",
    "İ",
    "ı",
    "Σ",
    "ς",
    "ﬁ",
    "Ǆ",
    "[k-l]",
    "[^k]",
    "[ſ]",
    "STRASSE",
    "σ+",
    "\\Qa.b\\E",
    "a|b|",
    "|",
    "a||b",
    r"(a)\.(b)",
    r"\\",
    r"\'",
    "'",
    "\"",
    "%",
    "_",
    "$1",
    "\\$1",
    "{",
    "a{",
    "a{,3}",
    "}",
];

/// Texts that show it.
const TEXTS: &[&str] = &[
    "aaaaaa",
    "aaaaaaaaaa",
    "abcd",
    "abcbcd",
    "b",
    "bb",
    "ab\n",
    "a\n",
    "\na",
    "a\r\nb",
    "\r",
    "\u{b}",
    "\u{c}",
    "\u{85}",
    "\u{2028}",
    "é",
    "É",
    "ü",
    "_",
    "-",
    "]",
    "^",
    "&",
    "a&b",
    "😀",
    "😁",
    "ſ",
    "K",
    "k",
    "S",
    "ß",
    "ẞ",
    "SS",
    "İ",
    "i\u{307}",
    "ı",
    "Σ",
    "σ",
    "ς",
    "ΣΑΣ",
    "ﬁ",
    "fi",
    "Ǆ",
    "ǅ",
    "ǆ",
    "strasse",
    "straße",
    "a.b",
    "a/b",
    "a b",
    "日本",
    "\\",
    "{",
    "}",
    "a{",
    "a{,3}",
    "|",
    "\u{7}",
    "x",
    "aab",
    "(a)",
];

fn place() -> Loc {
    Loc { file: "corpus.tagpol".into(), line: 1, column: 1 }
}

fn resource(index: usize, text: &str) -> Row {
    Row {
        id: format!("{index:06}"),
        name: None,
        type_: None,
        provider: None,
        account: None,
        region: None,
        created: None,
        monthly_cost: None,
        source: None,
        meta: None,
        tags: vec![(KEY.to_owned(), text.to_owned())],
        unknown_keys: Vec::new(),
        unknown_tags: false,
        charge: None,
    }
}

/// Returns the case of a program over resources that have these texts.
fn case<'t>(program: Program, texts: impl IntoIterator<Item = &'t str>) -> Case {
    let resources = texts.into_iter().enumerate().map(|(index, text)| resource(index, text)).collect();
    let options = Options { now: "2026-09-01T12:00:00Z".parse().unwrap(), ..Options::default() };
    Case { program, resources, options }
}

/// Evaluates a case in both ways.
fn both(case: &Case) -> (Vec<RowResult>, Vec<RowResult>) {
    let expected = evaluate(&case.program, &case.resources, &case.options);
    (expected, Database::new().evaluate(case).unwrap())
}

/// Every expression of the standard library.
fn of_the_library() -> Vec<String> {
    let mut found = BTreeSet::new();
    for module in tagpol_stdlib::MODULES {
        let db = tagpol_sema::Database::default();
        let project = db.project([("library.tagpol".to_owned(), module.text.to_owned())]);
        for tag in &tagpol_sema::analysis(&db, project).program.tags {
            if let TagType::Matching(regex) = &tag.ty {
                found.insert(regex.pattern.clone());
            }
            let arms = tag.normalizes.iter().flat_map(|normalize| &normalize.arms);
            for pattern in arms.flat_map(|arm| &arm.patterns) {
                if let Pattern::Regex(regex) = pattern {
                    found.insert(regex.pattern.clone());
                }
            }
        }
    }
    found.into_iter().collect()
}

/// Requires that the text matches, as a whole and in a part, in either case.
fn matches(pattern: &str) -> Policy {
    let check = |whole: bool, ignore_case: bool| {
        let regex = Regex { pattern: pattern.to_owned(), ignore_case };
        Check {
            id: format!("whole-{whole}-ignore-case-{ignore_case}"),
            kind: CheckKind::Require,
            pred: Pred::Matches { value: Value::Native(KEY.to_owned()), regex, whole },
            tag: None,
            message: None,
            expectation: "match".to_owned(),
            loc: place(),
        }
    };
    Policy {
        name: format!("/{pattern}/"),
        doc: String::new(),
        severity: Severity::Low,
        scope: None,
        checks: vec![check(true, false), check(true, true), check(false, false), check(false, true)],
        grace: None,
        escalate: None,
        controls: Vec::new(),
        remedies: Vec::new(),
        loc: place(),
    }
}

#[test]
fn regular_expressions_mean_the_same() {
    let library = of_the_library();
    let all = REGEXES.iter().chain(pools::PLAIN_REGEXES).chain(pools::GROUP_REGEXES).copied();
    let all: BTreeSet<&str> = all.chain(library.iter().map(String::as_str)).collect();
    let (taken, refused): (Vec<&str>, Vec<&str>) =
        all.into_iter().partition(|pattern| regex::check(pattern, "").is_ok());
    assert!(taken.len() > 100 && refused.len() > 5, "{} taken, refused {refused:?}", taken.len());
    let texts = TEXTS.iter().chain(pools::HOSTILE).chain(pools::NAMES).chain(pools::CELLS);
    let texts: BTreeSet<&str> = texts.chain(TAGS.iter().flat_map(|tag| tag.raw)).copied().collect();
    for patterns in taken.chunks(40) {
        let policies = patterns.iter().map(|pattern| matches(pattern)).collect();
        let case = case(Program { policies, ..Program::default() }, texts.iter().copied());
        let (expected, found) = both(&case);
        let lines = differences(&case, &expected, &found);
        let told: Vec<String> =
            case.resources.iter().map(|row| format!("{} {:?}", row.id, row.tags)).collect();
        assert!(lines.is_empty(), "{lines:#?}\n{told:#?}");
    }
}

/// Gives the tag `lowered` the lower and `raised` the upper letters of the text.
fn cased() -> Program {
    let tag = |name: &str| Tag {
        name: name.to_owned(),
        doc: String::new(),
        ty: TagType::Text,
        importance: None,
        default: None,
        normalizes: Vec::new(),
        loc: place(),
    };
    let action = |tag, func| Action {
        kind: ActionKind::Set,
        tag,
        value: Value::Call(func, vec![Value::Native(KEY.to_owned())]),
        loc: place(),
    };
    let rule = Rule {
        name: "cases".to_owned(),
        doc: String::new(),
        priority: 0,
        when: None,
        actions: vec![action(TagId(0), Func::Lower), action(TagId(1), Func::Upper)],
        loc: place(),
    };
    Program {
        tags: vec![tag("lowered"), tag("raised")],
        rules: vec![rule],
        strata: vec![vec![TagId(0), TagId(1)]],
        ..Program::default()
    }
}

/// Letters whose case the tables of Rust and of the database map differently.
const OTHER_LETTERS: &[RangeInclusive<char>] = &[
    // Greek letters with a iota, which Unicode maps to two characters or to a letter of titles.
    'ᾀ'..='ᾇ',
    'ᾐ'..='ᾗ',
    'ᾠ'..='ᾧ',
    'ᾳ'..='ᾳ',
    'ῃ'..='ῃ',
    'ῳ'..='ῳ',
    // Letters, or cases of letters, that came with Unicode 16 and 17.
    'ƛ'..='ƛ',
    'ɤ'..='ɤ',
    '\u{1c89}'..='\u{1c8a}',
    '\u{a7cb}'..='\u{a7dc}',
    '\u{10d50}'..='\u{10d85}',
    '\u{16ea0}'..='\u{16ed3}',
];

#[test]
fn letters_have_the_same_cases() {
    let letters = ('\u{1}'..=char::MAX).filter(|c| {
        let same = |mapped: String| mapped.chars().eq([*c]);
        !same(c.to_lowercase().collect()) || !same(c.to_uppercase().collect())
    });
    let letters: Vec<String> = letters.map(String::from).collect();
    assert!(letters.len() > 2500, "{}", letters.len());
    let case = case(cased(), letters.iter().map(String::as_str));
    let (expected, found) = both(&case);
    let differ = letters.iter().zip(expected.iter().zip(&found)).filter(|(_, (a, b))| a != b);
    let unknown = |letter: &char| !OTHER_LETTERS.iter().any(|known| known.contains(letter));
    let unknown: Vec<char> = differ.flat_map(|(letter, _)| letter.chars()).filter(unknown).collect();
    assert_eq!(unknown, Vec::<char>::new());
}
