//! Decisions that are newer than a generation.

use tagpol_app::state::{Action, Change};
use tagpol_serve_data::{Filter, FindingQuery, Query};

use crate::shop::{NOW, Shop};

fn set(resource: &str, tag: &str, value: &str) -> Change {
    Change {
        action: Action::Set,
        resource: resource.to_owned(),
        tag: tag.to_owned(),
        value: Some(value.to_owned()),
        note: None,
    }
}

#[test]
fn a_decision_is_visible_in_every_answer() {
    let shop = Shop::new();
    let generation = shop.open(&shop.build(NOW).id);
    let overlay = shop.overlay(&generation);
    assert_eq!(overlay.catch_up().unwrap().resources, [""; 0]);
    shop.decide(&[set("i-2", "owner", "bob@example.com"), set("i-9", "owner", "x@example.com")]);
    let version = generation.version();
    let caught = overlay.catch_up().unwrap();
    assert_eq!((caught.decisions, caught.resources), (2, vec!["i-2".to_owned()]));
    assert_eq!((generation.version(), generation.overlaid()), (version + 1, 1));
    let detail = generation.resource("i-2").unwrap();
    assert_eq!(detail.resource.tags[1].value.as_deref(), Some("bob@example.com"));
    assert_eq!(detail.decided[0].actor, "tester");
    assert_eq!(detail.resource.open, [0; 4]);
    let status = generation.compliance(&Filter::default()).unwrap();
    assert_eq!((status.compliant, status.tags[1]), (3, 2));
    assert_eq!(generation.findings(&FindingQuery::default()).unwrap().total, Some(1));
    let filter = Filter { q: Some("bob@".to_owned()), ..Filter::default() };
    assert_eq!(generation.page(&Query { filter, ..Query::default() }).unwrap().total, Some(1));
    assert_eq!(generation.totals(&Filter::default()).unwrap().resources, 4);
    // Taken back, it is as before.
    shop.decide(&[Change { action: Action::Unset, value: None, ..set("i-2", "owner", "") }]);
    overlay.catch_up().unwrap();
    assert_eq!(generation.compliance(&Filter::default()).unwrap().compliant, 2);
    assert!(generation.resource("i-2").unwrap().decided.is_empty());
}

#[test]
fn what_is_in_the_overlay_is_what_a_new_generation_has() {
    let shop = Shop::new();
    shop.decide(&[set("i-1", "owner", "eve@example.com")]);
    let old = shop.open(&shop.build(NOW).id);
    let overlay = shop.overlay(&old);
    shop.decide(&[
        set("i-1", "team", "web"),
        set("i-3", "environment", "production"),
        Change { action: Action::Unset, value: None, ..set("i-1", "owner", "") },
    ]);
    overlay.catch_up().unwrap();
    let new = shop.open(&shop.build(NOW).id);
    for id in ["i-1", "i-2", "i-3", "i-4"] {
        let (mut overlaid, mut fresh) = (old.resource(id).unwrap(), new.resource(id).unwrap());
        // Generations see a change when they are built.
        overlaid.times.clear();
        fresh.times.clear();
        assert_eq!(overlaid, fresh);
    }
}

#[test]
fn a_preview_is_what_a_decision_does() {
    let shop = Shop::new();
    shop.predict(&[("i-3", "team", "logging", 0.8)]);
    shop.decide(&[set("i-1", "team", "web")]);
    let generation = shop.open(&shop.build(NOW).id);
    let overlay = shop.overlay(&generation);
    let changes = [
        set("i-2", "owner", "bob@example.com"),
        set("i-3", "environment", "staging"),
        Change { action: Action::Unset, value: None, ..set("i-1", "team", "") },
        set("i-9", "owner", "x@example.com"),
    ];
    let previews = overlay.preview(&changes).unwrap();
    assert_eq!(generation.overlaid(), 0);
    for preview in &previews {
        assert_eq!(generation.resource(&preview.now.id).unwrap().resource, preview.now);
    }
    shop.decide(&changes);
    overlay.catch_up().unwrap();
    let ids: Vec<&str> = previews.iter().map(|preview| preview.then.id.as_str()).collect();
    assert_eq!(ids, ["i-2", "i-1", "i-3"]);
    for preview in &previews {
        assert_eq!(generation.resource(&preview.then.id).unwrap().resource, preview.then);
    }
}

#[test]
fn an_export_does_not_see_what_is_decided_meanwhile() {
    let shop = Shop::new();
    let generation = shop.open(&shop.build(NOW).id);
    let overlay = shop.overlay(&generation);
    let filter = Filter { tags: vec![("owner".to_owned(), vec![None])], ..Filter::default() };
    let mut export = generation.export(&filter).unwrap();
    shop.decide(&[set("i-2", "owner", "bob@example.com")]);
    overlay.catch_up().unwrap();
    assert_eq!(export.next_batch().unwrap().len(), 3);
    assert_eq!(generation.totals(&filter).unwrap().resources, 2);
}
