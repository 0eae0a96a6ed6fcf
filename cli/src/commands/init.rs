//! `tagpol init`

use std::path::Path;

use tagpol_app::settings::{FILE_NAME, Jail};

use crate::args::InitArgs;
use crate::failure::{Exit, Failure};
use crate::output::Output;

/// The files of a new project.
const FILES: [(&str, &str); 4] = [
    (FILE_NAME, include_str!("../templates/tagpol.toml")),
    ("policies/tags.tagpol", include_str!("../templates/tags.tagpol")),
    ("inventory.csv", include_str!("../templates/inventory.csv")),
    (".gitignore", ".tagpol/\n"),
];

pub(crate) fn run(args: &InitArgs, output: &mut Output) -> Result<Exit, Failure> {
    let root = &args.path;
    // Nothing of the user's is ever overwritten, so all is looked at before anything is written.
    let there =
        FILES.iter().find(|(name, _)| *name != ".gitignore" && root.join(name).symlink_metadata().is_ok());
    if let Some((name, _)) = there {
        return Err(Failure::usage(format!("`{}` exists already", root.join(name).display()))
            .help("specify a new folder: `tagpol init my-policies`"));
    }
    let jail = Jail::new(root);
    for (name, _) in FILES.iter().filter(|(name, _)| *name != ".gitignore") {
        jail.target(&root.join(name))?;
    }
    for (name, text) in FILES {
        let path = root.join(name);
        if path.symlink_metadata().is_err() {
            write(&path, text)?;
        }
    }
    let place = if root == Path::new(".") { String::new() } else { format!(" {}", root.display()) };
    output.print(&format!(
        "created a project in `{}`\n\n  tagpol test{place}    # run the tests of its policies\n  tagpol eval{place}    # evaluate its small inventory\n\nThen name your own bill or inventory in {FILE_NAME}.\n",
        root.display()
    ))?;
    Ok(Exit::Success)
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| Failure::io("make the folder", folder, &error))?;
    }
    Ok(tagpol_app::files::write_new(path, text)?)
}
