//! Declarations, references, renames, and how tags flow into each other.

use tagpol_ide::{
    Access, definition, fed_by, feeds, highlights, prepare_hierarchy, prepare_rename, references, rename,
    type_definition,
};

use crate::support::Fixture;

const PROJECT: &str = "
//- tags.tagpol
tag environment: one of [production, staging] { default staging }
tag owner: email
tag team: text
normalize environment { map \"prd\" -> production }
table accounts from \"accounts.csv\" key id { id: text  mail: email }
list teams = [\"a\", \"b\"]
//- rules.tagpol
define live = environment == production
rule from-account { fill owner = accounts[resource.account].mail }
rule from-tags { when live  fill team = \"{owner}-x\" }
policy owned { severity high  for resource where live  require who: owner }
exempt owned/who { until 2030-01-01  because \"x\" }
test \"t\" {
  given g { tags { environment: \"production\" } }
  expect environment == production for g
  expect violation owned/who for g
}
";

fn fixture(line: &str) -> Fixture {
    Fixture::new(&format!("{PROJECT}//- z.tagpol\n{line}\n"))
}

fn declared(line: &str) -> String {
    let fixture = fixture(line);
    let found = definition(&fixture.db, fixture.project, fixture.file, fixture.offset);
    found.map_or("nothing".to_owned(), |found| {
        fixture.show(tagpol_ide::Place { range: found.name, ..found.whole })
    })
}

#[test]
fn where_names_are_declared() {
    for (line, expected) in [
        ("define z = own$0er is set", "tags.tagpol 2:5 owner"),
        ("define z = native.own$0er is set", "tags.tagpol 2:5 owner"),
        ("define z = owner$0.source == set", "tags.tagpol 2:5 owner"),
        ("define z = team in tea$0ms", "tags.tagpol 6:6 teams"),
        ("define z = team starts with tea$0ms", "tags.tagpol 6:6 teams"),
        ("define z = resource.account not in acc$0ounts", "tags.tagpol 5:7 accounts"),
        ("exempt owned, owned/w$0ho { until 2030-01-01  because \"y\" }", "rules.tagpol 4:64 who"),
        ("define z = environment == prod$0uction", "tags.tagpol 1:26 production"),
        ("define z = environment in [staging, prod$0uction]", "tags.tagpol 1:26 production"),
        ("define z = li$0ve and owner is set", "rules.tagpol 1:8 live"),
        ("rule z { fill tea$0m = \"x\" }", "tags.tagpol 3:5 team"),
        ("rule z { fill environment = sta$0ging }", "tags.tagpol 1:38 staging"),
        ("rule z { fill team = \"{own$0er}\" }", "tags.tagpol 2:5 owner"),
        ("rule z { fill owner = acc$0ounts[resource.id].mail }", "tags.tagpol 5:7 accounts"),
        ("rule z { fill owner = accounts[resource.id].ma$0il }", "tags.tagpol 5:55 mail"),
        ("normalize en$0vironment { keys \"x\" }", "tags.tagpol 1:5 environment"),
        ("normalize environment { map \"x\" -> sta$0ging }", "tags.tagpol 1:38 staging"),
        ("exempt owned/w$0ho { until 2030-01-01  because \"y\" }", "rules.tagpol 4:64 who"),
        ("infer te$0am { apply at 0.9 }", "tags.tagpol 3:5 team"),
        ("goal z { coverage of [own$0er] by cost  at least 9% }", "tags.tagpol 2:5 owner"),
        ("define z = resource.na$0me is set", "nothing"),
        ("define z = unkn$0own is set", "nothing"),
        ("$0", "nothing"),
    ] {
        assert_eq!(declared(line), expected, "{line}");
    }
}

#[test]
fn types() {
    let at = |line: &str| {
        let fixture = fixture(line);
        let found = type_definition(&fixture.db, fixture.project, fixture.file, fixture.offset).unwrap();
        fixture.show(tagpol_ide::Place { range: found.name, ..found.whole })
    };
    assert_eq!(at("define z = own$0er is set"), "tags.tagpol 2:12 email");
    assert_eq!(at("define z = environment == sta$0ging"), "tags.tagpol 1:5 environment");
}

fn named(line: &str) -> Vec<String> {
    let fixture = fixture(line);
    let places = references(&fixture.db, fixture.project, fixture.file, fixture.offset, true);
    places.into_iter().map(|place| fixture.show(place)).collect()
}

#[test]
fn where_things_are_named() {
    assert_eq!(
        named("define z = own$0er is set"),
        [
            "rules.tagpol 2:26 owner",
            "rules.tagpol 3:43 owner",
            "rules.tagpol 4:69 owner",
            "tags.tagpol 2:5 owner",
            "z.tagpol 1:12 owner"
        ]
    );
    assert_eq!(
        named("define z = environment == stag$0ing"),
        ["tags.tagpol 1:38 staging", "tags.tagpol 1:57 staging", "z.tagpol 1:27 staging"]
    );
    assert_eq!(named("exempt owned/w$0ho { until 2030-01-01  because \"y\" }").len(), 4);
    assert_eq!(named("define z = resource.$0name is set"), Vec::<String>::new());
}

#[test]
fn reads_and_writes() {
    let fixture = Fixture::new(
        "tag a: text\nrule r {\n  when a is missing\n  set a = \"x\"\n}\npolicy p { severity low  require $0a }\n",
    );
    let found = highlights(&fixture.db, fixture.project, fixture.file, fixture.offset);
    let found: Vec<Access> = found.into_iter().map(|(_, access)| access).collect();
    assert_eq!(found, [Access::Write, Access::Read, Access::Write, Access::Read]);
}

fn renamed(text: &str, name: &str) -> String {
    let fixture = Fixture::new(text);
    match rename(&fixture.db, fixture.project, fixture.file, fixture.offset, name) {
        Err(reason) => reason,
        Ok(edits) => {
            let texts = edits.iter().map(|(file, edits)| fixture.edited(*file, edits));
            texts.collect::<Vec<_>>().join("")
        }
    }
}

#[test]
fn renames() {
    // Checks that have their name from the tag are called by it.
    assert_eq!(
        renamed(
            "tag a$0: text\npolicy p {\n  severity low\n  require a\n}\nexempt p/a {\n  until 2030-01-01\n  because \"x\"\n}\n",
            "b"
        ),
        "tag b: text\n\nnormalize b {\n  keys \"a\"\n}\npolicy p {\n  severity low\n  require b\n}\nexempt p/b {\n  until 2030-01-01\n  because \"x\"\n}\n"
    );
    assert_eq!(
        renamed("tag a$0: text\nrule r { fill a = \"x\" }\ndefine d = native.a is set\n", "team"),
        "tag team: text\n\nnormalize team {\n  keys \"a\"\n}\nrule r { fill team = \"x\" }\ndefine d = native.team is set\n"
    );
    // What is only spelled alike stays.
    assert_eq!(
        renamed("tag a: one of [b]\ntag b$0: text\ndefine d = a == b and b is set\n", "c"),
        "tag a: one of [b]\ntag c: text\n\nnormalize c {\n  keys \"b\"\n}\ndefine d = a == b and c is set\n"
    );
    assert_eq!(
        renamed("tag a: one of [b$0, c]\nnormalize a { map \"x\" -> \"b\" }\n", "Two Words"),
        "tag a: one of [\"Two Words\", c]\nnormalize a { map \"x\" -> \"Two Words\" map \"b\" -> \"Two Words\" }\n"
    );
    assert_eq!(
        renamed("tag a$0: text\ndefine d = a is set\n", "in"),
        "tag `in`: text\n\nnormalize `in` {\n  keys \"a\"\n}\ndefine d = `in` is set\n"
    );
    assert_eq!(
        renamed(
            "policy p { severity low  require w$0: resource.name is set }\nexempt p/w { until 2030-01-01  because \"x\" }\n",
            "named"
        ),
        "policy p { severity low  require named: resource.name is set }\nexempt p/named { until 2030-01-01  because \"x\" }\n"
    );
}

#[test]
fn renames_keep_what_resources_have() {
    for (text, name, expected) in [
        // The old name is the first key, as it was.
        (
            "tag a$0: text\nnormalize a {\n  keys \"x\", y\n}\n",
            "b",
            "tag b: text\nnormalize b {\n  keys \"a\", \"x\", y\n}\n",
        ),
        (
            "tag a$0: text\nnormalize a { transform lower }\n",
            "b",
            "tag b: text\nnormalize b { keys \"a\" transform lower }\n",
        ),
        // It is listed, or another spelling of the same key.
        (
            "tag a$0: text\nnormalize a { keys \"x\", \"A\" }\n",
            "b",
            "tag b: text\nnormalize b { keys \"x\", \"A\" }\n",
        ),
        ("tag costcenter$0: text\n", "cost-center", "tag cost-center: text\n"),
        // Resources that no item refers to had the key of that name too.
        (
            "tag a$0: text\nnormalize a where resource.account == \"1\" {\n  keys \"x\"\n}\n",
            "b",
            "tag b: text\n\nnormalize b where not (resource.account == \"1\") {\n  keys \"a\"\n}\nnormalize b where resource.account == \"1\" {\n  keys \"a\", \"x\"\n}\n",
        ),
        ("tag a: one of [b$0, c]\n", "d", "tag a: one of [d, c]\n\nnormalize a {\n  map \"b\" -> d\n}\n"),
        (
            "tag a: one of [b$0, c]\nnormalize a {\n  map \"x\" -> b\n  otherwise missing\n}\n",
            "d",
            "tag a: one of [d, c]\nnormalize a {\n  map \"x\" -> d\n  otherwise missing\n  map \"b\" -> d\n}\n",
        ),
        ("tag a: one of [b$0, c]\n", "B", "tag a: one of [\"B\", c]\n"),
    ] {
        let found = renamed(text, name);
        assert_eq!(found, expected);
        let fixture = Fixture::new(&found);
        let errors = tagpol_ide::diagnostics(&fixture.db, fixture.project, fixture.file);
        assert!(errors.iter().all(|found| found.code.lint_name().is_some()), "{errors:?}");
    }
}

#[test]
fn renames_that_are_refused() {
    assert_eq!(renamed("tag a$0: text\ntag b: text\n", "b"), "`b` is a tag already");
    assert_eq!(
        renamed("tag a$0: text\n", "B"),
        "`B` is not a name: names are lower case with `-` between words"
    );
    assert_eq!(renamed("tag a: one of [b$0, c]\n", "C"), "there is a `C` here already");
    assert_eq!(
        renamed("use std::taxonomy\ndefine d = own$0er is set\n", "x"),
        "`owner` belongs to `std::taxonomy`, which cannot be changed"
    );
    assert_eq!(
        renamed(
            "use std::taxonomy except [cost-center]\nuse std::packs::finops\ntag cost-center$0: text\n",
            "x"
        ),
        "`std::packs::finops` reads `cost-center` by its name, which cannot be changed there"
    );
    assert_eq!(
        renamed("define d = resource$0.name is set\n", "x"),
        "there is no name here that can be changed"
    );
}

#[test]
fn prepared_names() {
    let fixture = Fixture::new("tag `in`: text\ndefine d = `i$0n` is set\n");
    let (range, name) = prepare_rename(&fixture.db, fixture.project, fixture.file, fixture.offset).unwrap();
    assert_eq!((range, name.as_str()), (tagpol_syntax::TextRange::new(26.into(), 30.into()), "in"));
}

#[test]
fn flows() {
    let fixture = fixture("define z = te$0am is set");
    let (db, project) = (&fixture.db, fixture.project);
    let names = |flows: Vec<tagpol_ide::Flow>| -> Vec<String> {
        flows
            .into_iter()
            .map(|flow| format!("{} by {}", flow.tag.item.key.name, flow.rules.join(", ")))
            .collect()
    };
    let team = prepare_hierarchy(db, project, fixture.file, fixture.offset).unwrap();
    // Through the predicate too.
    assert_eq!(names(fed_by(db, project, &team.item)), ["environment by from-tags", "owner by from-tags"]);
    let owner = fed_by(db, project, &team.item).pop().unwrap().tag;
    assert_eq!(names(feeds(db, project, &owner.item)), ["team by from-tags"]);
    assert_eq!(names(fed_by(db, project, &owner.item)), Vec::<String>::new());
}

#[test]
fn paths_of_tables_follow_files() {
    let table = |path: &str| format!("table t from \"{path}\" key id {{ id: text }}\n");
    let fixture = Fixture::new(&format!("//- /p/policies/a.tagpol\n{}", table("data/t.csv")));
    let moved = |old: &str, new: &str| {
        let moves = [(old.to_owned(), new.to_owned())];
        let edits = tagpol_ide::moved(&fixture.db, fixture.project, &moves);
        edits.iter().map(|(file, edits)| fixture.edited(*file, edits)).collect::<Vec<_>>().join("")
    };
    assert_eq!(moved("/p/policies/data/t.csv", "/p/policies/u.csv"), table("u.csv"));
    assert_eq!(moved("/p/policies/data", "/p/tables"), table("../tables/t.csv"));
    assert_eq!(moved("/p/policies/a.tagpol", "/p/a.tagpol"), table("policies/data/t.csv"));
    assert_eq!(moved("/p/policies", "/p/rules"), "");
    assert_eq!(moved("/p/policies/dat", "/p/policies/x"), "");
}
