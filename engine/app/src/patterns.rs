//! Patterns in paths that a user named: `exports/*.csv`, `exports/**/part-*`.
//!
//! A shell replaces them unless they are quoted; then they are replaced here, so that one `-i` can name many
//! files.

use std::path::{Component, Path, PathBuf};

use tagpol_inventory::ImportError;

use crate::AppError;

/// Folders below each other that `**` looks into.
const DEPTH: usize = 32;

/// Replaces each pattern with the files that match it, sorted; a path that exists stands for itself.
///
/// # Errors
///
/// If no file matches a pattern.
pub(crate) fn expand_patterns(paths: &[PathBuf]) -> Result<Vec<PathBuf>, AppError> {
    let mut files = Vec::new();
    for path in paths {
        let is_pattern = path.to_str().is_some_and(|text| text.contains(['*', '?']));
        if !is_pattern || path.symlink_metadata().is_ok() {
            files.push(path.clone());
            continue;
        }
        let components: Vec<Component<'_>> = path.components().collect();
        let mut found = Vec::new();
        expand(PathBuf::new(), &components, DEPTH, &mut found);
        found.sort();
        found.dedup();
        if found.is_empty() {
            return Err(ImportError::NotFound { path: path.clone() }.into());
        }
        files.extend(found);
    }
    Ok(files)
}

fn expand(base: PathBuf, rest: &[Component<'_>], depth: usize, found: &mut Vec<PathBuf>) {
    let Some((first, after)) = rest.split_first() else {
        if base.symlink_metadata().is_ok() {
            found.push(base);
        }
        return;
    };
    let pattern = match first {
        Component::Normal(name) => name.to_str().filter(|name| name.contains(['*', '?'])),
        _ => None,
    };
    let Some(pattern) = pattern else {
        expand(base.join(first), after, depth, found);
        return;
    };
    if pattern == "**" {
        expand(base.clone(), after, depth, found);
    }
    for name in names(&base) {
        let path = base.join(&name);
        if pattern == "**" {
            if depth > 0 && path.is_dir() && !path.is_symlink() {
                expand(path, rest, depth - 1, found);
            }
        } else if matches(pattern.as_bytes(), name.as_bytes()) {
            expand(path, after, depth, found);
        }
    }
}

/// Returns the names in a folder, but for hidden ones; none if it cannot be read.
fn names(folder: &Path) -> Vec<String> {
    let folder = if folder == Path::new("") { Path::new(".") } else { folder };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(|name| !name.starts_with('.')).collect()
}

/// Whether a name fits a pattern of `*` (any text), `?` (one character) and literal bytes. Linear in the name
/// for each `*`.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut of, mut star) = (0, 0, None);
    while at < name.len() {
        match pattern.get(of) {
            Some(b'*') => {
                star = Some((of, at));
                of += 1;
            }
            Some(byte) if *byte == b'?' || Some(byte) == name.get(at) => {
                of += 1;
                at += 1;
            }
            _ => match star {
                // The last `*` takes one more.
                Some((star_of, star_at)) => {
                    of = star_of + 1;
                    at = star_at + 1;
                    star = Some((star_of, star_at + 1));
                }
                None => return false,
            },
        }
    }
    pattern.get(of..).is_some_and(|rest| rest.iter().all(|byte| *byte == b'*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_patterns() {
        for (pattern, name, fits) in [
            ("*", "a.csv", true),
            ("*.csv", "a.csv", true),
            ("part-?.csv*", "part-1.csv.gz", true),
            ("*a*b", "xaxxb", true),
            ("*.csv", "a.csv.gz", false),
            ("?", "ab", false),
        ] {
            assert_eq!(matches(pattern.as_bytes(), name.as_bytes()), fits, "{pattern} {name}");
        }
    }

    #[test]
    fn files_of_patterns_are_sorted_and_hidden_ones_are_left_out() {
        let folder = tagpol_files::Scratch::new().unwrap();
        let root = folder.path().join("root");
        std::fs::create_dir_all(root.join("a/b")).unwrap();
        for name in ["2.csv", "1.csv", ".3.csv", "a/4.csv", "a/b/5.csv", "x.json"] {
            std::fs::write(root.join(name), "").unwrap();
        }
        let expand = |pattern: &str| {
            let found = expand_patterns(&[root.join(pattern)]).unwrap();
            found.iter().map(|p| p.strip_prefix(&root).unwrap().display().to_string()).collect::<Vec<_>>()
        };
        assert_eq!(expand("*.csv"), ["1.csv", "2.csv"]);
        assert_eq!(expand("**/*.csv"), ["1.csv", "2.csv", "a/4.csv", "a/b/5.csv"]);
        assert_eq!(expand("a/*"), ["a/4.csv", "a/b"]);
        assert!(expand_patterns(&[root.join("*.parquet")]).is_err());
        assert_eq!(expand_patterns(&["missing.csv".into()]).unwrap(), [PathBuf::from("missing.csv")]);
    }
}
