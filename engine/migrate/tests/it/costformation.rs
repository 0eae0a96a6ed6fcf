//! Random dimensions of CostFormation: the migrated rules give the values that the library of the vendor gives.
//!
//! `TAGPOL_TEST_DIMENSIONS` documents are made. A dimension is compared if all of its constructs are exact, and those of the
//! dimensions that it reads; one that differs for blank values only is compared where no value is blank. The oracle needs the
//! packages of `cli/tests/peers/requirements.txt` in the Python that `TAGPOL_TEST_PYTHON` names.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tagpol_interp::{Options, Row, evaluate};
use tagpol_migrate::{Format, Migration, Outcome};
use tagpol_sema::{Database, Level, analysis};

use crate::support::{run, settings};

/// Numbers that look random.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap()
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    fn may(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

const SOURCES: [&str; 5] = ["Tag:team", "Tag:Team", "Tag:env", "Account", "Region"];

const VALUES: [&str; 14] = [
    "web",
    "Web",
    "WEB-1",
    "web-22",
    " web ",
    "prod",
    "platform",
    "",
    "\t",
    "eu-west-1",
    "111122223333",
    "a.b",
    "é",
    "É",
];

const PATTERNS: [&str; 6] = ["web.*", "[a-z]+", "web-[0-9]{1,2}", "(prod|platform)", ".*e.*", "[0-9]{12}"];

/// A source, or one of the dimensions before this one.
fn source(dice: &mut Dice, before: usize) -> String {
    if before > 0 && dice.may(20) {
        return format!("User:Defined:D{}", dice.below(before));
    }
    dice.one(&SOURCES).to_owned()
}

fn transforms(dice: &mut Dice, of: &mut Value) {
    if dice.may(25) {
        of["Transforms"] = match dice.below(3) {
            0 => json!([{"Type": "Lower"}]),
            1 => json!([{"Type": "Trim"}]),
            _ => json!([{"Type": "Trim"}, {"Type": "Lower"}]),
        };
    }
}

fn condition(dice: &mut Dice, before: usize, depth: usize) -> Value {
    if depth > 0 && dice.may(35) {
        let parts = (0..1 + dice.below(3)).map(|_| condition(dice, before, depth - 1));
        let parts: Vec<Value> = parts.collect();
        return match dice.below(3) {
            0 => json!({"And": parts}),
            1 => json!({"Or": parts}),
            _ => json!({"Not": parts[0]}),
        };
    }
    let texts: Vec<&str> = (0..1 + dice.below(2)).map(|_| dice.one(&VALUES[..7])).collect();
    let mut leaf = match dice.below(7) {
        0 => json!({"Contains": texts}),
        1 => json!({"BeginsWith": texts}),
        2 => json!({"EndsWith": texts}),
        3 => json!({"Matches": dice.one(&PATTERNS)}),
        4 => json!({"HasValue": dice.may(60)}),
        _ => json!({"Equals": texts}),
    };
    match dice.below(4) {
        0 => leaf["Source"] = json!(source(dice, before)),
        1 => leaf["Sources"] = json!([source(dice, before), source(dice, before)]),
        _ => {}
    }
    transforms(dice, &mut leaf);
    leaf
}

fn rule(dice: &mut Dice, before: usize, number: usize) -> Value {
    let mut rule = json!({});
    if dice.may(25) {
        rule["Type"] = json!("GroupBy");
        if dice.may(40) {
            rule["Sources"] = json!([source(dice, before), source(dice, before)]);
            rule["CoalesceSources"] = json!(true);
        } else {
            rule["Source"] = json!(source(dice, before));
        }
        if dice.may(40) {
            rule["Conditions"] = json!([condition(dice, before, 1)]);
        }
    } else {
        rule["Type"] = json!("Group");
        rule["Name"] = json!(format!("group {number}"));
        if dice.may(30) {
            rule["Source"] = json!(source(dice, before));
        }
        let conditions: Vec<Value> = (0..1 + dice.below(3)).map(|_| condition(dice, before, 2)).collect();
        rule["Conditions"] = json!(conditions);
    }
    transforms(dice, &mut rule);
    rule
}

fn document(dice: &mut Dice) -> Value {
    let mut dimensions = serde_json::Map::new();
    for number in 0..1 + dice.below(3) {
        let rules: Vec<Value> = (0..1 + dice.below(4)).map(|at| rule(dice, number, at)).collect();
        let mut dimension = json!({"Rules": rules});
        dimension["Source"] = match dice.below(4) {
            0 => json!([source(dice, number), source(dice, number)]),
            _ => json!(source(dice, number)),
        };
        if dice.may(40) {
            dimension["DefaultValue"] = json!("other");
        }
        transforms(dice, &mut dimension);
        dimensions.insert(format!("D{number}"), dimension);
    }
    Value::Object(dimensions)
}

fn rows(dice: &mut Dice) -> Vec<Value> {
    let mut rows = vec![json!({})];
    for _ in 0..30 {
        let mut row = json!({});
        for source in SOURCES {
            if dice.may(60) {
                row[source] = json!(dice.one(&VALUES));
            }
        }
        rows.push(row);
    }
    rows
}

fn resource(number: usize, row: &Value) -> Row {
    let text = |source: &str| row[source].as_str().map(str::to_owned);
    let keys = ["team", "Team", "env"].into_iter();
    Row {
        id: format!("r{number}"),
        account: text("Account"),
        region: text("Region"),
        tags: keys.filter_map(|key| Some((key.to_owned(), text(&format!("Tag:{key}"))?))).collect(),
        ..Row::default()
    }
}

/// Evaluates migrated policies: the values of each tag, by resource.
fn migrated(migration: &Migration, rows: &[Value]) -> Vec<BTreeMap<String, String>> {
    let db = Database::default();
    let files = migration.files.iter().filter(|file| file.name.ends_with(".tagpol"));
    let project = db.project(files.map(|file| (file.name.clone(), file.text.clone())));
    let analysis = analysis(&db, project);
    assert!(analysis.diagnostics.iter().all(|one| one.level() != Level::Error));
    let rows: Vec<Row> = rows.iter().enumerate().map(|(number, row)| resource(number, row)).collect();
    let names: Vec<&str> = analysis.program.tags.iter().map(|tag| tag.name.as_str()).collect();
    let results = evaluate(&analysis.program, &rows, &Options::default()).into_iter();
    let values = results.map(|result| {
        let tags = names.iter().zip(result.tags);
        tags.filter_map(|(name, tag)| Some(((*name).to_owned(), tag.value?))).collect()
    });
    values.collect()
}

/// How a dimension can be compared.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Comparable {
    Always,
    WithoutBlanks,
    Never,
}

