//! Shell scripts: quoting, and what they have in common.

use serde_json::Value;
use tagpol_remediate::Plan;
use tagpol_sink::terminal::is_steering;

/// Writes a text as one word, whatever it contains except NUL. Callers keep texts away that hide something from whoever reads
/// the script ([`is_hiding`]).
pub(crate) fn word(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Whether a part of a text cannot be seen on a terminal, or changes what is seen around it.
pub(crate) fn is_hiding(text: &str) -> bool {
    text.contains(is_steering)
}

/// Writes JSON on one line, in which everything is visible.
pub(crate) fn json_text(value: &Value) -> String {
    tagpol_sink::json::compact(value).unwrap_or_default()
}

/// Writes commands of which each needs the one before it. If the last one fails, `restore` is run; if any fails, so does the
/// script, which goes on.
pub(crate) fn chain(commands: &[String], restore: Option<&str>, indent: &str) -> String {
    let next = format!(" &&\n{indent}  ");
    let text = match (restore, commands.split_last()) {
        (Some(restore), Some((last, first))) => {
            let guarded = format!("{{ {last} || {{ {restore}; false; }}; }}");
            let all: Vec<&str> = first.iter().map(String::as_str).chain([guarded.as_str()]).collect();
            all.join(&next)
        }
        _ => commands.join(&next),
    };
    format!("{indent}{text} || status=1\n")
}

/// Opens a script. Nothing of a plan but its hash and its times is in comments, since a line break would end them.
pub(crate) fn header(plan: &Plan, program: &str) -> String {
    let hash: String = plan.content_hash.chars().filter(char::is_ascii_hexdigit).collect();
    let created = plan.created.format("%Y-%m-%d %H:%M:%S UTC");
    let expires = plan.expires.format("%Y-%m-%d %H:%M:%S UTC");
    format!(
        "#!/bin/sh\n\
         # Changes of tags for `{program}`, from the plan {hash}.\n\
         # The plan was made at {created} and expires at {expires}. This script does not check whether tags\n\
         # have changed since then, and has no undo: `tagpol remediate apply` does both.\n\
         # It goes on after a failure, and exits with 1 then.\n\
         set -u\n\
         status=0\n"
    )
}

/// Closes a script.
pub(crate) const FOOTER: &str = "exit \"$status\"\n";
