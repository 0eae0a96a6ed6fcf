//! Plain lists and AWS tagging answers.

use tagpol_inventory::{Format, detect, import};

use crate::support::*;

#[test]
fn ndjson_with_all_fields() {
    let line = r#"{"id":"i-1","name":"web","type":"ec2:instance","provider":"aws","account":"1234","region":"eu-west-1",
        "created":"2026-09-01T12:00:00.5Z","monthly_cost":12.345678901234,"currency":"EUR","source":"cmdb","owner_team":"x","tags":{"Env":"prod"}}"#
        .replace('\n', " ");
    let import = read("a.ndjson", &line).unwrap();
    let resource = only(&import);
    assert_eq!(resource.id, "i-1");
    assert_eq!(resource.name.as_deref(), Some("web"));
    assert_eq!(resource.type_.as_deref(), Some("ec2:instance"));
    assert_eq!(resource.provider.as_deref(), Some("aws"));
    assert_eq!(resource.account.as_deref(), Some("1234"));
    assert_eq!(resource.region.as_deref(), Some("eu-west-1"));
    assert_eq!(resource.created.unwrap().to_rfc3339(), "2026-09-01T12:00:00.500+00:00");
    assert_eq!(resource.monthly_cost, Some(decimal("12.345678901234")));
    assert_eq!(resource.source.as_deref(), Some("cmdb"));
    assert_eq!(resource.meta.as_deref(), Some(r#"{"owner_team":"x"}"#));
    assert_eq!(tags(&resource), [("Env", "prod")]);
    assert_eq!(import.currency(), Some("EUR"));
    assert_eq!(import.month(), None);
    assert_eq!(import.sources()[0].format, Format::Ndjson);
    assert!(import.rejects().is_empty());
}

#[test]
fn one_content_in_every_shape() {
    let object = r#"{"id":"i-1","name":"n","tags":{"Env":"prod","empty":""}}"#;
    let shapes = [
        ("a.ndjson", object.to_owned(), Format::Ndjson),
        ("a.txt", format!("\u{feff}\n{object}\r\n\r\n"), Format::Ndjson),
        ("a.json", format!("[\n  {object}\n]"), Format::Json),
        ("b.json", object.replace("{\"id\"", "{\n\"id\""), Format::Json),
        (
            "a.csv",
            "id,name,tags\r\ni-1,n,\"{\"\"Env\"\":\"\"prod\"\",\"\"empty\"\":\"\"\"\"}\"\r\n".to_owned(),
            Format::Csv,
        ),
        (
            "b.csv",
            "\u{feff}resource_id;name;tag:Env;tags\ni-1;n;prod;{\"empty\":\"\"}\n"
                .replace("{\"empty\":\"\"}", "\"{\"\"empty\"\":\"\"\"\"}\""),
            Format::Csv,
        ),
        (
            "c.tsv",
            "arn\tname\ttags.Env\ttags\ni-1\tn\tprod\t\"\"\"empty\"\":\"\"\"\"\"\n".to_owned(),
            Format::Csv,
        ),
    ];
    for (name, content, format) in shapes {
        for packed in [false, true] {
            let files = Files::new();
            let path = if packed {
                files.add(&format!("{name}.gz"), gzip(&content))
            } else {
                files.add(name, &content)
            };
            assert_eq!(detect(&path).unwrap(), format, "{name}");
            let import = import(&[path], &options(), &mut |_| {}).unwrap();
            let resource = only(&import);
            assert_eq!((resource.id.as_str(), resource.name.as_deref()), ("i-1", Some("n")), "{name}");
            assert_eq!(tags(&resource), [("Env", "prod"), ("empty", "")], "{name}");
            assert_eq!(resource.source.as_deref(), Some(format.source()));
            assert_eq!(rejects(&import), Vec::<String>::new(), "{name}");
        }
    }
}

#[test]
fn an_aws_tagging_answer() {
    let page = r#"{
        "ResourceTagMappingList": [
            {"ResourceARN": "arn:aws:ec2:eu-west-1:111122223333:instance/i-1",
             "Tags": [{"Key": "Name", "Value": "web"}, {"Key": "empty", "Value": ""}]},
            {"ResourceARN": "arn:aws:s3:::logs", "Tags": [], "ComplianceDetails": {"ComplianceStatus": true}}
        ],
        "PaginationToken": ""
    }"#;
    let import = read("aws.json", page).unwrap();
    assert_eq!(import.sources()[0].format, Format::AwsTagging);
    let [web, logs] = &resources(&import)[..] else { panic!("two resources") };
    assert_eq!(web.name.as_deref(), Some("web"));
    assert_eq!(web.type_.as_deref(), Some("ec2:instance"));
    assert_eq!(web.account.as_deref(), Some("111122223333"));
    assert_eq!(web.region.as_deref(), Some("eu-west-1"));
    assert_eq!(tags(web), [("Name", "web"), ("empty", "")]);
    assert_eq!((logs.name.as_deref(), logs.type_.as_deref()), (Some("logs"), Some("s3:bucket")));
    assert_eq!(logs.meta.as_deref(), Some(r#"{"ComplianceDetails":{"ComplianceStatus": true}}"#));

    let lines = format!("{0}\n{0}\n", page.replace('\n', " "));
    let import = read("pages.ndjson", lines).unwrap();
    assert_eq!((import.counts().resources, import.counts().merged), (2, 2));
    assert!(import.rejects().is_empty());
}

#[test]
fn csv_cells_that_are_no_value() {
    let text = "id,name,region,tag:a,tag:b,tag:c,note,meta\ni-1,NULL,,NULL,,x,seen,\ni-2,n,r,1,2,3,,\"{\"\"k\"\": 1}\"\n";
    let import = read("a.csv", text).unwrap();
    let [first, second] = &resources(&import)[..] else { panic!("two resources") };
    assert_eq!((first.name.as_deref(), first.region.as_deref()), (Some("i-1"), None));
    assert_eq!(tags(first), [("c", "x")]);
    assert_eq!(first.meta.as_deref(), Some(r#"{"note":"seen"}"#));
    assert_eq!(second.meta.as_deref(), Some(r#"{"k":1}"#));
}

#[test]
fn files_are_merged_by_id_in_their_order() {
    let files = Files::new();
    let list = files.add("a.ndjson", r#"{"id":"i-1","name":"a","tags":{"x":"1","y":"1"}}"#);
    let more = files.add("b.csv", "id,region,tag:y\ni-1,eu,2\ni-2,eu,\n");
    let import = import(&[list, more], &options(), &mut |_| {}).unwrap();
    let first = &resources(&import)[0];
    assert_eq!((first.name.as_deref(), first.region.as_deref()), (Some("a"), Some("eu")));
    assert_eq!(tags(first), [("x", "1"), ("y", "2")]);
    assert_eq!(import.counts().resources, 2);
    assert_eq!(
        rejects(&import),
        ["2 value [id] i-1: the id occurs with tag `y` = `1` and with `2`; the later value is kept"]
    );
}
