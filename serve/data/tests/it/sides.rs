//! The same inventory from other sides: findings, compliance, changes, the graph.

use tagpol_serve_data::{EventKind, Filter, FindingQuery, GraphQuery, Node, SuggestionQuery};

use crate::shop::{NOW, Shop};

#[test]
fn findings_are_ordered_by_severity_and_cost() {
    let shop = Shop::new();
    let generation = shop.open(&shop.build(NOW).id);
    let mut query = FindingQuery { limit: 1, ..FindingQuery::default() };
    let mut found = Vec::new();
    loop {
        let page = generation.findings(&query).unwrap();
        assert_eq!(page.total, Some(2));
        found.extend(page.rows.into_iter().map(|finding| format!("{} {}", finding.id, finding.message)));
        query.after = page.next;
        if query.after.is_none() {
            break;
        }
    }
    assert_eq!(
        found,
        [
            "i-2 write the owner's email address",
            "i-3 environment is `hidden`; it must be one of production, staging, development"
        ]
    );
    let policies = vec!["has-environment".to_owned()];
    let filter = Filter { policies, ..Filter::default() };
    let page = generation.findings(&FindingQuery { filter, ..FindingQuery::default() }).unwrap();
    assert_eq!(page.rows.len(), 1);
}

#[test]
fn compliance_has_the_numbers_of_an_evaluation() {
    let shop = Shop::new();
    let generation = shop.open(&shop.build(NOW).id);
    let status = generation.compliance(&Filter::default()).unwrap();
    assert_eq!((status.resources, status.compliant, status.in_scope, status.passing), (4, 2, 4, 2));
    // Two resources in the scope of a check of weight 5, one of which fails; four of weight 1, one of which fails.
    assert_eq!(status.score, Some(57.1));
    assert_eq!(status.tags, [4, 1, 3]);
    let open: Vec<u64> = status.checks.iter().map(|check| check.open).collect();
    assert_eq!(open, [1, 1]);
}

#[test]
fn changes_are_those_against_the_generation_before() {
    let shop = Shop::new();
    let first = shop.open(&shop.build(NOW).id);
    assert_eq!(first.events("i-1").unwrap(), []);
    shop.change_inventory(|text| {
        text.replace("100.50,USD,prd", "100.50,USD,staging") + "i-5,new,s3:bucket,gcp,333,us-1,1,USD,,,,\n"
    });
    let second = shop.open(&shop.build("2026-11-02T12:00:00Z").id);
    let events = second.events("i-1").unwrap();
    let [event] = events.as_slice() else { panic!("{events:?}") };
    let EventKind::Changed { tag, old, new, .. } = &event.what else { panic!("{event:?}") };
    let (old, new) = (old.as_deref(), new.as_deref());
    assert_eq!((tag.as_str(), old, new), ("environment", Some("production"), Some("staging")));
    let appeared = second.events("i-5").unwrap();
    assert_eq!(appeared.iter().map(|event| &event.what).collect::<Vec<_>>(), [&EventKind::Appeared]);
    let times = second.resource("i-1").unwrap().times;
    let times: Vec<String> = times.iter().map(|(created, updated)| format!("{created} {updated}")).collect();
    assert_eq!(
        times,
        [
            "2026-11-01 12:00:00 UTC 2026-11-02 12:00:00 UTC",
            "2026-11-01 12:00:00 UTC 2026-11-01 12:00:00 UTC",
            "2026-11-01 12:00:00 UTC 2026-11-01 12:00:00 UTC"
        ]
    );
    let third = shop.open(&shop.build("2026-11-03T12:00:00Z").id);
    assert_eq!(third.events("i-1").unwrap(), events);
    assert_eq!(third.newest_events(10).unwrap().len(), 2);
}

#[test]
fn the_graph_has_values_of_tags_and_resources() {
    let shop = Shop::new();
    let generation = shop.open(&shop.build(NOW).id);
    let tags = vec!["team".to_owned(), "environment".to_owned()];
    let from = Node::Value { tag: "team".to_owned(), value: Some("payments".to_owned()) };
    let query = GraphQuery { tags, from: Some(from), depth: 1, resources: true, ..GraphQuery::default() };
    let graph = generation.graph(&query).unwrap();
    assert_eq!((graph.nodes.len(), graph.edges.len()), (5, 4));
    let deeper = generation.graph(&GraphQuery { depth: 2, ..query.clone() }).unwrap();
    assert_eq!((deeper.nodes.len(), deeper.edges.len()), (7, 8));
    let whole =
        generation.graph(&GraphQuery { from: None, depth: 1, resources: false, ..query.clone() }).unwrap();
    assert_eq!(whole.nodes.len(), 6);
    assert!(generation.graph(&GraphQuery { depth: 4, ..query }).is_err());
}

#[test]
fn suggestions_are_what_tags_do_not_have() {
    let shop = Shop::new();
    shop.predict(&[
        ("i-3", "team", "logging", 0.8),
        ("i-2", "team", "payments", 0.9),
        ("i-4", "owner", "a@b.c", 0.7),
    ]);
    let generation = shop.open(&shop.build(NOW).id);
    let mut query = SuggestionQuery { limit: 1, ..SuggestionQuery::default() };
    let mut found = Vec::new();
    loop {
        let page = generation.suggestions(&query).unwrap();
        found.extend(page.rows.into_iter().map(|row| (row.id, row.value, row.current)));
        query.after = page.next;
        if query.after.is_none() {
            break;
        }
    }
    let row = |id: &str, value: &str| (id.to_owned(), value.to_owned(), None);
    assert_eq!(found, [row("i-3", "logging"), row("i-4", "a@b.c")]);
    let detail = generation.resource("i-3").unwrap();
    assert_eq!(detail.suggestions.len(), 1);
}
