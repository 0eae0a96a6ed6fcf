//! Which files belong to a project.

use std::path::{Component, Path, PathBuf};

use tagpol_files::{ByteOrder, FileError, Utf16Reader};
use tagpol_inventory::lookup_headings;
use tagpol_sema::TableFile;

use crate::packages::VENDOR;
use crate::{FILE_NAME, Jail, Manifest, ProjectError};

/// Bytes of a file of text: a million lines of policies take some fifty million.
pub(crate) const TEXT_LIMIT: u64 = 64 << 20;

/// Where a project is.
#[derive(Debug, Clone)]
pub struct Location {
    /// Folder that the manifest's paths are relative to.
    pub root: PathBuf,
    /// Its settings; those of an empty manifest where it has none.
    pub manifest: Manifest,
    /// Its `.tagpol` files, in order.
    pub files: Vec<PathBuf>,
}

impl Location {
    /// Returns the path of the manifest, whether it is there or not.
    pub fn manifest_path(&self) -> PathBuf {
        self.root.join(FILE_NAME)
    }
}

/// Finds the project at a path: a folder, or one file, which is then the whole project.
pub fn locate(path: &Path) -> Result<Location, ProjectError> {
    if path.is_dir() {
        return folder(path.to_owned());
    }
    if !path.exists() {
        return Err(ProjectError::new(format!("there is no file or folder `{}`", path.display()))
            .help("specify a project folder, a folder of .tagpol files, or one file"));
    }
    if !is_policy_file(path) {
        return Err(ProjectError::new(format!("`{}` is not a .tagpol file", path.display())).help(
            "specify a .tagpol file or a project folder; `tagpol eval` reads an inventory with `--inventory`",
        ));
    }
    let root = path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new(".")).to_owned();
    Ok(Location { root, manifest: Manifest::default(), files: vec![path.to_owned()] })
}

/// Returns the nearest folder with a manifest, from a folder upwards. The path must be absolute, since
/// it is followed by its own parts.
pub fn enclosing(folder: &Path) -> Option<PathBuf> {
    folder.ancestors().find(|folder| folder.join(FILE_NAME).is_file()).map(Path::to_owned)
}

/// Finds the project in a folder, with or without a manifest.
pub fn folder(root: PathBuf) -> Result<Location, ProjectError> {
    let manifest = Manifest::of(&root)?.unwrap_or_default();
    let files = files_below(&manifest.policies_in(&root)?)?;
    Ok(Location { root, manifest, files })
}

/// Lists the `.tagpol` files below a folder, of which there must be some. Hidden folders, build output
/// and linked folders without policies are passed over. A `.tagpol` file that is a link or not a regular file, and a
/// linked folder that holds one, is an error.
pub fn files_below(folder: &Path) -> Result<Vec<PathBuf>, ProjectError> {
    let mut files = Vec::new();
    let jail = Jail::new(folder);
    walk(folder, &mut |path| {
        if is_policy_file(&path) {
            jail.file(&path)?;
            files.push(path);
        }
        Ok(())
    })?;
    if files.is_empty() {
        return Err(ProjectError::new(format!("`{}` contains no .tagpol file", folder.display()))
            .help("specify a folder that has some, or create a project with `tagpol init`"));
    }
    Ok(files)
}

/// Lists the `.tagpol` files below a folder as [`files_below`] does, without those that are refused and
/// without a word: an editor goes on with what it can read.
pub fn readable_files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let jail = Jail::new(folder);
    // It ends at a linked folder of policies, after those before it.
    let _ = walk(folder, &mut |path| {
        if is_policy_file(&path) && jail.file(&path).is_ok() {
            files.push(path);
        }
        Ok(())
    });
    files
}

/// Whether there is a `.tagpol` file right in a folder.
fn holds_policies(folder: &Path) -> bool {
    std::fs::read_dir(folder)
        .is_ok_and(|entries| entries.flatten().any(|entry| is_policy_file(&entry.path())))
}

fn walk(
    folder: &Path,
    visit: &mut impl FnMut(PathBuf) -> Result<(), ProjectError>,
) -> Result<(), ProjectError> {
    let entries =
        std::fs::read_dir(folder).map_err(|error| ProjectError::io("read the folder", folder, &error))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if path.is_dir() {
            let is_link = path.symlink_metadata().is_ok_and(|meta| meta.is_symlink());
            // The copies of packages are not policies of the project.
            let is_vendored = path.ends_with(VENDOR);
            if name.starts_with('.') || name == "target" || name == "node_modules" || is_vendored {
                continue;
            }
            if !is_link {
                walk(&path, visit)?;
            } else if holds_policies(&path) {
                // Passed over in silence, its policies would be taken for checked.
                return Err(FileError::Link { path }.into());
            }
        } else {
            visit(path)?;
        }
    }
    Ok(())
}

/// Lists the folders below and including one that have a manifest, in order.
pub fn projects_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let _ = walk(folder, &mut |path| {
        if path.file_name().is_some_and(|name| name == FILE_NAME) {
            found.extend(path.parent().map(Path::to_owned));
        }
        Ok(())
    });
    found
}

/// Whether a path is that of a `.tagpol` file.
pub fn is_policy_file(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "tagpol")
}

/// Reads a regular file, which must be UTF-8, or UTF-16 with a byte order mark.
pub fn read_text(path: &Path) -> Result<String, ProjectError> {
    text(tagpol_files::read_whole(path, TEXT_LIMIT)?, path)
}

/// Returns the text of a file, which must be UTF-8, or UTF-16 with a byte order mark.
pub fn text(bytes: Vec<u8>, path: &Path) -> Result<String, ProjectError> {
    if let Some(order) = ByteOrder::of_start(&bytes) {
        return std::io::read_to_string(Utf16Reader::new(bytes.as_slice(), order))
            .map_err(|error| ProjectError::new(error.to_string()).at(path, None).help("save it as UTF-8"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let before = error.as_bytes().get(..valid).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let column = String::from_utf8_lossy(before.get(start..).unwrap_or_default()).chars().count() + 1;
        ProjectError::new("the file is not UTF-8").at(path, Some((line, column))).help("save it as UTF-8")
    })
}

/// Reads the headings of a table's file, which must be a regular file inside the project; None if it has
/// no row to tell them.
pub fn headings(jail: &Jail, path: &str) -> Option<TableFile> {
    let file = match jail.file(Path::new(path)) {
        Ok(file) => file,
        Err(error) => return Some(Err(error.reason())),
    };
    let headings = lookup_headings(&file).map_err(|error| match error.line {
        Some(line) => format!("line {line}: {}", error.reason),
        None => error.reason,
    });
    headings.transpose()
}

/// Returns the path as messages show it: without `./`, with `/` between its parts.
pub fn shown(path: &Path) -> String {
    let parts = path.components().filter(|part| *part != Component::CurDir);
    let path: PathBuf = parts.collect();
    path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")
}
