//! Runs the program on mutated inventories and policies, and watches how each run ends.
//!
//! ```text
//! cargo run -p tagpol-tests --bin hostile -- --tagpol target/release/tagpol --cases 2000 --seed 1
//! ```
//!
//! What makes a case fail is in `tagpol_tests::hostile`; a run may take ten seconds.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use tagpol_tests::hostile::{Campaign, Result};

fn main() -> ExitCode {
    let campaign = campaign(std::env::args().skip(1));
    match campaign.and_then(|campaign| campaign.run(&mut std::io::stdout())) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "hostile: {error}");
            ExitCode::FAILURE
        }
    }
}

fn campaign(mut words: impl Iterator<Item = String>) -> Result<Campaign> {
    let (mut tagpol, mut cases, mut seed) = (None, 2000, 1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--tagpol" => tagpol = Some(PathBuf::from(value()?)),
            "--cases" => cases = value()?.parse()?,
            "--seed" => seed = value()?.parse()?,
            _ => return Err("usage: hostile --tagpol PATH [--cases N] [--seed N]".into()),
        }
    }
    let tagpol = tagpol.ok_or("--tagpol names the program, such as target/release/tagpol")?;
    let tagpol = std::path::absolute(tagpol)?;
    Ok(Campaign { tagpol, cases, seed, longest: Duration::from_secs(10) })
}
