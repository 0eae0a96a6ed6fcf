//! Measures the model and simple methods on splits of an inventory of several organizations, and
//! writes a card of that: Markdown, and a page with pictures.
//!
//! ```text
//! cargo run --release -p tagpol-suggest --example evaluate -- \
//!     inventory.ndjson.gz BASELINES.md target/card [first-steps] [ORGANISATION …]
//! ```
//!
//! `first-steps` measures only what is known before anything is learned, and after the first confirmations.
//!
//! What was measured stays in the folder; to measure something again, delete its file there.

#![expect(clippy::print_stderr, reason = "a program that prints its progress")]

mod list;
mod measured;
mod page;
mod published;
mod steps;
mod untrained;

use std::path::Path;
use std::process::ExitCode;

use list::Split;
use steps::Order;

/// Organizations with enough tags.
const ORGANISATIONS: [&str; 6] =
    ["alphagov", "cds-snc", "cloud-custodian", "HHS", "ministryofjustice", "mozilla"];

/// The argument that leaves out what takes long.
const FIRST_STEPS: &str = "first-steps";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [inventory, published, folder, wanted @ ..] = arguments.as_slice() else {
        eprintln!("specify an inventory, the published baselines, and a folder for the card");
        return ExitCode::from(2);
    };
    match run(inventory, published, Path::new(folder), wanted) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(inventory: &str, published: &str, folder: &Path, wanted: &[String]) -> std::io::Result<()> {
    let rows = list::rows(inventory)?;
    let published = published::read(&std::fs::read_to_string(published)?);
    let files = folder.join("rows");
    std::fs::create_dir_all(&files)?;
    let first_steps = wanted.iter().any(|one| one == FIRST_STEPS);
    let wanted: Vec<&String> = wanted.iter().filter(|one| *one != FIRST_STEPS).collect();
    let (mut measured, mut untrained) = (Vec::new(), Vec::new());
    for org in ORGANISATIONS {
        let chosen = wanted.is_empty() || wanted.iter().any(|one| *one == org);
        untrained.extend(untrained::measure(&rows, org));
        for order in Order::ALL {
            let file = files.join(format!("{org}-{}.json", order.as_str()));
            measured
                .extend(measured::kept(&file, chosen, |simple| steps::measure(&rows, org, order, simple))?);
        }
        let chosen = chosen && !first_steps;
        for split in Split::ALL {
            let file = files.join(format!("{org}-{}.json", split.as_str().replace(' ', "-")));
            measured
                .extend(measured::kept(&file, chosen, |simple| measured::within(&rows, org, split, simple))?);
        }
        let file = files.join(format!("{org}-others.json"));
        measured.extend(measured::kept(&file, chosen, |simple| measured::across(&rows, org, simple))?);
    }
    page::write(folder, &measured, &untrained, &published)
}
