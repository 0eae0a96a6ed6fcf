//! State stores.

use std::path::Path;
use std::sync::OnceLock;

use tagpol_session::state::{Action, Change, Prediction, StateError, StateStore};
use tagpol_session::{Limits, Store, StoreOptions, quote_text};

use super::{Scratch, now, same};

/// Memory of a session that reads a store.
const MEMORY: u64 = 256 << 20;

/// Tables of a store, with how many columns they have.
const TABLES: [(&str, usize); 6] =
    [("decisions", 9), ("predictions", 4), ("checks", 4), ("findings", 5), ("runs", 16), ("run_goals", 4)];

/// Any file in place of a store, and any rows in its tables, are read alike twice or are an error.
///
/// The first byte chooses between two forms. Even: the rest is patches of a good file, each three bytes of
/// place, a byte of length, and the bytes to put there. Odd: the rest is rows, one a line, the name of the
/// table and its cells separated by tabs; what a table does not take is left out.
pub fn state(input: &[u8]) {
    let Some((selector, rest)) = input.split_first() else { return };
    let folder = Scratch::new();
    let content = if selector % 2 == 0 { patched(good_file(), rest) } else { good_file().to_vec() };
    let path = folder.write("state.duckdb", &content);
    if selector % 2 == 1 {
        insert(&path, &String::from_utf8_lossy(rest));
    }
    same(contents(&path), contents(&path));
}

fn database(state: &StateStore) -> Store {
    let options = StoreOptions {
        threads: Some(1),
        limits: Limits { memory: Some(MEMORY), timeout: None },
        files: state.files().collect(),
        ..StoreOptions::default()
    };
    Store::in_memory(&options).expect("a database in memory")
}

/// A store with a decision and a prediction.
fn good_file() -> &'static [u8] {
    static FILE: OnceLock<Vec<u8>> = OnceLock::new();
    FILE.get_or_init(|| {
        let folder = Scratch::new();
        let path = folder.path().join("state.duckdb");
        let change = Change {
            action: Action::Set,
            resource: "i-1".to_owned(),
            tag: "owner".to_owned(),
            value: Some("ann@example.com".to_owned()),
            note: None,
        };
        let prediction = Prediction {
            resource: "i-2".to_owned(),
            tag: "owner".to_owned(),
            value: "bob@example.com".to_owned(),
            confidence: 0.75,
        };
        let state = StateStore::new(&path);
        let written = state.write(&database(&state), |writer| -> Result<(), StateError> {
            writer.decide(now(), "ann", &[change])?;
            writer.set_predictions(&[prediction])
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

fn insert(path: &Path, rows: &str) {
    let state = StateStore::new(path);
    let database = database(&state);
    let written = state.write(&database, |_| -> Result<(), StateError> {
        for row in rows.lines() {
            let mut words = row.split('\t');
            let name = words.next().unwrap_or_default();
            let Some((table, columns)) = TABLES.iter().find(|(table, _)| *table == name) else { continue };
            let cells = words.map(|cell| if cell == "NULL" { cell.to_owned() } else { quote_text(cell) });
            let cells: Vec<String> =
                cells.chain(std::iter::repeat("NULL".to_owned())).take(*columns).collect();
            let sql = format!("INSERT INTO tagpol_state.{table} VALUES ({})", cells.join(", "));
            // A row that the table does not take is no part of the store.
            let _ = database.execute(&sql);
        }
        Ok(())
    });
    written.expect("a good store can be written");
}

/// Everything that is read of a store, as text.
fn contents(path: &Path) -> Result<Option<String>, StateError> {
    let store = StateStore::new(path);
    store.read(&database(&store), |state| {
        let decisions = (state.decisions()?, state.history(None)?, state.history(Some("i-1"))?);
        let copied = (state.copy_decisions("copied")?, state.copy_first_seen("seen", now())?);
        Ok(format!(
            "{decisions:?} {copied:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            state.decisions_made()?,
            state.rejections()?,
            state.predictions()?,
            state.findings()?,
            state.runs()?,
            state.newest_run()?,
        ))
    })
}
