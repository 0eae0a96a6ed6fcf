//! What is written, and read back.

use std::time::{Duration, SystemTime};

use tagpol_serve_data::{Compliance, DataError, Generation, OpenOptions, Query, Sort, SortBy};

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
fn a_damaged_generation_is_an_error_and_the_next_one_is_built_without_it() {
    let shop = Shop::new();
    let first = shop.build(NOW);
    let generations = shop.generations();
    std::fs::write(generations.folder().join(&first.id).join("serving.duckdb"), "no database").unwrap();
    let opened = Generation::open(&generations, &first.id, &OpenOptions::default());
    assert!(matches!(opened, Err(DataError::Damaged { .. })));
    let second = shop.build(NOW);
    assert_eq!(second.before, None);
    assert_eq!(shop.open(&second.id).page(&Query::default()).unwrap().total, Some(4));
    let contents = generations.folder().join(&second.id).join("generation.json");
    let text = std::fs::read_to_string(&contents).unwrap();
    std::fs::write(&contents, text.replace("\"version\": 1", "\"version\": 99")).unwrap();
    let error = generations.contents(&second.id).unwrap_err().to_string();
    assert!(error.ends_with("it has version 99, expected 1; build it again"), "{error}");
}

#[test]
fn handles_are_shared_between_threads() {
    fn is_shared<T: Send + Sync + 'static>() {}
    is_shared::<Generation>();
    is_shared::<tagpol_serve_data::Overlay>();
    is_shared::<tagpol_serve_data::Conditions>();
    let shop = Shop::new();
    let options = OpenOptions { sessions: 2, ..OpenOptions::default() };
    let generation = Generation::open(&shop.generations(), &shop.build(NOW).id, &options).unwrap();
    let ask = |generation: Generation| move || generation.page(&Query::default()).unwrap().total;
    let threads: Vec<_> = (0..8).map(|_| std::thread::spawn(ask(generation.clone()))).collect();
    for thread in threads {
        assert_eq!(thread.join().unwrap(), Some(4));
    }
    let impatient = OpenOptions { patience: Duration::ZERO, ..options };
    let generation = Generation::open(&shop.generations(), &generation.contents().id, &impatient).unwrap();
    assert!(matches!(generation.page(&Query::default()), Err(DataError::TooSlow)));
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
    generations.remove(&first.id).unwrap();
    assert_eq!(std::fs::read_dir(generations.folder()).unwrap().count(), 1);
    assert!(matches!(generations.remove("../shop"), Err(DataError::UnknownGeneration { .. })));
}

/// What another process is writing stays, and what nobody writes any more is removed.
#[test]
fn half_generations_are_swept_when_their_writers_are_gone() {
    let shop = Shop::new();
    let id = shop.build(NOW).id;
    let generations = shop.generations();
    let half = |name: &str| {
        let folder = generations.folder().join(name);
        std::fs::create_dir(&folder).unwrap();
        std::fs::File::create(folder.join("lock")).unwrap()
    };
    let (running, killed) = (half(".running.0"), half(".killed.0"));
    running.lock().unwrap();
    drop(killed);
    std::fs::create_dir(generations.folder().join(".old.removed")).unwrap();
    let names = || {
        let entries = std::fs::read_dir(generations.folder()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    // Whoever has just made a folder has no lock yet.
    let now = SystemTime::now();
    generations.sweep(now).unwrap();
    assert_eq!(names().len(), 4);
    generations.sweep(now + Duration::from_secs(120)).unwrap();
    assert_eq!(names(), [".running.0", id.as_str()]);
    drop(running);
    generations.sweep(now + Duration::from_secs(120)).unwrap();
    assert_eq!(names(), [id]);
}

/// Several servers start at the same moment, and their clocks show the same second.
#[test]
fn generations_of_the_same_time_are_built_next_to_each_other() {
    let shop = Shop::new();
    let mut ids: Vec<String> = std::thread::scope(|threads| {
        let builds: Vec<_> = (0..3).map(|_| threads.spawn(|| shop.build(NOW).id)).collect();
        builds.into_iter().map(|build| build.join().unwrap()).collect()
    });
    ids.sort();
    assert_eq!(shop.generations().list().unwrap(), ids);
    for id in &ids {
        assert_eq!(shop.open(id).contents().id, *id);
    }
    assert_eq!(std::fs::read_dir(shop.generations().folder()).unwrap().count(), 3);
}

/// Other replicas show a generation until they notice a newer one.
#[test]
fn a_generation_that_was_replaced_just_now_stays() {
    let shop = Shop::new();
    let ids: Vec<String> = (0..4).map(|_| shop.build(NOW).id).collect();
    let (generations, now) = (shop.generations(), SystemTime::now());
    let grace = Duration::from_secs(600);
    generations.remove_old(2, grace, now).unwrap();
    assert_eq!(generations.list().unwrap(), ids);
    generations.remove_old(2, grace, now + 2 * grace).unwrap();
    assert_eq!(generations.list().unwrap(), ids[2..]);
}
