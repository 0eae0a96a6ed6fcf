//! Everything that can be wrong with a file, and what is said about it.

use tagpol_inventory::{Format, ImportError, ImportOptions, import};

use crate::support::*;

#[test]
fn files_that_are_none() {
    let files = Files::new();
    let missing = import(&[files.path("no.csv")], &options(), &mut |_| {}).unwrap_err();
    assert!(matches!(missing, ImportError::NotFound { .. }));
    let dir = import(&[files.path("")], &options(), &mut |_| {}).unwrap_err();
    assert!(matches!(dir, ImportError::EmptyFolder { .. }));
    assert!(matches!(import(&[], &options(), &mut |_| {}), Err(ImportError::NoFiles)));
    for empty in ["", "  \n", "\u{feff}"] {
        assert!(matches!(read("a.json", empty), Err(ImportError::Empty { .. })), "{empty:?}");
    }
    for error in [missing, dir] {
        assert!(error.help().is_some() && error.path().is_some(), "{error}");
    }
}

#[test]
fn formats_that_are_not_known() {
    for (name, content, says) in [
        ("a.txt", &b"hello world"[..], "`hello world`, is neither JSON nor a CSV header"),
        ("a.bin", b"\x00\x01\x02", "it is not text"),
        ("a.txt", b"name;region\nx;y\n", "`name`, `region`"),
    ] {
        let error = read(name, content).unwrap_err();
        assert!(matches!(error, ImportError::UnknownFormat { .. }), "{error}");
        assert!(error.to_string().contains(says), "{error}");
        let help = error.help().unwrap();
        assert!(Format::ALL.iter().all(|format| help.contains(&format!("`{format}`"))), "{help}");
    }
}

#[test]
fn utf_16_is_read_as_any_text() {
    fn encoded(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(bytes).collect()
    }
    let texts =
        [("a.csv", "id,name\ni-1,büro 😀\n"), ("a.ndjson", "{\"id\":\"i-1\",\"name\":\"büro 😀\"}\n")];
    for (name, text) in texts {
        let little = encoded(text, u16::to_le_bytes);
        let packed = (format!("{name}.gz"), gzip(&little));
        let files = [(name.to_owned(), little), (name.to_owned(), encoded(text, u16::to_be_bytes)), packed];
        for (name, content) in files {
            let import = read(&name, &content).unwrap();
            let names: Vec<_> = import.resources().map(|resource| resource.name.unwrap()).collect();
            assert_eq!(names, ["büro 😀"], "{name}");
        }
    }
    let error = read("a.csv", b"\xff\xfei\0d\0\x00\xd8").unwrap_err();
    assert!(
        matches!(error, ImportError::Read { .. }) && error.to_string().contains("not valid UTF-16"),
        "{error}"
    );
}

#[test]
fn files_that_are_cut_off() {
    let cases = [
        ("a.csv", "id,name\ni-1,x\ni-2,\"abc\nmore", (3, 5)),
        ("b.csv", "id,name\ni-1,x\ni-2", (3, 1)),
        ("a.ndjson", "{\"id\":\"i-1\"}\n  {\"id\":\"i-2", (2, 3)),
        ("a.json", "[{\"id\":\"i-1\"},\n {\"id\":", (2, 2)),
        ("b.json", "[{\"id\":\"i-1\"},\n", (1, 1)),
        ("aws.json", "{\"ResourceTagMappingList\": [{\"ResourceARN\": \"x\"}", (1, 1)),
    ];
    for (name, content, (line, column)) in cases {
        let error = read(name, content).unwrap_err();
        assert!(matches!(error, ImportError::Truncated { .. }), "{name}: {error}");
        assert_eq!((error.line(), error.column()), (Some(line), Some(column)), "{name}");
    }
    let packed = gzip("{\"id\":\"i-1\"}\n".repeat(1000));
    let error = read("a.ndjson.gz", &packed[..packed.len() - 9]).unwrap_err();
    assert!(matches!(error, ImportError::Read { .. }), "{error}");
    assert_eq!(error.help().unwrap(), "fetch the file again: it is cut off or damaged");
}

#[test]
fn a_parquet_that_is_none() {
    for content in [&b"PAR1"[..], b"PAR1 and then nothing that makes sense PAR1", b"id,name"] {
        let error = read("a.parquet", content).unwrap_err();
        assert!(matches!(error, ImportError::Parquet { .. }), "{error}");
    }
}

#[test]
fn json_of_another_shape() {
    for (content, says) in [
        ("[1, 2]", "the first because it is not a JSON object"),
        ("[{\"name\": \"x\"}]", "the first because it has no `id`"),
        ("{\"resources\": []}", "the first because it has no `id`"),
        ("{\"a\": 1,\n\"b\": 2}", "the first because it has no `id`"),
        ("{oops}\n{oops}", "the first because it is not valid JSON"),
    ] {
        let error = read("a.json", content).unwrap_err();
        assert!(matches!(error, ImportError::NothingRead { .. }), "{content}: {error}");
        assert!(error.to_string().contains(says), "{content}: {error}");
    }
    let error = read("a.json", "[{\"id\": \"a\"}]\n}").unwrap_err();
    assert!(matches!(error, ImportError::Json { line: 2, column: 1, .. }), "{error}");
}

