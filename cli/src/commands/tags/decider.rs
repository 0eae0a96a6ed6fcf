//! Who decides.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::failure::Failure;

/// Returns who decides: who the command line names, else `TAGPOL_BY`, else git's `user.email`, else
/// the user's name.
pub(in crate::commands) fn name(asked: Option<&str>, project: &Path) -> Result<String, Failure> {
    let variable = |name: &str| std::env::var(name).ok();
    let name = asked
        .map(str::to_owned)
        .or_else(|| variable("TAGPOL_BY"))
        .or_else(|| git_email(project))
        .or_else(|| variable("USER"))
        .or_else(|| variable("USERNAME"));
    name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).ok_or_else(|| {
        Failure::usage("the author of the decision is unknown")
            .help("specify one: `--by jane@example.com`, or set `TAGPOL_BY`")
    })
}

fn git_email(project: &Path) -> Option<String> {
    let mut git = Command::new("git");
    git.args(["config", "user.email"]).current_dir(project).stdin(Stdio::null()).stderr(Stdio::null());
    let output = git.output().ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok().filter(|email| !email.trim().is_empty())
}
