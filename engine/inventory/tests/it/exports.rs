//! Folders of exports with their manifests, and lists as spreadsheets and shells write them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use tagpol_inventory::{Import, ImportError, ImportOptions, STANDARD_INPUT, import};

use crate::support::*;

fn zstd(content: &str) -> Vec<u8> {
    zstd::encode_all(content.as_bytes(), 1).unwrap()
}

fn utf16(content: &str, mark: bool) -> Vec<u8> {
    let mark = if mark { "\u{feff}" } else { "" };
    format!("{mark}{content}").encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn import_folder(files: &Files, name: &str) -> Result<Import, ImportError> {
    import(&[files.path(name)], &options(), &mut |_| {})
}

fn ids(import: &Import) -> Vec<String> {
    import.resources().map(|resource| resource.id).collect()
}

#[test]
fn lists_in_every_encoding() {
    let text = "id,tag:team\r\ni-1,wëb\r\n";
    for (name, content) in [
        ("mark.csv", utf16(text, true)),
        ("no-mark.csv", utf16(text, false)),
        ("utf8.csv", format!("\u{feff}{text}").into_bytes()),
        ("sep.csv", b"sep=;\r\nid;tag:team\r\ni-1;w\xc3\xabb\r\n".to_vec()),
        ("quoted-sep.csv", "\"sep=\t\"\nid\ttag:team\ni-1\twëb\n".as_bytes().to_vec()),
        ("packed.csv.gz", gzip(text)),
        ("packed.csv.zst", zstd(text)),
        ("packed", zstd(text)),
    ] {
        let import = read(name, content).unwrap();
        assert_eq!(tags(&only(&import)), [("team", "wëb")], "{name}");
        assert_eq!(rejects(&import), Vec::<String>::new(), "{name}");
    }
    let whole = zstd(&text.repeat(1000));
    let error = read("cut.csv.zst", &whole[..whole.len() - 4]).unwrap_err();
    assert!(matches!(error, ImportError::Read { .. }), "{error}");
    // A line `sep=;` keeps its line number.
    let bad = read("sep.csv", "sep=;\nid;name\nx;y;z\n").unwrap_err();
    assert_eq!(bad.line(), Some(3), "{bad}");
}

#[test]
fn amounts_of_spreadsheets_are_read_and_shown() {
    let text = "id;monthly_cost;currency\na;1.234,50;EUR\nb;12,50;EUR\nc;1,234;EUR\nd;3 apples;EUR\n";
    let import = read("a.csv", text).unwrap();
    let costs: Vec<_> = resources(&import).into_iter().map(|resource| resource.monthly_cost).collect();
    assert_eq!(costs, [Some(decimal("1234.50")), Some(decimal("12.50")), None, None]);
    assert_eq!(
        rejects(&import),
        [
            "2 note [monthly_cost] -: amounts such as `1.234,50` are read as `1234.50`",
            "4 value [monthly_cost] c: it may be thousands or a fraction, so write it with a point and without separators; the cost is ignored",
            "5 value [monthly_cost] d: expected a number such as `12.50`; the cost is ignored",
        ]
    );
    let import = read("b.csv", "id,cost\na,€5\n").unwrap();
    assert_eq!((only(&import).monthly_cost, import.currency()), (Some(decimal("5")), Some("EUR")));
}

#[test]
fn accounts_that_lost_digits() {
    let arn = "arn:aws:ec2:eu-west-1:012345678901:instance";
    let lines = [
        format!("{arn}/1,012345678901,"),
        format!("{arn}/2,12345678901,"),
        format!("{arn}/3,1.23457E+10,"),
        "i-4,12345678901,aws".to_owned(),
        "i-5,12345678901,gcp".to_owned(),
        "i-6,1.23457E+10,aws".to_owned(),
        "i-7,123456789,aws".to_owned(),
        format!("{arn}/8,999999999999,"),
    ];
    let csv = format!("id,account,provider\n{}\n", lines.join("\n"));
    let import = read("a.csv", csv).unwrap();
    let accounts: Vec<String> =
        resources(&import).into_iter().map(|r| r.account.unwrap_or_default()).collect();
    let full = "012345678901";
    assert_eq!(
        accounts,
        [full, full, full, "999999999999", full, "12345678901", "1.23457E+10", "000123456789"]
    );
    assert_eq!(
        rejects(&import),
        [
            "3 note [account] -: accounts such as `12345678901` lost digits; the one in the id, `012345678901`, is used",
            "7 value [account] i-6: it is a rounded number instead of an account; format the column as text",
        ]
    );
    let json = r#"{"id":"i-1","provider":"aws","account":12345678901}
{"id":"i-2","provider":"aws","account":12345678901.0}"#;
    let import = read("a.ndjson", json).unwrap();
    assert!(resources(&import).iter().all(|resource| resource.account.as_deref() == Some(full)));
}

#[test]
fn costs_of_one_id_add_up() {
    let import = read("a.csv", "id,cost,tag:team\na,1,x\na,2,x\nb,5,\nb,5,y\n").unwrap();
    let [a, b] = &resources(&import)[..] else { panic!("two resources") };
    assert_eq!((a.monthly_cost, b.monthly_cost), (Some(decimal("3")), Some(decimal("10"))));
    assert_eq!(
        rejects(&import),
        [
            "3 value [id] a: the id occurs several times with a cost; its costs are added up",
            "5 value [id] b: the id occurs twice with different tags; the resource has the tags of both; its costs are added up",
        ]
    );
    // Two lists of the same resources are two opinions on one cost.
    let files = Files::new();
    let paths = [files.add("a.csv", "id,cost\na,1\n"), files.add("b.csv", "id,cost\na,2\n")];
    let import = tagpol_inventory::import(&paths, &options(), &mut |_| {}).unwrap();
    assert_eq!(only(&import).monthly_cost, Some(decimal("2")));
}

#[test]
fn columns_by_the_meanings_of_the_project() {
    let columns =
        [("Ressource", "id"), ("Kosten", "monthly_cost"), ("Owner", "tag:owner"), ("Team Name", "tag:team")];
    let columns: BTreeMap<String, String> =
        columns.into_iter().map(|(heading, meaning)| (heading.to_owned(), meaning.to_owned())).collect();
    let options = ImportOptions { columns, ..options() };
    let text =
        "Ressource,id,Owner,Team Name,Kosten,environment,Unit Price\ni-1,7,jane@example.com,web,5,prod,1\n";
    let import = read_with("a.csv", text, &options).unwrap();
    let resource = only(&import);
    assert_eq!((resource.id.as_str(), resource.monthly_cost), ("i-1", Some(decimal("5"))));
    assert_eq!(tags(&resource), [("owner", "jane@example.com"), ("team", "web")]);
    let notes = rejects(&import);
    assert_eq!(
        notes,
        [
            "1 note [environment] -: the column is kept in `meta`; if it is a tag, name it `tag:environment`, or add `environment = \"tag:environment\"` to `[columns]` of tagpol.toml",
            "1 note [Unit Price] -: the column is kept in `meta` and not counted, since another one has the cost",
        ]
    );
}

#[test]
fn a_folder_is_read_with_all_its_parts() {
    let files = Files::new();
    let folder = files.path("export");
    std::fs::create_dir_all(folder.join("20261001-20261031/_logs")).unwrap();
    let manifest = r#"{"manifestVersion":"2024-04-01","blobs":[{"blobName":"x/part_0.csv"},{"blobName":"x/part_1.csv.gz"}]}"#;
    files.add("export/20261001-20261031/manifest.json", manifest);
    files.add("export/20261001-20261031/part_0.csv", "id\ni-0\n");
    files.add("export/20261001-20261031/part_1.csv.gz", gzip("id\ni-1\n"));
    files.add("export/20261001-20261031/_logs/x.csv", "id\ni-9\n");
    files.add("export/.hidden.csv", "id\ni-9\n");
    files.add("export/README.md", "read me");
    let found = import_folder(&files, "export").unwrap();
    assert_eq!(ids(&found), ["i-0", "i-1"]);
    let notes: Vec<_> = rejects(&found);
    assert_eq!(
        notes,
        [
            "1 note [] -: not read: it is not a format of inventories",
            "1 note [] -: not read: the manifest of an export has no resources and no charges",
        ]
    );
    // The shell's `*` names the manifest as well, and the manifest alone stands for its parts.
    let inside = |name: &str| files.path("export/20261001-20261031").join(name);
    let named: Vec<PathBuf> = ["manifest.json", "part_0.csv", "part_1.csv.gz"].map(inside).into();
    assert_eq!(ids(&import(&named, &options(), &mut |_| {}).unwrap()), ["i-0", "i-1"]);
    let alone = import(&[inside("manifest.json")], &options(), &mut |_| {}).unwrap();
    assert_eq!(ids(&alone), ["i-0", "i-1"]);

    std::fs::remove_file(inside("part_1.csv.gz")).unwrap();
    let missing = import_folder(&files, "export").unwrap_err();
    assert_eq!(
        missing.to_string(),
        format!("`{}` names the part `part_1.csv.gz`, which is missing", inside("manifest.json").display())
    );
    assert!(missing.help().is_some());
}

#[test]
fn folders_without_data_and_with_foreign_files() {
    let files = Files::new();
    std::fs::create_dir_all(files.path("a")).unwrap();
    assert!(matches!(import_folder(&files, "a"), Err(ImportError::EmptyFolder { .. })));
    files.add("a/notes.txt", "hello world");
    files.add("a/list.csv", "id\ni-1\n");
    let error = import_folder(&files, "a").unwrap_err();
    assert!(
        matches!(&error, ImportError::UnknownFormat { path, .. } if path.ends_with("notes.txt")),
        "{error}"
    );
}

#[test]
fn manifests_of_aws() {
    let files = Files::new();
    for (name, manifest) in [
        ("cur", r#"{"assemblyId":"x","reportKeys":["a/b/part-1.csv"],"columns":[]}"#),
        ("export", r#"{"executionId":"x","dataFiles":["s3://bucket/data/part-1.csv"]}"#),
    ] {
        std::fs::create_dir_all(files.path(&format!("{name}/data"))).unwrap();
        files.add(&format!("{name}/x-Manifest.json"), manifest);
        assert!(import_folder(&files, name).is_err(), "{name}");
        files.add(&format!("{name}/data/part-1.csv"), "id\ni-1\n");
        assert_eq!(ids(&import_folder(&files, name).unwrap()), ["i-1"], "{name}");
    }
    // A list with a member of such a name is a list.
    assert_eq!(ids(&read("list.json", r#"[{"id":"i-1","dataFiles":1}]"#).unwrap()), ["i-1"]);
}

#[test]
fn standard_input_has_its_own_name() {
    let files = Files::new();
    let held = files.add("anything", "id\ni-1\ni-1,2\n");
    let options = ImportOptions { standard_input: Some(held), ..options() };
    let import = import(&[STANDARD_INPUT.into()], &options, &mut |_| {}).unwrap();
    assert_eq!(import.sources()[0].path, "standard input");
    assert_eq!(import.rejects()[0].file, "standard input");
}
