//! Kills processes while they write to a state store, and looks at what is left.
//!
//! ```text
//! cargo run --release -p tagpol-tests --bin kill-store -- ROUNDS SEED [DATABASE]
//! ```
//!
//! A round starts several writers on one store, each of which says on its standard output what it
//! has been told is done. A random time after the first word all are killed at once, by a signal that they cannot
//! see. What is then in the store must be: everything that was said to be done, each batch whole or
//! not at all, and a trail whose numbers have no gap. The next round goes on with the same store: a new SQLite file, or
//! a project of its own in a PostgreSQL database (`postgres://…`).

mod verify;
mod writer;

use std::error::Error;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{ChildStdout, Command, ExitCode, Stdio};
use std::sync::mpsc::{self, Sender};
use std::time::Duration;

use tagpol_state::{Location, StateStore};

/// Writers of a round.
const WRITERS: u64 = 3;

/// Longest time that a round's writers live on, in milliseconds; by then each has written often.
const LONGEST: u64 = 400;

/// How long to wait for the first word of a round's writers.
const PATIENCE: Duration = Duration::from_secs(60);

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["write", store, project, name] => {
            project_in(store, project).and_then(|store| writer::write(&store, name))
        }
        [rounds, seed] => in_new_file(rounds, seed),
        [rounds, seed, store] => rounds_of(rounds, seed, store),
        _ => Err("usage: kill-store ROUNDS SEED [DATABASE]".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

fn in_new_file(rounds: &str, seed: &str) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let store = folder.path().join("state.db");
    rounds_of(rounds, seed, store.to_str().ok_or("a temporary folder whose name is not UTF-8")?)
}

fn rounds_of(rounds: &str, seed: &str, store: &str) -> Result<()> {
    let (rounds, mut random) = (rounds.parse::<u64>()?, Random(seed.parse()?));
    let project = format!("kill-store-{}", std::process::id());
    let mut said = Vec::new();
    for round in 0..rounds {
        said.extend(round_of(round, (store, &project), &mut random)?);
        verify::verify(&project_in(store, &project)?, &said)
            .map_err(|wrong| format!("round {round} of seed {seed}: {wrong}"))?;
    }
    let (kills, said) = (rounds * WRITERS, said.len());
    writeln!(std::io::stdout(), "{rounds} rounds, {kills} processes killed, {said} decisions, nothing lost")?;
    Ok(())
}

fn project_in(store: &str, project: &str) -> Result<StateStore> {
    Ok(StateStore::at(Location::parse(store)?).for_project("", project))
}

/// Starts the writers, kills them, and returns what they said.
fn round_of(round: u64, (store, project): (&str, &str), random: &mut Random) -> Result<Vec<String>> {
    let program = std::env::current_exe()?;
    let (first_word, heard) = mpsc::channel();
    let (mut writers, mut listeners) = (Vec::new(), Vec::new());
    for writer in 0..WRITERS {
        let mut command = Command::new(&program);
        command.args(["write", store, project, &format!("{round}-{writer}")]);
        let mut writer = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let out = writer.stdout.take().ok_or("a writer without a standard output")?;
        let first_word = first_word.clone();
        listeners.push(std::thread::spawn(move || listen(out, &first_word)));
        writers.push(writer);
    }
    let spoke = heard.recv_timeout(PATIENCE);
    std::thread::sleep(Duration::from_millis(random.below(LONGEST)));
    for writer in &mut writers {
        writer.kill()?;
    }
    for writer in &mut writers {
        writer.wait()?;
    }
    spoke.map_err(|_| "no writer says anything")?;
    let mut said = Vec::new();
    for listener in listeners {
        said.extend(listener.join().map_err(|_| "a listener failed")??);
    }
    Ok(said)
}

/// Returns the whole lines that a writer says until it ends; the last may be cut off, and says nothing
/// then.
fn listen(out: ChildStdout, first_word: &Sender<()>) -> std::io::Result<Vec<String>> {
    let mut out = BufReader::new(out);
    let (mut said, mut line) = (Vec::new(), String::new());
    while out.read_line(&mut line)? > 0 {
        if let Some(whole) = line.strip_suffix('\n') {
            said.push(whole.to_owned());
            // The round may be over.
            let _ = first_word.send(());
        }
        line.clear();
    }
    Ok(said)
}

/// Numbers that look random (SplitMix64), the same for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % end
    }
}
