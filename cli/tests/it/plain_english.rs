//! Texts that users read are in plain American English.
//!
//! The documents, the expected output of tests, the texts of the editors and the literals of the programs
//! contain none of [`PHRASES`]. A failure shows `file:line: phrase -> what to write`.

use std::process::Command;

use regex::Regex;

use crate::support::repository;

/// A phrase, as a regular expression; what to write; and longer phrases that contain it and are fine.
type Phrase = (&'static str, &'static str, &'static [&'static str]);

const PHRASES: &[Phrase] = &[
    (r"\bmend(s|ed|ing)?\b", "fix", &[]),
    (r"\bdearest\b", "most expensive", &[]),
    (r"\b[Ii]s no [a-z`]+", "is not a …", &[r"[Tt]here is no\b", r"is no (longer|more than)\b"]),
    (r"\b[Aa]re no [a-z`]+", "are not …", &[r"[Tt]here are no\b", r"are no longer\b"]),
    (r"\b[Ss]peaks? (of|for)\b", "applies to", &[]),
    (r"\b[Tt](ells?|old|elling)\b", "shows, contains, reports", &[]),
    (r"\b[Bb]esides?\b", "in addition to, next to", &[]),
    (r"\bmistakes? (is |are )?noticed\b|\bnot noticed\b", "mutants caught, survived", &[]),
    (r"\bweighed by\b", "weighted by", &[]),
    (r"\b[Ss]ince when\b", "when … first appeared", &[]),
    (r"\bcounts? no more\b", "expired", &[]),
    (r"\bcalled so\b", "named", &[]),
    (r", rather\b", "; more likely", &[]),
    (r"\b[Aa]nswers? of\b", "output of", &[]),
    (r"\bslip of the pen\b", "typo", &[]),
    (r"\bdo(es)? not hold\b", "fail", &[]),
    (r"\bchecks? (that )?holds?\b", "passing checks", &[]),
    (r"\bwant (a|an|one of|`|\{|\d)", "expected", &[]),
    (
        r"\b[Ss]ay (it|so)\b|\bsays (so|why|what|which|where|how|nothing|no)\b",
        "specify it, show, describe",
        &[],
    ),
    (r"\b[Ww]here (none|nothing)\b|\b[Ww]here there (is|are) (no|none|nothing)\b", "if", &[]),
    (r"\banew\b", "again", &[]),
    (r"\b(the|a|his|her) model says\b", "the model predicts", &[]),
    (
        r"(?i)\b(dis)?colour|\bcentre|\bfavour|\bhonour|\bbehaviour|\bneighbour|\blabour\b",
        "American spelling",
        &[],
    ),
    (
        concat!(
            r"(?i)(amort|author|capital|categor|custom|initial|material|maxim|minim|normal|optim|organ|",
            r"priorit|recogn|serial|special|standard|summar|synchron|token|util)is(e[ds]?|ers?|ing|ations?)\b",
        ),
        "American spelling",
        &[],
    ),
    (r"\bpassed over\b", "skipped", &[]),
    (r"\bnot judged\b", "not evaluated", &[]),
    (r"\b(of|from) a stranger\b", "untrusted", &[]),
    (r"\bfrom day to day\b", "daily", &[]),
    (r"\bis waited for\b", "wait for …", &[]),
    (r"\b[A-Z]{3} of it (is|was|in)\b", "includes … USD in …", &[]),
    (r"\bnothing is spread\b", "nothing to distribute", &[]),
    (r"\bnot a whole one\b", "incomplete month", &[]),
    (r"\bmake it again\b", "run … to update", &[]),
    (r"\b[Aa]sked for by\b|\bWhat it (asks|is)\s*(\||$)", "required by, requirement, description", &[]),
    (r"\bwhatever their case\b", "regardless of case", &[]),
    (r"\bread alike\b", "syntax in common", &[]),
    (r"\ba word of the language\b", "a keyword", &[]),
    (r"\blead back to itself\b", "refer to itself", &[]),
    (r"\b(tags|costs|keys|values) as such\b", "about …, tests of …", &[]),
    (r"\bthe promoted model\b", "the model in use", &[]),
    (r"\bas many are drawn\b", "sampled down to", &[]),
    (r"\b[Ww]hat cannot be seen\b|\bof which nothing\b", "invisible; two sentences", &[]),
    (r"\bcosts? that much less\b", "is reduced by", &[]),
    (r"\b[Ee]-mail address", "email address", &[]),
    (r"\bhelp: name (a|an|one|it|the|them|each|another)\b", "specify, add, use", &[]),
    (r"/// The least (number|share|confidence)\b", "Minimum …", &[]),
    (r"\blearnt\b", "learned", &[]),
    (
        r"(?i)\b(spelt|misspelt|licences?|analysed?|catalogues?|labell\w+|modell\w+|artefacts?|grey)\b",
        "American spelling",
        &[],
    ),
];

