//! Copies of P12, and P12 with more policies of the same kinds: every one asks something else.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Writes a project with so many policies; returns its folder.
pub(crate) fn policies(p12: &Path, folder: &Path, count: usize) -> PathBuf {
    let many = copied(p12, &folder.join("many"));
    let mut text = std::fs::read_to_string(p12.join("p12.tagpol")).expect("the policies");
    let given = text.lines().filter(|line| line.starts_with("policy ")).count();
    for number in given..count {
        let (scope, check) = (scope(number), check(number));
        let _ = write!(
            text,
            "\npolicy more-{number} {{\n  severity low\n  for resource where {scope}\n  require {check}\n}}\n"
        );
    }
    std::fs::write(many.join("p12.tagpol"), text).expect("room for the policies");
    many
}

/// Copies the project, which remembers nothing; returns the new folder.
pub(crate) fn copied(p12: &Path, folder: &Path) -> PathBuf {
    if folder.exists() {
        // It remembers its last run.
        std::fs::remove_dir_all(folder).expect("the folder of an earlier run");
    }
    std::fs::create_dir_all(folder).expect("the folder");
    for file in ["accounts.csv", "environments.csv", "tagpol.toml", "p12.tagpol"] {
        std::fs::copy(p12.join(file), folder.join(file)).expect("the policies");
    }
    folder.to_owned()
}

fn scope(number: usize) -> String {
    match number % 4 {
        0 => format!("resource.monthly-cost > {} USD", number * 10),
        1 => format!("resource.account == \"{}\"", 100_000_000_000 + number as u64 % 50 * 1_234_567),
        2 => r#"environment == "production""#.to_owned(),
        _ => format!("environment != \"staging-{number}\""),
    }
}

fn check(number: usize) -> String {
    match number / 4 % 6 {
        0 => format!("cost-center matches /[A-Z]{{3}}-[0-9]{{1,{}}}/", 2 + number % 7),
        1 => format!("owner != \"user{number:04}@example.com\""),
        2 => format!("backup in [\"daily\", \"hourly\", \"other-{number}\"]"),
        3 => "business-unit is set".to_owned(),
        4 => format!("review-date within last {} days", 30 + number),
        _ => format!("approval-id matches /JIRA-[0-9]{{4,{}}}/", 4 + number % 9),
    }
}
