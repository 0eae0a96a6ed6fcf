//! The inputs that mutation starts from.

use std::path::{Path, PathBuf};

/// The list of seeds, which `fuzz/seeds.py` reads too.
const INDEX: &str = include_str!("../seeds/index.txt");

/// Returns the root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Returns the seeds of a target, in the order of the list.
pub fn of(target: &str) -> Vec<Vec<u8>> {
    let lines = INDEX.lines().filter(|line| !line.starts_with('#'));
    let entries = lines.map(|line| line.split(' ').collect::<Vec<_>>());
    entries.filter(|entry| entry[0] == target).map(|entry| seed(entry[1], entry[2])).collect()
}

fn seed(selector: &str, path: &str) -> Vec<u8> {
    let content = std::fs::read(root().join(path)).expect("a file of the list of seeds");
    let selector = (selector != "-").then(|| u8::from_str_radix(selector, 16).expect("a selector"));
    selector.into_iter().chain(content).collect()
}
