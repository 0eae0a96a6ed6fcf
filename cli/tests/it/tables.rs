//! Projects that look values up in files.

use crate::support::Folder;

const POLICY: &str = r#"table accounts from "../data/accounts.csv" key account-id {
  account-id: text
  owner: email from "Owner (primary)"
  tier: one of [gold, basic]
}
tag owner: email
tag tier: one of [gold, basic]
rule of-account {
  fill owner = accounts[resource.account].owner
  fill tier = accounts[resource.account].tier
}
policy owned { severity high  require owner, tier }
test "an account has an owner" {
  given { account "1" }
  expect owner == "jane@example.com" from rule of-account
  expect tier == gold
}
"#;

const GOOD: &str = "\
account_id,Owner (primary),note,TIER\n1, jane@example.com ,\"a,b\",gold\n2,,x,\n\u{2713},joe@example.com,,basic\n";

const RESOURCES: &str = "id,account\na,1\nb,2\nc,3\nd,\u{2713}\ne,\n";

fn folder(table: &str) -> Folder {
    let files = [("p/policies/x.tagpol", POLICY), ("p/data/accounts.csv", table), ("r.csv", RESOURCES)];
    let folder = Folder::with(&files);
    folder.write("p/tagpol.toml", "policies = \"policies\"\n");
    folder
}

