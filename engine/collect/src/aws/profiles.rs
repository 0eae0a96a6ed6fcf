//! The profiles in the configuration of the AWS command line, to find a wrong name before anything is requested.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::error::CollectError;
use crate::known::{nearest, unknown};

/// Checks the name of a profile.
///
/// # Errors
/// If no file has it. If there are no files, the SDK finds out.
pub(super) fn check(profile: &str) -> Result<(), CollectError> {
    let files = [("AWS_CONFIG_FILE", ".aws/config"), ("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials")];
    let texts: Vec<String> =
        files.iter().filter_map(|(name, path)| std::fs::read_to_string(place(name, path)?).ok()).collect();
    let known: BTreeSet<&str> = texts.iter().flat_map(|text| names(text)).collect();
    if texts.is_empty() || known.contains(profile) {
        return Ok(());
    }
    let listed = match known.is_empty() {
        true => "the configuration of AWS has no profiles".to_owned(),
        false => format!(
            "profiles are {}",
            known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        ),
    };
    let near = nearest(profile, known.iter().copied());
    Err(unknown(format!("there is no profile `{profile}` of AWS"), near, &listed))
}

fn place(variable: &str, below_home: &str) -> Option<PathBuf> {
    let named = std::env::var_os(variable).filter(|path| !path.is_empty()).map(PathBuf::from);
    named.or_else(|| Some(std::env::home_dir()?.join(below_home)))
}

/// Returns the names of profiles in a file: `[profile web]`, or `[web]` in the file of credentials.
fn names(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let name = line.trim().strip_prefix('[')?.split_once(']')?.0.trim();
        let is_other = ["sso-session", "services"].iter().any(|kind| name.starts_with(&format!("{kind} ")));
        let name = name.strip_prefix("profile ").unwrap_or(name).trim();
        Some(name.trim_matches(['"', '\''])).filter(|_| !is_other)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_of_both_files() {
        let text =
            "[default]\nregion = x\n[profile web prod]\n[profile 'a']\n[sso-session s]\n# [no]\n [b] ; c\n";
        assert_eq!(names(text).collect::<Vec<_>>(), ["default", "web prod", "a", "b"]);
    }
}
