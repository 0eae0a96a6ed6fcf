//! Shell scripts: quoting, and what they have in common.

use tagpol_remediate::Plan;

/// Writes a text as one word, whatever it contains except NUL.
pub(crate) fn word(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
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
