//! tagpol, as a library without reports, and as the process that people run.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tagpol_eval::{Compiled, Options, Run, Tables, compile_for, open_values};
use tagpol_inventory::{ImportOptions, Snapshot, import, lookup_headings};
use tagpol_plan::{QueryKind, Script};
use tagpol_sema::Database;
use tagpol_sema::program::Program;
use tagpol_session::{Cell, Store, StoreOptions};

use crate::Counts;
use crate::by_hand::{CHECKS, pairs};
use crate::measure::Process;

/// The clock of the workload.
const NOW: &str = "2026-11-01T00:00:00Z";

/// A checked program and a stored snapshot.
pub(crate) struct Engine {
    program: Program,
    snapshot: Snapshot,
    policies: PathBuf,
}

impl Engine {
    /// Checks the policies and stores the inventory.
    pub(crate) fn import(inventory: &Path, folder: &Path, policies: &Path) -> Self {
        let options = ImportOptions { currency: Some("USD".to_owned()), ..ImportOptions::at(now()) };
        let read = import(&[inventory.to_owned()], &options, &mut |_| {}).expect("the inventory");
        let snapshot = read.write(&folder.join("snapshots"), &mut |_| {}).expect("room for the snapshot");
        Self { program: program(policies), snapshot, policies: policies.to_owned() }
    }

    /// Returns the folder of the snapshot.
    pub(crate) fn snapshot(&self) -> &Path {
        self.snapshot.dir()
    }

    /// Returns the same snapshot with other policies.
    pub(crate) fn with_policies(&self, policies: &Path) -> Self {
        Self { program: program(policies), snapshot: self.snapshot.clone(), policies: policies.to_owned() }
    }

    /// Returns the number of checks, from the program and the stored snapshot to their counts.
    pub(crate) fn evaluated(&self) -> usize {
        let (store, Compiled { script, .. }) = self.start();
        script.statements().for_each(|sql| store.execute(sql).expect("the evaluation"));
        check_counts(&store, &script).len()
    }

    /// Returns the violations of each check: from the program and the stored snapshot to the counts.
    pub(crate) fn counts(&self) -> Counts {
        let (store, Compiled { plan, script }) = self.start();
        script.statements().for_each(|sql| store.execute(sql).expect("the evaluation"));
        let found = check_counts(&store, &script);
        let mut counts = Counts::default();
        for cells in found {
            let [index, _, open, ..] = cells.as_slice() else { continue };
            let number = |cell: &Cell| cell.as_int().and_then(|n| u64::try_from(n).ok());
            let check = number(index).and_then(|index| plan.checks.get(index as usize));
            let check = check.expect("a check of the plan");
            let at = CHECKS.iter().position(|(policy, id)| *policy == check.policy_name && *id == check.id);
            let count = at.and_then(|at| counts.get_mut(at)).expect("a check of P12");
            *count = number(open).expect("a count");
        }
        counts
    }

    /// Reads all findings as reports read them; returns their number.
    pub(crate) fn findings(&self) -> u64 {
        let options = Options::at(now());
        let run = Run::start(&self.program, &self.snapshot, &mut Tables::default(), &options);
        run.and_then(|run| run.findings()).expect("the findings").len() as u64
    }

    fn start(&self) -> (Store, Compiled) {
        let compiled = compile_for(&self.program, &self.snapshot, &Options::at(now())).expect("a plan");
        let store = Store::in_memory(&StoreOptions {
            files: self.snapshot.database_files().to_vec(),
            ..StoreOptions::default()
        })
        .expect("DuckDB");
        store.open_snapshot(&self.snapshot.resources_path(), &compiled.plan.relation).expect("the snapshot");
        open_values(&store, &self.snapshot, &compiled.plan).expect("the values of the snapshot");
        for info in &compiled.plan.lookups {
            let pairs = pairs(&self.policies, &format!("{}.csv", info.name));
            let cells: Vec<[Option<String>; 2]> =
                pairs.into_iter().map(|(a, b)| [Some(a), Some(b)]).collect();
            store
                .load_table(&info.relation, &info.columns, cells.iter().map(<[Option<String>; 2]>::as_slice))
                .expect("a table of the policies");
        }
        (store, compiled)
    }
}

/// Runs `tagpol eval` so many times; returns the median time and the highest peak.
pub(crate) fn process(
    program: &Path,
    policies: &Path,
    source: &Path,
    more: &[&str],
    repeats: usize,
) -> Process {
    let mut runs: Vec<Process> = (0..repeats.max(1)).map(|_| once(program, policies, source, more)).collect();
    runs.sort_by_key(|run| run.time);
    let peak = runs.iter().map(|run| run.peak).max().unwrap_or(0);
    let time = runs.get(runs.len() / 2).map_or(Duration::ZERO, |run| run.time);
    Process { time, peak }
}

fn once(program: &Path, policies: &Path, source: &Path, more: &[&str]) -> Process {
    let start = Instant::now();
    let mut child = Command::new(program)
        .arg("eval")
        .arg(policies)
        .args(["--now", NOW, "--currency", "USD", "--inventory"])
        .arg(source)
        .args(more)
        .stdout(Stdio::null())
        .spawn()
        .expect("tagpol; build it with `cargo build --profile dist -p tagpol`");
    let mut peak = 0;
    let status = loop {
        peak = peak.max(high_water_mark(child.id()));
        if let Some(status) = child.try_wait().expect("the process") {
            break status;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    assert!(status.success(), "tagpol eval: {status}");
    Process { time: start.elapsed(), peak }
}

/// Returns the most memory that a process has held, in MiB; 0 where the system does not tell.
fn high_water_mark(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1024
}

/// Returns the rows of the counts of all checks.
fn check_counts(store: &Store, script: &Script) -> Vec<Vec<Cell>> {
    let statements = script.query(QueryKind::Checks).iter();
    statements.flat_map(|sql| store.query(sql).expect("the counts").rows).collect()
}

fn now() -> DateTime<Utc> {
    NOW.parse().expect("a time")
}

fn program(policies: &Path) -> Program {
    let file = policies.join("p12.tagpol");
    let text = std::fs::read_to_string(&file).expect("the policies");
    let mut db = Database::default();
    let project = db.project([(file.display().to_string(), text)]);
    let tables = tagpol_sema::table_files(&db, project).iter().filter_map(|path| {
        let headings = lookup_headings(Path::new(path)).map_err(|error| error.reason);
        Some((path.clone(), headings.transpose()?))
    });
    let tables = tables.collect();
    db.set_tables(project, tables);
    db.set_today(project, now().date_naive());
    let found = tagpol_sema::analysis(&db, project);
    Program::clone(&found.program)
}
