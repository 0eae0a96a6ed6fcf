//! Texts that break what handles them carelessly, in every place where a text can stand: they come
//! out as they went in, run nothing, and cannot steer a terminal.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::Folder;

const HOSTILE: [&str; 18] = [
    "'",
    "\"",
    "''; DROP TABLE resources; --",
    "'); DROP TABLE evaluated; SELECT ('",
    "-- ",
    "*/ /*",
    "\\",
    "\\' OR 1=1",
    "a\0b",
    "line\nbreak\r\ttab",
    "\u{1b}[31mred\u{1b}[0m",
    "\u{202e}reversed",
    "{owner}",
    "$1 %s {} %_",
    "größe 日本 🦀 e\u{301}",
    "\u{feff}\u{a0}",
    ".*",
    "NULL",
];

/// Writes a text as a string of the language.
fn string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' | '{' | '}' => out.extend(['\\', c]),
            c if c.is_control() => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            c => out.push(c),
        }
    }
    out + "\""
}

/// Writes a text as a regular expression that matches it.
fn regex(text: &str) -> String {
    let mut out = String::from("/");
    for c in text.chars() {
        match c {
            '/' => out.push_str("\\/"),
            c if c.is_control() => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => out.push_str(&regex::escape(&c.to_string())),
        }
    }
    out + "/"
}

/// Returns the text with each letter and its accents as one character: so names are kept and compared.
fn composed(text: &str) -> String {
    text.replace("e\u{301}", "\u{e9}")
}

/// Returns what people see of a text: so tags are compared, and kept where they are plain text.
fn seen(text: &str) -> String {
    let plain = text.replace(['\u{202e}', '\u{feff}'], "").replace('\u{a0}', " ");
    composed(plain.trim())
}

fn id(text: &str) -> String {
    composed(&format!("id {text}"))
}

/// Returns a resource a text, which stands in everything that it has.
fn inventory() -> String {
    let resource = |text: &&str| {
        let resource = json!({
            "id": id(text), "name": text, "type": text, "provider": "aws", "account": text, "region": text,
            "tags": { *text: text, "note": text, "owner": text },
        });
        format!("{resource}\n")
    };
    HOSTILE.iter().map(resource).collect()
}

/// Evaluates policies over the inventory.
fn evaluated(policies: &str) -> (Folder, Value) {
    let folder = Folder::new();
    folder.write("p.tagpol", policies);
    folder.write("i.ndjson", inventory());
    let run = folder.run(&["eval", "p.tagpol", "-i", "i.ndjson", "--format", "json", "--fail-on", "none"]);
    let json = serde_json::from_str(&run.ends_with(0)).unwrap();
    (folder, json)
}

fn findings(report: &Value) -> &[Value] {
    report["findings"].as_array().unwrap()
}

#[test]
fn texts_of_the_inventory_come_out_as_they_went_in() {
    let (_, report) = evaluated("tag note: text\npolicy no-notes { severity low  forbid note }\n");
    let found: BTreeMap<&str, &Value> =
        findings(&report).iter().map(|f| (f["resource"].as_str().unwrap(), f)).collect();
    assert_eq!(found.len(), HOSTILE.len() - 1, "all but the blank one");
    for text in HOSTILE.into_iter().filter(|text| !seen(text).is_empty()) {
        let finding = found[id(text).as_str()];
        for field in ["name", "type", "account", "region", "value"] {
            let expected = if field == "value" { seen(text) } else { composed(text) };
            assert_eq!(finding[field], expected, "{field} of {text:?}");
        }
    }
}

#[test]
fn a_value_that_is_not_valid_is_shown_as_people_see_it() {
    let (_, report) = evaluated("tag owner: email\npolicy owned { severity low  require owner }\n");
    for (finding, text) in findings(&report).iter().zip(sorted()) {
        assert_eq!(finding["resource"], id(text));
        let value = Some(seen(text)).filter(|text| !text.is_empty());
        assert_eq!(finding["value"], json!(value));
    }
    assert_eq!(findings(&report).len(), HOSTILE.len());
}

/// The texts in the order of findings.
fn sorted() -> Vec<&'static str> {
    let mut sorted = HOSTILE.to_vec();
    sorted.sort_unstable();
    sorted
}