fn comparable(migration: &Migration, dimensions: &Value, name: &str) -> Comparable {
    let own = migration.constructs.iter().filter(|one| one.construct.starts_with(&format!("{name}: ")));
    let own = own.map(|one| match &one.reason {
        _ if one.outcome == Outcome::Exact => Comparable::Always,
        Some(reason) if reason.contains("blank value gives no value") => Comparable::WithoutBlanks,
        _ => Comparable::Never,
    });
    let text = dimensions[name].to_string();
    let read = dimensions
        .as_object()
        .unwrap()
        .keys()
        .filter(|other| *other != name && text.contains(&format!("User:Defined:{other}\"")));
    let read = read.map(|other| comparable(migration, dimensions, other));
    own.chain(read).max().unwrap_or(Comparable::Never)
}

/// Asks the library for the values of all dimensions in all rows. None: it is not installed.
fn oracle(cases: &[Value]) -> Option<Vec<Value>> {
    let python = std::env::var("TAGPOL_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has_library =
        Command::new(&python).args(["-c", "import costformation"]).stderr(Stdio::null()).status();
    if !has_library.is_ok_and(|status| status.success()) {
        return None;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/costformation_oracle.py");
    let mut child =
        Command::new(python).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let text = json!(cases).to_string();
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn dimensions_have_the_values_of_their_vendor() {
    let wanted = std::env::var("TAGPOL_TEST_DIMENSIONS").map_or(100, |text| text.parse().unwrap());
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let cases: Vec<Value> =
        (0..wanted).map(|_| json!({"dimensions": document(&mut dice), "rows": rows(&mut dice)})).collect();
    let Some(answers) = oracle(&cases) else {
        return eprintln!("skipped: the packages of cli/tests/peers/requirements.txt are not installed");
    };
    let (mut compared, mut exact, mut all) = (0, 0, 0);
    for (case, answers) in cases.iter().zip(&answers) {
        let Some(answers) = answers.as_array() else { panic!("{answers}\n{case:#}") };
        let dimensions = &case["dimensions"];
        let text = json!({"Dimensions": dimensions}).to_string();
        let migration = run(Format::Costformation, &[("d.json", &text)], &settings(&[])).unwrap();
        let rows = case["rows"].as_array().unwrap();
        let ours = migrated(&migration, rows);
        for name in dimensions.as_object().unwrap().keys() {
            let how = comparable(&migration, dimensions, name);
            all += 1;
            exact += usize::from(how != Comparable::Never);
            for ((row, answer), ours) in rows.iter().zip(answers).zip(&ours) {
                let mut values = row.as_object().unwrap().values().map(|value| value.as_str().unwrap());
                let has_blank = values.any(|value| value.trim().is_empty());
                if how == Comparable::Never || (how == Comparable::WithoutBlanks && has_blank) {
                    continue;
                }
                compared += 1;
                let ours = ours.get(&name.to_lowercase()).map(String::as_str);
                assert_eq!(
                    ours,
                    answer[name].as_str(),
                    "{name} of {row}\n{dimensions:#}\n{:#?}",
                    migration.constructs
                );
            }
        }
    }
    println!("{exact} of {all} dimensions are compared, in {compared} rows");
    assert!(exact * 2 > all && compared > wanted * 10, "{exact} of {all}, {compared} rows");
    let kinds: BTreeSet<bool> =
        answers.iter().flat_map(|rows| rows.as_array().unwrap()).map(|row| row["D0"].is_null()).collect();
    assert_eq!(kinds.len(), 2, "all rows are alike");
}
