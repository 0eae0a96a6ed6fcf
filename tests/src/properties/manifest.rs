//! Manifests of projects.

use std::path::{Component, Path};

use tagpol_project::{FILE_NAME, Manifest, ProjectError, folder};

use super::{Scratch, same};

/// Any text is a manifest or an error, and a manifest that keeps to its folder names files in it.
///
/// The input is the text of `tagpol.toml`.
pub fn manifest(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let read = || -> Result<String, ProjectError> {
        let manifest = Manifest::parse(Path::new(FILE_NAME), &text)?;
        let levels = manifest.lint_levels(Path::new(FILE_NAME))?;
        Ok(format!("{manifest:?} {levels:?}"))
    };
    let shown = |read: Result<String, ProjectError>| read.map_err(|error| format!("{error:?}"));
    if same(shown(read()), shown(read())).is_none() {
        return;
    }
    let scratch = Scratch::new();
    scratch.write(FILE_NAME, text.as_bytes());
    scratch.write("a.tagpol", b"tag owner: text\n");
    let manifest = Manifest::parse(Path::new(FILE_NAME), &text).expect("it was read before");
    let stays =
        |path: &Path| path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    // A folder of the whole machine would be walked.
    if !stays(&manifest.policies) {
        return;
    }
    if let Ok(location) = folder(scratch.path().to_owned()) {
        for file in &location.files {
            assert!(file.starts_with(scratch.path()), "{} is in the project", file.display());
        }
    }
}
