//! Inputs made to take too long or too much: sizes at which work that grows with the square would not end.

use std::fmt::Write as _;

use tagpol_inventory::{ImportError, ImportOptions, import};

use crate::support::*;

/// Rows of one id, and tags of one resource.
const MANY: usize = 40_000;

#[test]
fn many_rows_of_one_id_become_one_resource() {
    let mut text = String::new();
    for number in 0..MANY {
        let _ = writeln!(text, "{{\"id\":\"a\",\"tags\":{{\"k{number}\":\"v\"}}}}");
    }
    let import = read("a.ndjson", &text).unwrap();
    let resource = only(&import);
    assert_eq!((resource.tags.len(), import.counts().merged), (MANY, MANY as u64 - 1));
    assert!(resource.tags.is_sorted());
    assert_eq!(import.rejects().len(), 1);
}

#[test]
fn many_rows_of_one_id_with_the_same_tags() {
    // Each row has as many tags as are compared one by one, and somewhat more.
    for tags in [40, 300] {
        let mut row = String::from("{\"id\":\"a\",\"tags\":{");
        (0..tags).for_each(|number| _ = write!(row, "\"k{number}\":\"v\","));
        let row = format!("{}}}}}\n", row.trim_end_matches(','));
        let import = read("a.ndjson", row.repeat(2000)).unwrap();
        assert_eq!((only(&import).tags.len(), import.rejects().len()), (tags, 0));
    }
}

#[test]
fn many_rows_in_many_files() {
    let files = Files::new();
    let paths: Vec<_> = (0..200)
        .map(|file| {
            let rows = (0..50).map(|row| format!("{{\"id\":\"a\",\"tags\":{{\"k{file}.{row}\":\"v\"}}}}\n"));
            files.add(&format!("{file}.ndjson"), rows.collect::<String>())
        })
        .collect();
    let import = import(&paths, &options(), &mut |_| {}).unwrap();
    assert_eq!(only(&import).tags.len(), 10_000);
}

#[test]
fn a_bill_with_many_charges_of_one_id() {
    let header = "ResourceId,ProviderName,ChargePeriodStart,BillingCurrency,EffectiveCost,Tags\n";
    let mut text = header.to_owned();
    for number in 0..MANY {
        let (year, month) = (1 + number % 9999, 1 + number % 12);
        let _ = writeln!(text, "a,AWS,{year:04}-{month:02}-01,USD,1,\"{{\"\"k{number}\"\":\"\"v\"\"}}\"");
    }
    let import = read("bill.csv", &text).unwrap();
    assert_eq!(only(&import).tags.len(), MANY);
    // An inventory over it drops the keys that it spells in another way.
    let files = Files::new();
    let keys: Vec<String> = (0..MANY).map(|number| format!("\"K-{number}\":\"w\"")).collect();
    let list = format!("{{\"id\":\"a\",\"tags\":{{{}}}}}\n", keys.join(","));
    let paths = [files.add("bill.csv", &text), files.add("list.ndjson", list)];
    let both = import_all(&paths);
    let resource = only(&both);
    assert_eq!(resource.tags.len(), MANY);
    assert!(resource.tags.iter().all(|(key, value)| key.starts_with("K-") && value == "w"));
}

fn import_all(paths: &[std::path::PathBuf]) -> tagpol_inventory::Import {
    import(paths, &options(), &mut |_| {}).unwrap()
}

#[test]
fn many_tags_in_one_row() {
    let object = |pair: fn(usize) -> String| (0..MANY).map(pair).collect::<Vec<_>>().join(",");
    let members = object(|number| format!("\"k{number}\":\"v\""));
    let pairs = object(|number| format!("{{\"Key\":\"k{number}\",\"Value\":\"v\"}}"));
    for tags in [format!("{{{members}}}"), format!("[{pairs}]")] {
        let import = read("a.ndjson", format!("{{\"id\":\"a\",\"tags\":{tags}}}\n")).unwrap();
        assert_eq!((only(&import).tags.len(), import.rejects().len()), (MANY, 0));
    }
    let repeated = object(|number| format!("\"k{}\":\"v\"", number % 7));
    let import = read("a.ndjson", format!("{{\"id\":\"a\",\"tags\":{{{repeated}}}}}\n")).unwrap();
    assert_eq!((only(&import).tags.len(), import.rejects().len()), (7, MANY - 7));
    let plan = format!(
        "{{\"format_version\":\"1.2\",\"terraform_version\":\"1.9\",\"values\":{{\"root_module\":{{\"resources\":[\
         {{\"address\":\"aws_sqs_queue.a\",\"mode\":\"managed\",\"type\":\"aws_sqs_queue\",\"name\":\"a\",\
         \"provider_name\":\"registry.terraform.io/hashicorp/aws\",\"values\":{{\"tags\":{{{members}}}}}}}]}}}}}}"
    );
    assert_eq!(only(&read("plan.json", plan).unwrap()).tags.len(), MANY);
}

#[test]
fn many_columns_of_csv() {
    let columns = |name: fn(usize) -> String| (0..MANY).map(name).collect::<Vec<_>>().join(",");
    let cells = columns(|number| number.to_string());
    let read_columns = |header: String| read("a.csv", format!("{header}\n{cells}\n{cells}\n")).unwrap();
    let same = read_columns(columns(|_| "id".to_owned()));
    assert_eq!(only(&same).id, "0");
    let mixed = read_columns(columns(|number| ["id", "arn", "name", "type"][number % 4].to_owned()));
    assert_eq!((only(&mixed).id.as_str(), only(&mixed).name.as_deref()), ("0", Some("2")));
    let tagged = read_columns(format!(
        "id{}",
        columns(|number| format!("tag:k{number}")).trim_start_matches("tag:k0")
    ));
    assert_eq!(only(&tagged).tags.len(), MANY - 1);
}