#[test]
fn texts_of_policies_mean_themselves() {
    let tests: [fn(&str) -> String; 9] = [
        |text| format!("resource.name == {}", string(text)),
        |text| format!("resource.id ends with {} and resource.name in [{0}]", string(text)),
        |text| format!("resource.name starts with {} and resource.account contains {0}", string(text)),
        |text| format!("resource.name matches {}", regex(text)),
        |text| format!("native[{}] is set", string(text)),
        |text| format!("native[{0}] == {0}", string(text)),
        |text| format!("native[\"note\"] == {}", string(text)),
        |text| format!("replace(resource.name, {}, \"\") == \"\"", string(text)),
        |text| format!("lower(resource.id) == lower({})", string(&id(text))),
    ];
    for test in tests {
        let mut policies = String::new();
        for (number, text) in HOSTILE.iter().enumerate() {
            let (test, message) = (test(text), string(text));
            policies.push_str(&format!(
                "policy p-{number:02} {{ severity low  forbid c: {test} else {message} }}\n"
            ));
        }
        let (_, report) = evaluated(&policies);
        for (number, text) in HOSTILE.iter().enumerate() {
            let of_policy = findings(&report).iter().filter(|f| f["policy"] == format!("p-{number:02}"));
            let of_policy: Vec<&Value> = of_policy.collect();
            let resources: Vec<&Value> = of_policy.iter().map(|f| &f["resource"]).collect();
            assert!(resources.contains(&&Value::from(id(text))), "{}: {resources:?}", test(text));
            for finding in of_policy {
                assert_eq!(finding["message"], composed(text));
            }
        }
    }
}

#[test]
fn rules_and_maps_give_exactly_these_texts() {
    let mut policies = String::from("tag note: text\ntag copy: text\nnormalize note {\n");
    for (number, text) in HOSTILE.iter().enumerate() {
        policies.push_str(&format!("  map {} -> \"v{number}\"\n", string(&seen(text))));
    }
    policies.push_str("}\n");
    let visible = || HOSTILE.iter().filter(|text| !seen(text).is_empty());
    for (number, text) in visible().enumerate() {
        policies.push_str(&format!(
            "rule r-{number} {{ when resource.name == {0} set copy = {0} }}\n",
            string(text)
        ));
    }
    policies.push_str(
        "policy notes { severity low  forbid note }\npolicy copies { severity low  forbid copy }\n",
    );
    let (_, report) = evaluated(&policies);
    for (number, text) in HOSTILE.iter().enumerate() {
        let value = |policy: &str| {
            let mut found =
                findings(&report).iter().filter(|f| f["policy"] == policy && f["resource"] == id(text));
            found.next().unwrap_or_else(|| panic!("no finding of {policy} for {text:?}"))["value"].clone()
        };
        assert_eq!(value("notes"), format!("v{number}"), "{text:?}");
        if !seen(text).is_empty() {
            assert_eq!(value("copies"), composed(text));
        }
    }
}

#[test]
fn no_text_steers_the_terminal() {
    let escape = string("a message\u{1b}[2J\u{7}");
    let policies =
        format!("tag owner: email\npolicy owned {{ severity high  require owner else {escape} }}\n");
    let (folder, _) = evaluated(&policies);
    let table = folder.run(&["eval", "p.tagpol", "-i", "i.ndjson", "--all"]).ends_with(1);
    let test = format!(
        "{policies}test {escape} {{ given {{ name {escape} }} expect owner == \"x@example.com\" }}\n"
    );
    folder.write("p.tagpol", test);
    let tested = folder.run(&["test", "p.tagpol"]).ends_with(1);
    let listed = folder.run(&["test", "p.tagpol", "--list"]).ends_with(0);
    let imported = folder.run(&["snapshot", "import", "i.ndjson"]).ends_with(0);
    let shown = folder.run(&["snapshot", "show"]).ends_with(0);
    folder.write("bad.ndjson", "{\"id\": \"a\", \"tags\": {\"k\\u001b[2J\": \"x\", \"k\\u001b[2J\": \"\\u0007y\"}}\n{\"id\": \"b\", \"created\": \"\\u001b[2J\"}\n");
    let rejects = folder.run(&["snapshot", "import", "bad.ndjson"]);
    folder.write(
        "bad.tagpol",
        "tag owner: \u{1b}[2J // hidden\rshown\npolicy p { severity \u{202e}high require owner }\n",
    );
    let checked = ["human", "short"]
        .map(|format| folder.run(&["check", "bad.tagpol", "--format", format]).ends_with(2));
    let texts =
        [&table, &tested, &listed, &imported, &shown, &rejects.out, &rejects.err, &checked[0], &checked[1]];
    for text in texts {
        let steering = |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c);
        assert!(!text.contains(steering), "{:?} in {text:?}", text.chars().find(|c| steering(*c)));
    }
}

#[test]
fn the_sql_of_hostile_policies_has_no_control_characters() {
    let policies: String = HOSTILE
        .iter()
        .enumerate()
        .map(|(number, text)| {
            format!(
                "policy p-{number} {{ severity low  forbid c: native[{0}] == {0} else {0} }}\n",
                string(text)
            )
        })
        .collect();
    let (folder, _) = evaluated(&policies);
    let sql = folder.run(&["compile", "p.tagpol", "-i", "i.ndjson"]).ends_with(0);
    assert!(!sql.contains(|c: char| c.is_control() && c != '\n'), "{sql}");
}
