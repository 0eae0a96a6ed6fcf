//! `tagpol init`

use std::ffi::OsStr;
use std::path::Path;

use tagpol_app::settings::{FILE_NAME, Jail, readable_files_below};

use crate::args::InitArgs;
use crate::failure::{Exit, Failure};
use crate::output::{Output, counted};

const MANIFEST: &str = include_str!("../templates/tagpol.toml");

/// The file that keeps what tagpol remembers out of version control. One that is there already stays.
const GIT_IGNORE: (&str, &str) = (".gitignore", ".tagpol/\n");

/// The example of a new project: files below its folder.
const EXAMPLE: [(&str, &str); 2] = [
    ("policies/tags.tagpol", include_str!("../templates/tags.tagpol")),
    ("inventory.csv", include_str!("../templates/inventory.csv")),
];

pub(crate) fn run(args: &InitArgs, output: &mut Output) -> Result<Exit, Failure> {
    let root = &args.path;
    let place = if root == Path::new(".") { String::new() } else { format!(" {}", root.display()) };
    let own = readable_files_below(root);
    let mut files: Vec<(&str, String)> = vec![(FILE_NAME, manifest(root, own.is_empty()))];
    if own.is_empty() {
        files.extend(EXAMPLE.map(|(name, text)| (name, text.to_owned())));
    }
    write_new(root, &files)?;
    let text = if own.is_empty() {
        format!(
            "created a project in `{}`\n\n  tagpol test{place}    # run the tests of its policies\n  tagpol eval{place}    # evaluate its small inventory\n\nThen name your own bill or inventory in {FILE_NAME}.\n",
            root.display()
        )
    } else {
        let files = match own.as_slice() {
            [_] => ".tagpol file".to_owned(),
            several => counted(several.len() as u64, ".tagpol file", ".tagpol files"),
        };
        format!(
            "created `{}` for the {files} in `{}`\n\n  tagpol check{place}    # report all errors\n\nThen name your bill or inventory in it.\n",
            root.join(FILE_NAME).display(),
            root.display()
        )
    };
    output.print(&text)?;
    Ok(Exit::Success)
}

/// Writes the files of a project. Nothing of the user's is ever overwritten, so all is looked at before anything is written.
fn write_new(root: &Path, files: &[(&str, String)]) -> Result<(), Failure> {
    if let Some((name, _)) = files.iter().find(|(name, _)| root.join(name).symlink_metadata().is_ok()) {
        return Err(Failure::usage(format!("`{}` exists already", root.join(name).display()))
            .help("specify a new folder: `tagpol init my-policies`"));
    }
    let jail = Jail::new(root);
    for (name, _) in files {
        jail.target(&root.join(name))?;
    }
    for (name, text) in files {
        write(&root.join(name), text)?;
    }
    let (name, text) = GIT_IGNORE;
    if root.join(name).symlink_metadata().is_err() {
        write(&root.join(name), text)?;
    }
    Ok(())
}

/// Returns the manifest: with the name of the folder, and without an example if there are policies already.
fn manifest(root: &Path, has_example: bool) -> String {
    // A new folder is not there yet.
    let folder = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let name = folder.file_name().and_then(OsStr::to_str).filter(|name| is_plain(name));
    let text = MANIFEST.replace("\"my-tags\"", &format!("\"{}\"", name.unwrap_or("my-tags")));
    if has_example {
        return text;
    }
    text.replace("policies = \"policies\"", "policies = \".\"")
        .replace("inventory = [\"inventory.csv\"]", "# inventory = [\"bill.csv\"]")
}

/// Whether a name needs no escapes in the manifest.
fn is_plain(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ' '))
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| Failure::io("make the folder", folder, &error))?;
    }
    Ok(tagpol_app::files::write_new(path, text)?)
}
