//! What is explained.

use insta::assert_snapshot;
use tagpol_ide::{NoFacts, hover, signature_help};

use crate::support::Fixture;

fn at(text: &str) -> String {
    let fixture = Fixture::new(text);
    match hover(&fixture.db, fixture.project, fixture.file, fixture.offset, &NoFacts) {
        Some(hover) => hover.markdown,
        None => "nothing".to_owned(),
    }
}

const PROJECT: &str = "
/// Where a resource runs.
tag environment: one of [production, staging] {
  importance critical
  default staging
}
normalize environment { keys \"env\"  map \"prd\", /live-[0-9]+/ -> production }
tag owner: email
table accounts from \"accounts.csv\" key id { id: text  mail: email from \"E-Mail\" }
define live = environment == production
rule by-name priority 5 {
  when resource.name has word \"prod\"
  fill environment = production
}
rule by-account { fill owner = accounts[resource.account].mail }
/// It is owned.
policy owned {
  severity high
  for resource where live
  require owner
}
/// The ones in production.
list accounts-of-live = [\"1\", \"2\"]
define in-live = resource.account in accounts-of-live
exempt owned/owner { until 2030-01-01  because \"x\" }
";

fn in_project(line: &str) -> String {
    at(&format!("{PROJECT}{line}"))
}

#[test]
fn tags_tell_who_has_to_do_with_them() {
    assert_snapshot!(in_project("define x = $0environment is set"), @r"
    ```tagpol
    tag environment: one of [production, staging]
    ```

    Where a resource runs.

    importance critical · default `staging`

    native keys `environment`, `env`

    filled by `by-name`
    ");
    assert_snapshot!(in_project("define x = own$0er is set"), @r"
    ```tagpol
    tag owner: email
    ```

    filled by `by-account`  
    required by `owned`
    ");
}

#[test]
fn members_tell_their_spellings() {
    assert_snapshot!(in_project("define x = environment == prod$0uction"), @r"
    `production` is a value of `environment`

    Where a resource runs.

    native spellings `prd`, `/live-[0-9]+/`
    ");
}

#[test]
fn other_items() {
    assert_snapshot!(in_project("define x = li$0ve"), @r"
    ```tagpol
    define live = environment == production
    ```

    used 2 times
    ");
    assert_snapshot!(in_project("define x = resource.account in accounts-of-li$0ve"), @r#"
    ```tagpol
    list accounts-of-live = ["1", "2"]
    ```

    The ones in production.

    used 2 times
    "#);
    assert_snapshot!(in_project("exempt own$0ed { until 2030-01-01  because \"y\" }"), @r"
    ```tagpol
    policy owned
    ```

    It is owned.

    severity high · 2 waivers

    - `owner` must be an email address
    ");
    assert_snapshot!(in_project("rule x { fill owner = accounts[resource.id].ma$0il }"), @r"
    `accounts.mail`: an email address

    heading `E-Mail`

    in `accounts.csv`
    ");
    assert_snapshot!(in_project("test \"x\" { given { name \"a\" }  expect environment == production from rule by-n$0ame }"), @r"
    ```tagpol
    rule by-name priority 5
    ```

    priority 5 · fills `environment`
    ");
}

#[test]
fn words_of_the_language() {
    assert!(at("policy p { sever$0ity high  require r: resource.name is set }").starts_with("How severe"));
    assert!(at("define d = resource.na$0me is set").starts_with("Its name"));
    assert!(at("define d = resource.name has wo$0rd \"x\"").contains("camelCase"));
    assert!(at("define d = resource.name is se$0t").contains("valid or not"));
    assert!(at("define d = lo$0wer(resource.name) == \"x\"").contains("lower case"));
    assert!(
        at("@allow(substring-t$0rap)\ndefine d = resource.name contains \"prod\"").contains("substring-trap")
    );
    assert_eq!(at("define d = resource.name is set $0"), "nothing");
}

#[test]
fn every_keyword_is_explained() {
    let grammar = include_str!("../../../../lang/syntax/src/characters.pest");
    let words = include_str!("../../src/keyword_docs.md");
    let keywords =
        grammar.lines().filter_map(|line| line.strip_prefix("kw_")?.split_once(' ')).map(|(word, _)| word);
    // The second words of operators are explained with the first.
    let second = ["of", "with", "word", "by", "after", "no"];
    let missing: Vec<&str> = keywords
        .filter(|word| !second.contains(word) && !words.contains(&format!("\n## {word}\n")))
        .collect();
    assert_eq!(missing, Vec::<&str>::new());
}

#[test]
fn the_standard_library() {
    let text = at("use std::taxonomy\ndefine d = own$0er is set");
    assert!(text.contains("tag owner: email") && text.ends_with("from `std::taxonomy`"), "{text}");
    assert!(at("use std::taxo$0nomy").contains("15 tags"));
}

#[test]
fn signatures() {
    let at = |text: &str| {
        let fixture = Fixture::new(text);
        signature_help(&fixture.db, fixture.file, fixture.offset).map(|help| (help.label, help.active))
    };
    assert_eq!(at("define d = replace(resource.name, $0"), Some(("replace(text, from, to)", 1)));
    assert_eq!(at("define d = lower(trim($0"), Some(("trim(text)", 0)));
    assert_eq!(at("define d = coalesce(a, b, c, d, $0"), Some(("coalesce(a, b, …)", 2)));
    assert_eq!(at("define d = (a and $0"), None);
    assert_eq!(at("define d = lower(a) == $0"), None);
}
