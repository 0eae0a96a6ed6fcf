//! Runs the program on mutated inventories and policies, and watches how each run ends.
//!
//! A case fails if the program panics, ends with a code other than 0 to 3 or by a signal, takes too
//! long, needs over a gigabyte of memory, or leaves a file behind. At least half of the cases must reach the
//! engine, since the rest says little about it.

mod case;
mod run;

use std::error::Error;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use case::{Case, Corpus, Kind};

use crate::mutate::Random;

/// What keeps cases from being run.
pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Failures that are shown; the rest is counted.
const MAX_REPORTED_FAILURES: usize = 20;

/// What to run.
#[derive(Debug, Clone)]
pub struct Campaign {
    /// The program under test.
    pub tagpol: PathBuf,
    /// Mutated inventories, and as many mutated policies.
    pub cases: u64,
    /// Tells campaigns apart; the same one has the same cases.
    pub seed: u64,
    /// The longest that a run may take.
    pub longest: Duration,
}

impl Campaign {
    /// Runs all cases, writes a summary, and returns whether all is well. Inputs of cases that fail are
    /// kept in a folder that the summary names.
    ///
    /// # Errors
    /// If the program cannot be started, or the machine has no room for its files.
    pub fn run(&self, out: &mut dyn Write) -> Result<bool> {
        let mut well = true;
        for kind in [Kind::Inventory, Kind::Policy] {
            let corpus = Corpus::of(kind)?;
            let mut summary = Summary::default();
            for number in 0..self.cases {
                // A case depends on its number alone, so that one can be run without those before it.
                let mut random = Random::new(self.seed.wrapping_mul(1_000_003).wrapping_add(number));
                let case = corpus.case(&mut random);
                summary.add(number, &case, &run::run(&self.tagpol, &case, self.longest)?)?;
            }
            well &= summary.print(kind, self.seed, out)?;
        }
        Ok(well)
    }
}

#[derive(Default)]
struct Summary {
    passed: u64,
    reached: u64,
    failures: Vec<String>,
    /// Where failed inputs are kept.
    kept: Option<PathBuf>,
    /// The most memory of a run, in bytes.
    memory: u64,
}

impl Summary {
    fn add(&mut self, number: u64, case: &Case, outcome: &run::Outcome) -> Result<()> {
        self.reached += u64::from(outcome.reached_engine);
        self.memory = self.memory.max(outcome.memory);
        if outcome.wrong.is_empty() {
            self.passed += 1;
            return Ok(());
        }
        let folder = match &self.kept {
            Some(folder) => folder.clone(),
            None => tempfile::Builder::new().prefix("tagpol-hostile-").tempdir()?.keep(),
        };
        let files = folder.join(number.to_string());
        std::fs::create_dir_all(&files)?;
        case.write(&files)?;
        self.kept = Some(folder);
        self.failures.push(format!("case {number} ({}): {}", case.seed, outcome.wrong.join("; ")));
        Ok(())
    }

    fn print(&self, kind: Kind, seed: u64, out: &mut dyn Write) -> Result<bool> {
        for failure in self.failures.iter().take(MAX_REPORTED_FAILURES) {
            writeln!(out, "{failure}")?;
        }
        if self.failures.len() > MAX_REPORTED_FAILURES {
            writeln!(out, "… and {} more", self.failures.len() - MAX_REPORTED_FAILURES)?;
        }
        if let Some(kept) = &self.kept {
            writeln!(out, "inputs of failed cases are in {}", kept.display())?;
        }
        let (passed, failed) = (self.passed, self.failures.len() as u64);
        let all = (passed + failed).max(1);
        let (share, memory) = (100 * self.reached / all, self.memory >> 20);
        writeln!(
            out,
            "mutated {} (seed {seed}): {passed} passed, {failed} failed; reached the engine: {share}%; \
             at most {memory} MB",
            kind.plural()
        )?;
        let enough = 2 * self.reached >= all;
        if !enough {
            writeln!(out, "fewer than half of the cases reached the engine")?;
        }
        Ok(failed == 0 && enough)
    }
}