#[test]
fn too_many_columns_and_members_are_refused() {
    let text = format!("id{}\n", ",x".repeat(300_000));
    let error = read("a.csv", text).unwrap_err();
    assert!(matches!(error, ImportError::TooLarge { .. }), "{error}");
    assert!(error.to_string().contains("more than 250000 columns") && error.help().is_some(), "{error}");
    let members = "\"a\":1,".repeat(300_000);
    let text = format!(
        "{{\"id\":\"a\"}}\n{{{members}\"id\":\"b\"}}\n{{\"id\":\"c\",\"tags\":{{{members}\"k\":1}}}}\n"
    );
    let import = read("a.ndjson", text).unwrap();
    let ids: Vec<String> = resources(&import).into_iter().map(|resource| resource.id).collect();
    assert_eq!(ids, ["a", "c"]);
    let rejects = rejects(&import);
    assert!(
        rejects[0].starts_with("2:") && rejects[0].ends_with("it has more than 250000 members"),
        "{rejects:?}"
    );
    assert!(
        rejects[1].contains("c: it has more than 250000 members; the resource has no tags"),
        "{rejects:?}"
    );
}

#[test]
fn many_rejects_are_counted_and_the_first_listed() {
    let mut text = "1\n".repeat(120_000);
    text.push_str("{\"id\":\"a\",\"cost\":\"x\"}\n");
    let import = read("a.ndjson", text).unwrap();
    let counts = *import.counts();
    assert_eq!((counts.rows, counts.rejected_rows, counts.rejected_values), (120_001, 120_000, 1));
    assert_eq!((import.rejects().len(), counts.unlisted_rejects), (100_000, 20_001));
    let folder = tempfile::tempdir().unwrap();
    let snapshot = import.write(folder.path(), &mut |_| {}).unwrap();
    let completeness = &snapshot.manifest().completeness;
    assert_eq!((completeness.rejected_rows, completeness.unlisted_rejects), (120_000, 20_001));
    assert_eq!(snapshot.rejects().unwrap().len(), 100_000);
    // With nothing to read, the first reject is named though others fill the list.
    let files = Files::new();
    let paths = [
        files.add("a.ndjson", format!("{{\"id\":\"a\"}}\n{}", "1\n".repeat(100_001))),
        files.add("b.ndjson", "{\"name\":\"x\"}\n"),
    ];
    let error = import_error(&paths);
    assert!(
        matches!(&error, ImportError::NothingRead { first, .. } if first.file.ends_with("b.ndjson")),
        "{error}"
    );
}

fn import_error(paths: &[std::path::PathBuf]) -> ImportError {
    import(paths, &options(), &mut |_| {}).unwrap_err()
}

#[test]
fn deep_nesting_is_a_reject_or_kept_as_text() {
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(MANY), close.repeat(MANY));
    for text in [deep("[", "]"), deep("{\"a\":", "}").replacen("}", "1}", 1)] {
        let rows = format!("{{\"id\":\"a\",\"x\":{text},\"tags\":{{\"k\":{text}}}}}\n{{\"id\":\"b\"}}\n");
        for name in ["a.ndjson", "a.json"] {
            let import = read(name, &rows).unwrap();
            assert_eq!(import.counts().resources, 2, "{name}");
        }
        let _ = read("a.json", &text);
        let _ = read("a.json", format!("{{\"Volumes\":[{text}]}}"));
        let _ =
            read("a.csv", format!("id,tags,meta\na,{0},{0}\n", format!("\"{}\"", text.replace('"', "\"\""))));
    }
}

#[test]
fn deep_modules_of_a_plan_are_an_error() {
    let modules = format!("{}{}", "{\"child_modules\":[".repeat(MANY), "]}".repeat(MANY));
    let plan = format!(
        "{{\"format_version\":\"1.2\",\"terraform_version\":\"1.9\",\"values\":{{\"root_module\":{modules}}}}}"
    );
    let error = read("plan.json", plan).unwrap_err();
    assert!(matches!(error, ImportError::Json { .. }), "{error}");
}

#[test]
fn what_unpacks_to_much_is_bounded() {
    // A row of 17 MiB in a few kilobytes, in each format that is read row by row.
    let long = "x".repeat(17 << 20);
    for (name, text) in [
        ("a.ndjson.gz", format!("{{\"id\":\"a\"}}\n{{\"id\":\"b\",\"name\":\"{long}\"}}\n")),
        ("a.json.gz", format!("[{{\"id\":\"a\"}},\n{{\"id\":\"b\",\"name\":\"{long}\"}}]")),
        ("a.csv.gz", format!("id,name\na,x\nb,{long}\n")),
    ] {
        let files = Files::new();
        let path = files.add(name, gzip(&text));
        let import = import(std::slice::from_ref(&path), &options(), &mut |_| {}).unwrap();
        assert_eq!(only(&import).id, "a", "{name}");
        let rejects = rejects(&import);
        assert!(rejects[0].contains("longer than 16 MiB"), "{name}: {rejects:?}");
        let strict = ImportOptions { strict: true, ..options() };
        assert!(tagpol_inventory::import(&[path], &strict, &mut |_| {}).is_err(), "{name}");
    }
}
