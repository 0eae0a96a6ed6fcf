//! Writes a table of the files that `npm run build` left in `embed/dist`. Without that folder the table is empty.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let embed = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("embed");
    // Cargo takes a path that does not exist for changed: with `dist` itself, each build would compile the program again.
    println!("cargo::rerun-if-changed={}", embed.display());
    let dist = embed.join("dist");
    let mut files = Vec::new();
    if dist.is_dir() {
        collect(&dist, &mut files)?;
    }
    files.sort();
    let mut table = String::from("&[\n");
    for file in files.iter().filter(|file| file.extension().is_none_or(|extension| extension != "gz")) {
        let path = format!("/{}", file.strip_prefix(&dist)?.to_str().ok_or("a name is not UTF-8")?);
        let packed = PathBuf::from(format!("{}.gz", file.display()));
        let gzip =
            if packed.is_file() { format!("Some(include_bytes!({packed:?}))") } else { "None".to_owned() };
        writeln!(table, "    File {{ path: {path:?}, bytes: include_bytes!({file:?}), gzip: {gzip} }},")?;
    }
    table.push_str("]\n");
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("files.rs"), table)?;
    Ok(())
}

/// Adds the files below a folder. Names that begin with a dot are notes of the build.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), files)?;
        } else {
            files.push(entry.path());
        }
    }
    Ok(())
}