#[test]
fn a_bad_row_does_not_hide_the_good_ones() {
    let text = "{\"id\":\"a\"}\n{\"id\": \"é\", oops}\n\n{\"name\":\"x\"}\n{\"id\":\"b\"}\n";
    let import = read("a.ndjson", text).unwrap();
    assert_eq!(import.counts().resources, 2);
    assert_eq!(
        rejects(&import),
        [
            "2:13 row -: it is not valid JSON: key must be a string",
            "4 row -: it has no `id` (nor `resource_id` nor `arn`)"
        ]
    );
    assert_eq!(import.rejects()[0].text, "{\"id\": \"é\", oops}");
    assert_eq!((import.counts().rows, import.counts().rejected_rows), (4, 2));

    let array = read("a.json", "[\n{\"id\":\"a\"},\n{\"id\":\n  nope},\n7]").unwrap();
    assert_eq!(
        rejects(&array),
        [
            "4:4 row -: it is not valid JSON: expected ident",
            "5:1 row -: it is not a JSON object: invalid type: integer `7`, expected a JSON object"
        ]
    );

    let csv = read("a.csv", "id,name\n\"i\n1\",x\ni-2\n\ni-3,y,z\n,w\n").unwrap();
    assert_eq!(only(&csv).id, "i\n1");
    assert_eq!(
        rejects(&csv),
        [
            "4 row -: the row has 1 fields, but the header has 2",
            "6 row -: the row has 3 fields, but the header has 2",
            "7 row -: it has no `id` (nor `resource_id` nor `arn`)",
        ]
    );
}

#[test]
fn lines_are_those_of_the_unpacked_file() {
    let text = format!("id,note\n{}bad\n", "i,\"two\nlines\"\n".repeat(3));
    let files = Files::new();
    let import = import(&[files.add("a.csv.gz", gzip(text))], &options(), &mut |_| {}).unwrap();
    assert_eq!(import.rejects().last().unwrap().line, 8);
}

#[test]
fn strict_makes_the_first_reject_fatal() {
    let strict = ImportOptions { strict: true, ..options() };
    let error =
        read_with("a.ndjson", "{\"id\":\"a\"}\n{\"id\":\"b\",\"cost\":\"x\"}\n{}\n", &strict).unwrap_err();
    assert!(
        matches!(&error, ImportError::Strict { reject } if reject.field.as_deref() == Some("monthly_cost"))
    );
    assert_eq!(error.line(), Some(2));
    assert!(read_with("a.ndjson", "{\"id\":\"a\"}\n", &strict).is_ok());
}

#[test]
fn bytes_that_are_no_utf8() {
    let ndjson = read("a.ndjson", b"{\"id\":\"a\",\"name\":\"x\xffy\"}\n{\"id\":\"b\xff\"}\n").unwrap();
    assert_eq!(only(&ndjson).name.as_deref(), Some("x\u{fffd}y"));
    assert_eq!(
        rejects(&ndjson),
        [
            "1 value a: the row is not valid UTF-8; invalid bytes were replaced by `\u{fffd}`",
            "2 row -: its id is not valid UTF-8 and does not identify a resource",
        ]
    );
    let csv = read("a.csv", b"id,tag:owner\na,J\xfcrgen\nb\xff,x\n").unwrap();
    assert_eq!(tags(&only(&csv)), [("owner", "J\u{fffd}rgen")]);
    assert_eq!(
        rejects(&csv),
        [
            "2 value [owner] a: the cell is not valid UTF-8; invalid bytes were replaced by `\u{fffd}`",
            "3 row -: its id is not valid UTF-8 and does not identify a resource",
        ]
    );
}

#[test]
fn one_id_twice() {
    let text = r#"{"id":"a","tags":{"env":"dev","x":"1"}}
{"id":"a","tags":{"env":"prod"}}
{"id":"a","tags":{"env":"test"}}
{"id":"b","tags":{"env":"dev"}}
{"id":"b","tags":{"env":"dev"}}
{"id":"c","cost":1}
{"id":"c","cost":2}"#;
    let import = read("a.ndjson", text).unwrap();
    let [a, _, c] = &resources(&import)[..] else { panic!("three resources") };
    assert_eq!(tags(a), [("env", "test"), ("x", "1")]);
    assert_eq!(c.monthly_cost, Some(decimal("3")));
    assert_eq!(
        rejects(&import),
        [
            "2 value [id] a: the id occurs with tag `env` = `dev` and with `prod`; the later value is kept",
            "7 value [id] c: the id occurs several times with a cost; its costs are added up",
        ]
    );
    assert_eq!(import.counts().merged, 4);
}

#[test]
fn hostile_keys_and_values() {
    let text = "{\"id\":\"a\",\"tags\":{\"Env\":\"1\",\"env\":\"2\",\" env\":\"3\",\"env\\u00a0\":\"4\",\"env\":\"5\",\"n\":7,\"t\":true,\"z\":null,\"'; DROP TABLE x\":\"\\u0000\"}}";
    let import = read("a.ndjson", text).unwrap();
    assert_eq!(
        tags(&only(&import)),
        [
            (" env", "3"),
            ("'; DROP TABLE x", "\0"),
            ("Env", "1"),
            ("env", "5"),
            ("env\u{a0}", "4"),
            ("n", "7"),
            ("t", "true")
        ]
    );
    assert_eq!(rejects(&import), ["1 value [tags] a: the tag `env` occurs twice; the later value is kept"]);
}

#[test]
fn a_wrong_format_by_order_of_the_user() {
    let csv = ImportOptions { format: Some(Format::Csv), ..options() };
    let error = read_with("a.ndjson", "{\"id\":\"a\"}\n", &csv).unwrap_err();
    assert!(matches!(error, ImportError::MissingColumns { .. }), "{error}");
    assert!(error.help().unwrap().contains("`resource_id`"));
    let bill = ImportOptions { format: Some(Format::FocusCsv), ..options() };
    assert!(matches!(read_with("a.csv", "id,name\na,b\n", &bill), Err(ImportError::MissingColumns { .. })));
}
