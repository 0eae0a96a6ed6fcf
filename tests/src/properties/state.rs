//! State stores.

use std::path::Path;
use std::sync::OnceLock;

use tagpol_state::{Action, Change, Prediction, StateError, StateStore};

use super::{Scratch, now, same};

/// Any file in place of a store is read alike twice or is an error, and reading changes nothing.
///
/// The first byte chooses between two forms. Even: the rest is patches of a good file, each three bytes of
/// place, a byte of length, and the bytes to put there. Odd: the rest is the file.
pub fn state(input: &[u8]) {
    let Some((selector, rest)) = input.split_first() else { return };
    let folder = Scratch::new();
    let content = if selector % 2 == 0 { patched(good_file(), rest) } else { rest.to_vec() };
    let path = folder.write("state.db", &content);
    same(contents(&path), contents(&path));
    assert_eq!(std::fs::read(&path).ok().as_deref(), Some(content.as_slice()), "reading changed the file");
    let store = StateStore::new(&path);
    let change = change("i-3");
    // It may be damaged in a place that only a writer sees; a second writer says the same.
    let written =
        |_| store.write(|state| state.decide(now(), "ann", std::slice::from_ref(&change)).map(drop)).is_ok();
    assert_eq!(written(1), written(2));
}

fn change(resource: &str) -> Change {
    Change {
        action: Action::Set,
        resource: resource.to_owned(),
        tag: "owner".to_owned(),
        value: Some("ann@example.com".to_owned()),
        note: None,
    }
}

/// A store with a decision and a prediction.
fn good_file() -> &'static [u8] {
    static FILE: OnceLock<Vec<u8>> = OnceLock::new();
    FILE.get_or_init(|| {
        let folder = Scratch::new();
        let path = folder.path().join("state.db");
        let prediction = Prediction {
            resource: "i-2".to_owned(),
            tag: "owner".to_owned(),
            value: "bob@example.com".to_owned(),
            confidence: 0.75,
        };
        let written = StateStore::new(&path).write(|state| -> Result<(), StateError> {
            state.decide(now(), "ann", &[change("i-1")])?;
            state.set_predictions(&[prediction])
        });
        written.expect("a new store can be written");
        std::fs::read(path).expect("a store that was written can be read")
    })
}

fn patched(file: &[u8], mut patches: &[u8]) -> Vec<u8> {
    let mut file = file.to_vec();
    while let [a, b, c, length, rest @ ..] = patches {
        let place = (usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c)) % file.len();
        let (bytes, after) = rest.split_at(usize::from(*length).min(rest.len()));
        let end = (place + bytes.len()).min(file.len());
        file[place..end].copy_from_slice(&bytes[..end - place]);
        patches = after;
    }
    file
}

/// Everything that is read of a store, as text.
fn contents(path: &Path) -> Result<Option<String>, StateError> {
    StateStore::new(path).read(|state| {
        let mut findings = Vec::new();
        state.each_finding(&mut |finding| {
            findings.push(finding);
            Ok(())
        })?;
        Ok(format!(
            "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {findings:?} {:?} {:?}",
            state.all_decisions()?,
            state.whole_trail(None)?,
            state.whole_trail(Some("i-1"))?,
            state.decision_count()?,
            state.all_rejections()?,
            state.all_predictions()?,
            state.checks()?,
            state.all_runs()?,
            state.newest_run()?,
        ))
    })
}
