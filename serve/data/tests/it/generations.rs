//! What is written, and read back.

use tagpol_serve_data::{Compliance, DataError, Query, Sort, SortBy};

use crate::shop::{NOW, Shop};

#[test]
fn a_page_has_the_resources_with_their_tags() {
    let shop = Shop::new();
    let contents = shop.build(NOW);
    assert_eq!(shop.generations().newest().unwrap().as_ref(), Some(&contents.id));
    let generation = shop.open(&contents.id);
    let page = generation.page(&Query::default()).unwrap();
    assert_eq!(page.total, Some(4));
    let ids: Vec<&str> = page.rows.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(ids, ["i-2", "i-1", "i-3", "i-4"]);
    let database = &page.rows[0];
    assert_eq!(database.compliance, Compliance::Violating);
    assert_eq!(database.open, [0, 1, 0, 0]);
    let values: Vec<Option<&str>> = database.tags.iter().map(|tag| tag.value.as_deref()).collect();
    assert_eq!(values, [Some("production"), None, Some("payments")]);
    let by_name = Query { sort: Sort { by: SortBy::Name, reverse: true }, limit: 2, ..Query::default() };
    let names: Vec<Option<String>> =
        generation.page(&by_name).unwrap().rows.into_iter().map(|row| row.name).collect();
    assert_eq!(names, [Some("shop-web".to_owned()), Some("shop-db".to_owned())]);
}

#[test]
fn a_resource_is_found_by_its_id_and_by_its_key() {
    let shop = Shop::new();
    let generation = shop.open(&shop.build(NOW).id);
    let found = generation.resource("i-1").unwrap();
    assert_eq!(generation.resource(&found.resource.key).unwrap(), found);
    assert_eq!(found.score(generation.contents()), Some(100.0));
    assert_eq!(found.checks.len(), 2);
    let unknown = generation.resource("i-9").unwrap_err();
    assert!(matches!(unknown, DataError::UnknownResource { .. }));
}

#[test]
fn a_generation_has_no_native_tags() {
    let shop = Shop::new();
    let contents = shop.build(NOW);
    let folder = shop.generations().folder().join(&contents.id);
    for file in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for secret in ["secret-key", "prd"] {
            let found = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!found, "{secret}");
        }
    }
}

#[test]
fn names_that_do_not_exist_are_errors_with_the_closest() {
    let shop = Shop::new();
    let generation = shop.open(&shop.build(NOW).id);
    let sort = |by| Query { sort: Sort { by, reverse: false }, ..Query::default() };
    let error = generation.page(&sort(SortBy::Tag("ownr".to_owned()))).unwrap_err().to_string();
    assert_eq!(error, "there is no tag `ownr`; did you mean `owner`?");
    let error = generation.page(&Query { limit: 501, ..Query::default() }).unwrap_err().to_string();
    assert_eq!(error, "a page has at most 500 rows, not 501");
}

#[test]
fn generations_are_listed_and_removed() {
    let shop = Shop::new();
    let first = shop.build(NOW);
    let second = shop.build(NOW);
    let generations = shop.generations();
    assert_eq!(generations.list().unwrap(), [first.id.clone(), second.id.clone()]);
    assert_eq!(second.before.as_ref(), Some(&first.id));
    std::fs::create_dir(generations.folder().join(".half")).unwrap();
    generations.sweep().unwrap();
    generations.remove(&first.id).unwrap();
    assert_eq!(std::fs::read_dir(generations.folder()).unwrap().count(), 1);
    assert!(matches!(generations.remove("../shop"), Err(DataError::UnknownGeneration { .. })));
}
