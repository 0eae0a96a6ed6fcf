//! Every way to end has its exit code, and says why.

use crate::support::{CLEAN, DIRTY, Folder, OWNED};

fn folder() -> Folder {
    let low = "tag owner: email\npolicy owned { severity low  require owner }\n";
    Folder::with(&[("p.tagpol", OWNED), ("low.tagpol", low), ("clean.csv", CLEAN), ("dirty.csv", DIRTY)])
}

#[test]
fn success_is_0() {
    let folder = folder();
    for args in [
        &["eval", "p.tagpol", "-i", "clean.csv"][..],
        &["eval", "p.tagpol", "-i", "dirty.csv", "--fail-on", "none"],
        &["eval", "p.tagpol", "-i", "dirty.csv", "--fail-on", "critical"],
        &["eval", "low.tagpol", "-i", "dirty.csv", "--fail-on", "medium"],
        &["check", "p.tagpol"],
        &["compile", "p.tagpol"],
        &["snapshot", "list"],
        &["explain-code"],
        &["--help"],
        &["--version"],
    ] {
        let run = folder.run(args);
        assert_eq!(run.code, 0, "{args:?}: {run:#?}");
    }
}

#[test]
fn findings_and_failed_tests_are_1() {
    let folder = folder();
    for args in [
        &["eval", "p.tagpol", "-i", "dirty.csv"][..],
        &["eval", "p.tagpol", "-i", "dirty.csv", "--fail-on", "high"],
        &["eval", "low.tagpol", "-i", "dirty.csv"],
    ] {
        folder.run(args).ends_with(1);
    }
    let test = "test \"bare\" { given { name \"x\" } expect owner == \"jane@example.com\" }\n";
    folder.write("t.tagpol", format!("{OWNED}{test}"));
    let out = folder.run(&["test", "t.tagpol"]).ends_with(1);
    let expected = "\
FAIL  bare  t.tagpol:3
      line 3: expect owner == \"jane@example.com\"
      got: owner is missing

0 passed, 1 failed
";
    assert_eq!(out, expected);
}

#[test]
fn mistakes_of_the_user_are_2() {
    let folder = folder();
    folder.write("bad.tagpol", "policy p { severity high require ownr }\n");
    folder.write("t.tagpol", format!("{OWNED}test \"bare\" {{ given {{ }} expect owner is missing }}\n"));
    folder.write("empty/readme.txt", "");
    folder.write("unnamed/x.tagpol", "tag owner: email\n");
    folder.write("latin.tagpol", b"tag owner: text\n// \xe9\n");
    folder.write("euro.tagpol", "policy p { severity low  forbid dear: resource.monthly-cost > 5 EUR }\n");
    folder.write("usd.csv", "id,monthly_cost,currency\na,7,USD\n");
    for (args, said) in [
        (&["frobnicate"][..], &["unrecognized subcommand"][..]),
        (&["eval", "--format", "xml"], &["xml", "table", "json"]),
        (&["eval", "p.tagpol", "--now", "yesterday"], &["2026-11-01T12:00:00Z"]),
        (&["eval", "nowhere"], &["no file or folder `nowhere`"]),
        (&["eval", "dirty.csv"], &["`dirty.csv` is not a .tagpol file", "--inventory"]),
        (&["fmt", "dirty.csv"], &["specify a .tagpol file or a project folder"]),
        (&["eval", "bad.tagpol", "-i", "clean.csv"], &["E0010", "bad.tagpol:1:"]),
        (&["test", "bad.tagpol"], &["E0010"]),
        (
            &["test", "t.tagpol", "--filter", "baer"],
            &["no test has `baer` in its name", "did you mean `bare`?"],
        ),
        (&["test", "t.tagpol", "--list", "--format", "json"], &["cannot be used with"]),
        (&["compile", "bad.tagpol"], &["E0010"]),
        (&["check", "empty"], &["`empty` contains no .tagpol file", "tagpol init"]),
        (&["eval", "unnamed"], &["no policy to evaluate"]),
        (&["check", "latin.tagpol"], &["not UTF-8", "latin.tagpol:2:4"]),
        (&["eval", "euro.tagpol", "-i", "usd.csv"], &["EUR", "USD", "euro.tagpol:1"]),
        (&["explain-code", "E9999"], &["no code `E9999`"]),
        (&["eval", "p.tagpol", "--snapshot", "2026"], &["no snapshot `2026`"]),
        (
            &["eval", "p.tagpol", "-i", "clean.csv", "-o", "no/such/folder.json"],
            &["cannot write `no/such/folder.json`: there is no folder `no/such`\n"],
        ),
    ] {
        folder.run(args).fails_with(2, said);
    }
}

#[test]
fn mistakes_in_the_manifest_are_2() {
    for (manifest, said) in [
        ("name = 7\n", &["tagpol.toml:1:8", "string"][..]),
        ("\npolices = \"p\"\n", &["tagpol.toml:2:1", "polices"]),
        ("policies = \"nowhere\"\n", &["no folder `./nowhere`", "tagpol.toml"]),
        ("fail-on = \"severe\"\n", &["tagpol.toml:1:11", "critical"]),
        ("[policy.ownd]\nenabled = false\n", &["no policy `ownd`", "did you mean `owned`?"]),
        ("[policy.owned]\nseverity = \"hihg\"\n", &["`hihg` is not a severity", "tagpol.toml"]),
    ] {
        let folder = Folder::with(&[("p.tagpol", OWNED), ("tagpol.toml", manifest)]);
        folder.run(&["eval"]).fails_with(2, said);
    }
}

#[test]
fn trouble_with_the_inventory_is_3() {
    let folder = folder();
    folder.write("damaged/manifest.json", "{}");
    folder.write("empty/README.md", "nothing to see here");
    for (args, said) in [
        (&["eval", "p.tagpol"][..], &["no inventory to evaluate", "snapshot import"][..]),
        (&["eval", "p.tagpol", "-i", "nowhere.csv"], &["no file `nowhere.csv`"]),
        (&["eval", "p.tagpol", "-i", "empty"], &["`empty` has no files of an inventory"]),
        (&["eval", "p.tagpol", "-i", "damaged"], &["damaged"]),
        (&["snapshot", "show"], &["no snapshot"]),
        (&["snapshot", "import", "nowhere.csv"], &["no file `nowhere.csv`"]),
    ] {
        folder.run(args).fails_with(3, said);
    }
}