/// Folders and files whose texts are checked elsewhere, or are not written for this program.
const EXCLUDED: &[&str] = &[
    // Generated from policies of examples, whose texts are those of a team.
    "examples/quickstart/TAGS.md",
    "examples/shop/TAGS.md",
    // Programs with mistakes, and texts of their authors.
    "lang/doc/tests/",
    "lang/fmt/tests/",
    "lang/sema/tests/",
    "lang/syntax/tests/",
    // A measurement that was recorded once.
    "lsp/tests/ranking.md",
];

/// Literals that are names of the world outside: functions of a database, tags of users.
const NAMES: &[&str] = &["analyse", "cost-centre", "learnt", "neighbours", "said"];

/// The tracked files that are checked.
fn files() -> Vec<String> {
    let output = Command::new("git").arg("ls-files").current_dir(repository()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let is_excluded = |file: &str| EXCLUDED.iter().any(|folder| file.starts_with(folder));
    let all = String::from_utf8(output.stdout).unwrap();
    all.lines()
        .filter(|file| !is_excluded(file) && repository().join(file).is_file())
        .map(str::to_owned)
        .collect()
}

/// The texts of a file that users read, with their lines. None: the file has none.
fn texts(file: &str, content: &str) -> Option<Vec<(usize, String)>> {
    let ends = |endings: &[&str]| endings.iter().any(|ending| file.ends_with(ending));
    let is_test = ["tests/", "benches/", "examples/", "bench/", "fuzz/", "scripts/"]
        .iter()
        .any(|folder| file.starts_with(folder) || file.contains(&format!("/{folder}")))
        || file.ends_with("tests.rs");
    let is_prose = ends(&[".md", ".snap", "package.json"]) && !file.contains("/node_modules/");
    let is_prose =
        is_prose || file.starts_with("docs/schema/") || file.starts_with("editors/vscode/snippets/");
    let is_page = file.starts_with("engine/report/src/html/") && ends(&[".html", ".js"]);
    if is_prose {
        return Some((1..).zip(content.lines().map(str::to_owned)).collect());
    }
    if is_page || (file.starts_with("editors/vscode/src/") && file.ends_with(".ts")) {
        let code = |line: &str| {
            line.split("//").next().is_some_and(|code| !code.trim_start().starts_with(['*', '/']))
        };
        let lines = (1..).zip(content.lines()).filter(|(_, line)| code(line));
        return Some(lines.flat_map(|(number, line)| quoted(line).map(move |text| (number, text))).collect());
    }
    (file.ends_with(".rs") && !is_test).then(|| literals(content, file.starts_with("cli/src/args")))
}

/// The quoted texts of a line of JavaScript or HTML that are more than a name.
fn quoted(line: &str) -> impl Iterator<Item = String> {
    let pattern = Regex::new("\"[^\"]*\"|'[^']*'|`[^`]*`|>[^<>]+<").unwrap();
    let found: Vec<String> = pattern.find_iter(line).map(|text| text.as_str().to_owned()).collect();
    found.into_iter().filter(|text| text.contains(' '))
}

/// The string literals of Rust code before its tests, and with `help` its documentation, which clap shows.
fn literals(content: &str, help: bool) -> Vec<(usize, String)> {
    let tests = Regex::new(r"\n#\[cfg\(test\)\]\s*\nmod \w+ \{").unwrap();
    let code = tests.split(content).next().unwrap_or(content);
    let token = Regex::new(concat!(
        r"(?s)(?<comment>//[^\n]*)|/\*.*?\*/",
        r##"|b?r#"(?<raw>.*?)"#|b?r"(?<plain>[^"]*)""##,
        r#"|b?"(?<text>(?:\\.|[^"\\])*)"|'(?:\\[^']{1,8}|[^\\'\n])'"#,
    ))
    .unwrap();
    let mut found = Vec::new();
    for token in token.captures_iter(code) {
        let text = match token.name("comment") {
            Some(comment) if help && comment.as_str().starts_with("///") => Some(comment),
            Some(_) => None,
            None => token.name("raw").or(token.name("plain")).or(token.name("text")),
        };
        let Some(text) = text.filter(|text| !NAMES.contains(&text.as_str())) else { continue };
        let line = code.bytes().take(text.start()).filter(|byte| *byte == b'\n').count() + 1;
        found.extend((line..).zip(text.as_str().lines().map(str::to_owned)));
    }
    found
}

/// The phrases in a text, with what to write.
fn found(patterns: &[(Regex, &'static str, Vec<Regex>)], text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (phrase, write, allowed) in patterns {
        let allowed: Vec<_> = allowed.iter().flat_map(|allowed| allowed.find_iter(text)).collect();
        let matches = phrase.find_iter(text);
        let bad = matches.filter(|one| {
            !allowed.iter().any(|fine| fine.start() <= one.start() && one.start() < fine.end())
        });
        found.extend(bad.map(|bad| format!("{} -> {write}", bad.as_str())));
    }
    found
}

fn patterns() -> Vec<(Regex, &'static str, Vec<Regex>)> {
    let regex = |pattern: &&str| Regex::new(pattern).unwrap();
    PHRASES
        .iter()
        .map(|(phrase, write, allowed)| (regex(phrase), *write, allowed.iter().map(regex).collect()))
        .collect()
}

#[test]
fn texts_for_users_are_in_plain_english() {
    let patterns = patterns();
    let files = files();
    assert!(files.iter().any(|file| file == "README.md"), "{files:?}");
    let mut wrong = Vec::new();
    let mut checked = 0;
    for file in &files {
        let Ok(content) = std::fs::read_to_string(repository().join(file)) else { continue };
        for (line, text) in texts(file, &content).unwrap_or_default() {
            checked += 1;
            wrong
                .extend(found(&patterns, &text).into_iter().map(|phrase| format!("{file}:{line}: {phrase}")));
        }
    }
    assert!(checked > 1000, "only {checked} texts were found");
    assert!(wrong.is_empty(), "{} phrases are to be written plainly:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn phrases_are_found_in_each_kind_of_text() {
    let patterns = patterns();
    let all = |file: &str, content: &str| -> Vec<String> {
        let texts = texts(file, content).unwrap_or_default();
        let found = texts.iter().flat_map(|(line, text)| {
            found(&patterns, text).into_iter().map(move |phrase| format!("{line}: {phrase}"))
        });
        found.collect()
    };
    assert_eq!(all("docs/a.md", "fine\nmend the tag"), ["2: mend -> fix"]);
    assert_eq!(all("docs/a.md", "There is no tag, it is no longer one"), [""; 0]);
    assert_eq!(all("docs/a.md", "`x` is no folder"), ["1: is no folder -> is not a …"]);
    let code = "// mend\nlet text = \"colour\";\n/// dearest\nlet raw = r\"the dearest\";\n";
    assert_eq!(
        all("engine/a/src/lib.rs", code),
        ["2: colour -> American spelling", "4: dearest -> most expensive"]
    );
    assert_eq!(all("cli/src/args.rs", "/// Mend: mend it\npub a: bool,"), ["1: mend -> fix"]);
    let tests = "let a = 1;\n#[cfg(test)]\nmod tests {\n    const A: &str = \"mend\";\n}\n";
    assert_eq!(all("engine/a/src/lib.rs", tests), [""; 0]);
    assert_eq!(all("engine/a/tests/it/main.rs", "let a = \"mend it\";"), [""; 0]);
    assert_eq!(all("editors/vscode/src/a.ts", "// mend it\nshow('Mend: mend it');"), ["2: mend -> fix"]);
    assert_eq!(all("engine/report/src/html/a.js", "card(\"to mend first\")"), ["1: mend -> fix"]);
}
