//! What the targets of `fuzz/` assert, over a fixed number of mutations of every seed.

use tagpol_tests::mutate::{self, Random};
use tagpol_tests::{properties, seeds};

/// Asserts the property of a target for its seeds, and for mutations of them.
fn holds(target: &str, mutations: usize) {
    let property = properties::ALL.into_iter().find(|(name, _)| *name == target).unwrap().1;
    let seeds = seeds::of(target);
    assert!(!seeds.is_empty(), "{target} has seeds");
    seeds.iter().for_each(|seed| property(seed));
    let mut random = Random::new(1);
    for round in 0..mutations {
        let seed = &seeds[round % seeds.len()];
        let input = match seed.split_first() {
            // The selector stays.
            Some((selector, content)) if target == "inventory" && round % 2 == 0 => {
                [vec![*selector], mutate::inventory(&mut random, content)].concat()
            }
            _ => {
                let other = random.pick::<Vec<u8>>(&seeds).clone();
                mutate::bytes(&mut random, seed, &other)
            }
        };
        check(target, round, property, &input);
    }
}

/// Runs a property, and shows which input it fails for.
fn check(target: &str, round: usize, property: properties::Property, input: &[u8]) {
    let done = std::panic::catch_unwind(|| property(input));
    if let Err(panic) = done {
        println!("{target} fails in round {round} for {:?}", String::from_utf8_lossy(input));
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn any_inventory_is_read_in_full_or_refused() {
    holds("inventory", 500);
}

#[test]
fn any_events_are_applied_or_refused() {
    holds("events", 40);
}

#[test]
fn any_parquet_file_is_read_in_full_or_refused() {
    holds("parquet", 600);
}

#[test]
fn any_folder_is_a_snapshot_or_refused() {
    holds("snapshot", 120);
}

#[test]
fn any_file_is_a_state_store_or_refused() {
    holds("state", 24);
}

#[test]
fn any_file_is_a_table_or_refused() {
    holds("table", 1000);
}

#[test]
fn any_text_is_a_manifest_or_refused() {
    holds("manifest", 1000);
}

#[test]
fn a_server_answers_after_any_messages() {
    holds("lsp", 60);
}

#[test]
fn any_texts_come_out_of_reports_as_data() {
    holds("sinks", 150);
}
