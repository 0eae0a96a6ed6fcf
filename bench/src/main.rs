//! The workload P12 on this machine: hand-written SQL, a hand-written loop and tagpol, side by side in
//! one run, after all have agreed on the number of violations of each of the twelve checks.
//!
//! ```sh
//! cargo build --profile dist -p tagpol
//! cargo run --profile dist -p tagpol-bench -- --resources 1000000
//! ```
//!
//! - `generate`: the inventory, the same bytes each time
//! - `by_hand`: the twelve checks as SQL over wide columns in memory: the reference, 1.00
//! - `limit`: the same as a loop over codes of values, each judged once
//! - `engine`: tagpol as a library, and as a process
//! - `many`: two hundred policies
//! - `charges`: a bill, where `--charges` asks for it
//! - `measure`: medians, memory, and the load of the machine

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a benchmark may fail, and prints its table")]

mod by_hand;
mod charges;
mod engine;
mod generate;
mod limit;
mod many;
mod measure;

use std::fs::File;
use std::io::{BufWriter, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Parser;

use engine::Engine;
use measure::{Aim, Table, load_average, median};

/// Policies where many are measured.
const POLICIES: usize = 200;

/// Resources of a small inventory.
const SMALL: u64 = 10_000;

/// Violations of each check, in the order of [`by_hand::CHECKS`].
type Counts = [u64; 12];

/// Measure the workload P12.
#[derive(Debug, Parser)]
struct Args {
    /// Resources of the inventory
    #[arg(long, default_value_t = 1_000_000)]
    resources: u64,
    /// Repetitions of what takes less than a second; the median counts
    #[arg(long, default_value_t = 5)]
    repeats: usize,
    /// The policies
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/p12"))]
    policies: PathBuf,
    /// The program to measure as a process [default: the one next to this one]
    #[arg(long)]
    program: Option<PathBuf>,
    /// Measure a bill of so many charges in place of the workload
    #[arg(long)]
    charges: Option<u64>,
    /// Folder for the inventory and its snapshot [default: a temporary one]
    #[arg(long)]
    folder: Option<PathBuf>,
}

fn main() {
    let args = Args::parse();
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let folder = args.folder.clone().unwrap_or_else(|| scratch.path().to_owned());
    std::fs::create_dir_all(&folder).expect("the folder");
    if let Some(charges) = args.charges {
        return charges::measure(charges, &folder, args.repeats);
    }
    println!("{} resources, load {} before", args.resources, load_average());
    let inventory = inventory(&folder, args.resources);
    let mut table = Table::default();
    let (counts, twin) = by_hand(&args, &inventory, &mut table);

    let engine = Engine::import(&inventory, &folder, &args.policies);
    let (found, time) = median(args.repeats, || engine.counts());
    assert_eq!(found, counts, "tagpol");
    table.add("tagpol, counts from a snapshot", time, Some(Aim::Times(0.5)));
    let (found, findings) = median(args.repeats, || engine.findings());
    assert_eq!(found, counts.iter().sum::<u64>(), "tagpol's findings");
    table.add_beside("tagpol, findings in memory", findings, ("findings by hand", twin), Aim::Times(1.5));
    let many = many::policies(&args.policies, &folder, POLICIES);
    let many = engine.with_policies(&many);
    let (_, time_of_many) = median(args.repeats.min(3), || many.evaluated());
    table.add_beside(
        "tagpol, counts of 200 policies",
        time_of_many,
        ("counts of P12", time),
        Aim::Times(4.0),
    );
    drop(many);
    processes(&args, &folder, &inventory, &engine, &mut table);
    println!("all agree: {counts:?}\n\n{table}\nload {} after", load_average());
}

/// Measures what is written by hand; returns the counts, and the time of findings as rows.
fn by_hand(args: &Args, inventory: &Path, table: &mut Table) -> (Counts, Duration) {
    let hand = by_hand::Tables::load(inventory, &args.policies);
    let (counts, time) = median(args.repeats, || hand.counts());
    table.reference(time);
    table.add("hand-written SQL, counts", time, None);
    let (rows, twin) = median(args.repeats, || hand.findings());
    assert_eq!(rows, counts.iter().sum::<u64>(), "rows of the hand-written findings");
    table.add("hand-written SQL, findings as rows", twin, None);
    drop(hand);
    let codes = limit::Codes::load(inventory, &args.policies);
    let (limit, time) = median(args.repeats, || codes.counts());
    assert_eq!(limit, counts, "the loop");
    table.add("loop over codes, counts (the limit)", time, None);
    (counts, twin)
}

/// Measures the program as people run it.
fn processes(args: &Args, folder: &Path, file: &Path, engine: &Engine, table: &mut Table) {
    let program = args.program.clone().unwrap_or_else(beside);
    let project = many::copied(&args.policies, &folder.join("project"));
    let run = |source: &Path, repeats| engine::process(&program, &project, source, &["--no-state"], repeats);
    let stored = run(engine.snapshot(), args.repeats.min(3));
    table.add_process("process: eval from a snapshot", stored, Some(Aim::SecondsAndMemory(1.0, 600)));
    let remember = || engine::process(&program, &project, engine.snapshot(), &[], 1);
    table.add_process("the same, and its findings remembered", remember(), None);
    table.add_process("the same again", remember(), None);
    let small = inventory(folder, SMALL);
    let small = Engine::import(&small, folder, &args.policies);
    let small = run(small.snapshot(), args.repeats);
    table.add_process("process: eval of 10,000 resources", small, Some(Aim::Seconds(0.05)));
    let once = read_once(file, args.repeats);
    table.add("read the NDJSON once", once, None);
    let aim = Aim::Seconds(once.as_secs_f64() + 0.6);
    table.add_process("process: eval from NDJSON", run(file, 1), Some(aim));
}

/// Returns the inventory, made unless it is there already.
fn inventory(folder: &Path, resources: u64) -> PathBuf {
    let path = folder.join(format!("p12-{resources}.ndjson"));
    if !path.is_file() {
        let file = File::create(&path).expect("the inventory's file");
        generate::write(resources, BufWriter::with_capacity(1 << 20, file)).expect("room for the inventory");
    }
    path
}

fn read_once(path: &Path, repeats: usize) -> Duration {
    let mut buffer = vec![0; 1 << 20];
    let read = || {
        let mut file = File::open(path).expect("the inventory");
        while file.read(&mut buffer).expect("the inventory") > 0 {}
    };
    median(repeats, read).1
}

fn beside() -> PathBuf {
    std::env::current_exe().expect("the path of this program").with_file_name("tagpol")
}
