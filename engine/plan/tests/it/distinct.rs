//! Plans for snapshots that list the distinct values of columns.

use tagpol_plan::sql::{COUNTED, EVALUATED};
use tagpol_plan::{Dialect, KeyColumn, KnownValues, Layout, Plan, QueryKind, Request, Script, lower};

use crate::programs::{governance, noon};

/// The plan where all keys have a column and the values of these columns are known.
fn plan(listed: &[&str], repetitive: &[&str]) -> Plan {
    let keys = ["Env", "Owner", "cost-center", "CostCenter", "backup"];
    let key =
        |(i, key): (usize, &&str)| KeyColumn { key: (*key).to_owned(), column: Some(format!("key_{i}")) };
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let layout = Layout {
        keys: Some(keys.iter().enumerate().map(key).collect()),
        currency: Some("USD".to_owned()),
        values: Some(KnownValues { listed: names(listed), repetitive: names(repetitive) }),
        ..Layout::generic()
    };
    lower(&governance(), &layout, &Request::at(noon())).unwrap()
}

const ALL: [&str; 8] = ["type", "account", "provider", "key_0", "key_1", "key_2", "key_3", "key_4"];

#[test]
fn what_follows_from_one_value_is_looked_up() {
    let plan = plan(&ALL, &[]);
    let text = plan.to_string();
    let (layers, _) = text.split_once("evaluated\n").unwrap();
    insta::assert_snapshot!(layers);
    for dictionary in &plan.dictionaries {
        let inside: Vec<_> = dictionary.layers.iter().flatten().collect();
        assert!(dictionary.answers.iter().all(|answer| inside.contains(&answer)), "{}", dictionary.source);
    }
}

#[test]
fn no_text_of_a_key_is_matched_resource_by_resource() {
    let script = Script::new(&plan(&ALL, &[]), Dialect::DuckDb);
    let view = script.statements().find(|s| s.contains(&format!("VIEW {EVALUATED}"))).unwrap();
    assert!(view.contains("getvariable("), "{view}");
    let matches = view.matches("regexp_").count();
    assert_eq!(matches, 0, "{view}");
}

#[test]
fn without_lists_nothing_is_looked_up() {
    for repetitive in [&[][..], &ALL[..]] {
        assert!(plan(&[], repetitive).dictionaries.is_empty());
    }
}

#[test]
fn what_every_evaluation_counts_is_kept() {
    let script = Script::new(&plan(&ALL, &[]), Dialect::DuckDb);
    for (kind, from) in [
        (QueryKind::Summary, COUNTED),
        (QueryKind::Checks, COUNTED),
        (QueryKind::Accounts, COUNTED),
        (QueryKind::Findings, EVALUATED),
        (QueryKind::Tags, EVALUATED),
    ] {
        let [sql] = script.query(kind) else { panic!("one statement") };
        assert!(sql.contains(&format!("FROM {from}")), "{sql}");
    }
}