#[test]
fn lookups_give_values_wherever_the_program_runs() {
    let folder = folder(GOOD);
    folder.run(&["check", "p"]).ends_with(0);
    folder.run(&["test", "p"]).ends_with(0);
    let inside = |args: &[&str]| {
        let mut command = folder.command(args);
        command.current_dir(folder.path().join("p/policies"));
        crate::support::Run::of(command.output().unwrap())
    };
    inside(&["check"]).ends_with(0);
    inside(&["test", "x.tagpol"]).ends_with(0);
    let out = inside(&["eval", "-i", "../../r.csv", "--format", "json"]).ends_with(1);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    let missing: Vec<(&str, &str)> = json["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| (finding["tag"].as_str().unwrap(), finding["resource"].as_str().unwrap()))
        .collect();
    let expected =
        [("owner", "b"), ("owner", "c"), ("owner", "e"), ("tier", "b"), ("tier", "c"), ("tier", "e")];
    assert_eq!(missing, expected);
}

#[test]
fn other_formats_hold_the_same_table() {
    let ndjson = "{\"account-id\": 1, \"Owner (primary)\": \"jane@example.com\", \"tier\": \"gold\"}\n{\"account-id\":2}\n";
    let json = format!("[{}]", ndjson.trim().replace('\n', ",\n"));
    let tsv = "tier\taccount id\towner primary\ngold\t1\tjane@example.com\n";
    for (name, text) in [("accounts.ndjson", ndjson), ("accounts.json", &json), ("accounts.tsv", tsv)] {
        let policy = POLICY.replace("../data/accounts.csv", name).replace("Owner (primary)", "owner primary");
        let text = text.replace("Owner (primary)", "owner primary");
        let folder = Folder::with(&[("x.tagpol", &policy), (name, &text)]);
        folder.run(&["check"]).ends_with(0);
        folder.run(&["test"]).ends_with(0);
    }
}

#[test]
fn files_that_are_not_there_or_lack_a_column_are_mistakes_of_the_policies() {
    let folder = folder(GOOD);
    for (text, said) in [
        (None, &["E0050", "`p/policies/../data/accounts.csv` cannot be read: there is no such file"][..]),
        (Some(""), &["E0050", "it is empty"]),
        (Some("account-id;tier\n"), &["E0050", "Owner (primary)"]),
        (Some("account-id,owner primary,tier\n"), &["E0050", "did you mean `owner primary`?"]),
    ] {
        match text {
            None => std::fs::remove_file(folder.path().join("p/data/accounts.csv")).unwrap(),
            Some(text) => folder.write("p/data/accounts.csv", text),
        }
        let out = folder.run(&["check", "p"]).ends_with(2);
        assert!(said.iter().all(|part| out.contains(part)), "{out}");
        folder.run(&["test", "p"]).fails_with(2, said);
        folder.run(&["eval", "p", "-i", "r.csv"]).fails_with(2, &["E0050"]);
    }
}

#[test]
fn rows_that_cannot_be_used_are_told_with_their_places() {
    let header = "account-id,Owner (primary),tier\n";
    for (rows, said) in [
        (
            "1,jane@example.com,gold\n2,,\n1,,basic\n1,,\n",
            &[
                "the table `accounts` has errors",
                "accounts.csv:4: the same `account-id` is already on line 2",
                "accounts.csv:5: ",
            ][..],
        ),
        (
            "1,jane,Gold\n",
            &[
                "accounts.csv:2: `Owner (primary)` is not valid, expected an email address",
                "`tier` is not valid, expected one of gold, basic",
            ],
        ),
        ("1,,gold\n\n ,,gold\n", &["accounts.csv:4: the row has no `account-id`, which is the key"]),
        ("1,gold\n", &["accounts.csv:2", "the row has 2 fields, but the header has 3"]),
        ("1,\"gold\n", &["accounts.csv:2:3", "cut off"]),
        ("1,x,\n2,x,\n3,x,\n4,x,\n5,x,\n6,x,\n7,x,\n", &["accounts.csv:6", "… and 2 more"]),
    ] {
        let folder = folder(&format!("{header}{rows}"));
        for args in [&["check", "p"][..], &["test", "p"], &["eval", "p", "-i", "r.csv"]] {
            folder.run(args).fails_with(3, said);
        }
    }
    let folder = folder("");
    folder.write("p/data/accounts.csv", b"account-id,Owner (primary),tier\n1,\xe9,gold\n");
    folder.run(&["test", "p"]).fails_with(3, &["accounts.csv:2", "its `Owner (primary)` is not UTF-8"]);
}

#[test]
fn a_table_without_rows_is_one() {
    folder("account-id,Owner (primary),tier\n").run(&["eval", "p", "-i", "r.csv"]).ends_with(1);
    let policy = POLICY.replace("../data/accounts.csv", "a.json");
    let folder = Folder::with(&[("x.tagpol", &policy), ("a.json", "[]"), ("r.csv", RESOURCES)]);
    folder.run(&["check"]).ends_with(0);
    folder.run(&["eval", "-i", "r.csv"]).ends_with(1);
}

#[test]
fn a_table_that_nothing_reads_is_not_asked_for() {
    let unread = "@allow(unused-table)\ntable a from \"a.csv\" key k { k: text }\ntag owner: email\npolicy p { severity low  require owner }\n";
    let folder = Folder::with(&[("x.tagpol", unread), ("a.csv", "k\n1\n1\n"), ("r.csv", RESOURCES)]);
    folder.run(&["eval", "-i", "r.csv"]).ends_with(1);
    let run = folder.run(&["check"]);
    assert!(run.err.contains("a.csv:3: the same `k` is already on line 2"), "{run:#?}");
    run.ends_with(3);
}

#[test]
fn the_script_says_what_a_table_holds() {
    let out = folder(GOOD).run(&["compile", "p"]).ends_with(0);
    let expected = "\
-- table `accounts` from p/policies/../data/accounts.csv: `account-id`, `Owner (primary)`, `tier`
-- cells are trimmed, and an empty cell is NULL; tagpol fills the table before the evaluation
CREATE TABLE IF NOT EXISTS lookup_accounts (cell_account_id VARCHAR, cell_owner VARCHAR, cell_tier VARCHAR);
";
    assert!(out.contains(expected), "{out}");
}

#[test]
fn a_packed_table_that_holds_too_much_is_an_error() {
    let policies = "table t from \"t.csv\" key k { k: text  v: text }\ntag owner: text\n\
                    rule r { fill owner = t[resource.id].v }\npolicy p { severity low  require owner }\n";
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, b"k,v\n").unwrap();
    let cell = "x".repeat(1 << 20);
    for row in 0..257 {
        std::io::Write::write_all(&mut packed, format!("{row},{cell}\n").as_bytes()).unwrap();
    }
    let folder = Folder::with(&[("p.tagpol", policies), ("i.csv", crate::support::DIRTY)]);
    folder.write("t.csv", packed.finish().unwrap());
    folder.run(&["eval", "-i", "i.csv"]).fails_with(3, &["t.csv", "its cells take more than 256 MiB"]);
}
