//! Build script of every crate that has executables with DuckDB in them.
//!
//! In: the library that `make setup` put into `.duckdb/`, or the feature `bundled`. Out: link
//! arguments that let the executable find the library wherever it is started from. Where there is
//! neither, the build stops here with what to do, rather than in the linker.

#![expect(clippy::print_stdout, reason = "a build script speaks to cargo on its standard output")]

use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    println!("cargo::rerun-if-env-changed=DUCKDB_LIB_DIR");
    if env::var_os("CARGO_FEATURE_BUNDLED").is_some() {
        return ExitCode::SUCCESS;
    }
    let os = env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    let dir = library_dir();
    let library = dir.join(library_name(&os));
    println!("cargo::rerun-if-changed={}", library.display());
    if !library.is_file() {
        println!("cargo::error=DuckDB is not set up: no `{}`", library.display());
        println!("cargo::error=run `make setup`, or build with `--features bundled` (over 20 minutes)");
        return ExitCode::FAILURE;
    }
    // Cargo reads `.cargo/config.toml` of the folder it is started in; a build that is started
    // elsewhere with `--manifest-path` finds the library by this line.
    println!("cargo::rustc-link-search=native={}", dir.display());
    if os != "windows" {
        let origin = if os == "macos" { "@loader_path" } else { "$ORIGIN" };
        for place in [dir.display().to_string(), origin.to_owned(), format!("{origin}/../lib")] {
            // Not `-Wl,`, which would take a comma of the path apart.
            for argument in ["-Xlinker", "-rpath", "-Xlinker", &place] {
                println!("cargo::rustc-link-arg={argument}");
            }
        }
    }
    ExitCode::SUCCESS
}

/// Returns the folder of the library: `DUCKDB_LIB_DIR`, else `.duckdb` beside the workspace's
/// lock file.
fn library_dir() -> PathBuf {
    if let Some(dir) = env::var_os("DUCKDB_LIB_DIR") {
        return PathBuf::from(dir);
    }
    let manifest_dir = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
    let root = manifest_dir.ancestors().find(|dir| dir.join("Cargo.lock").is_file());
    root.unwrap_or(Path::new(".")).join(".duckdb")
}

fn library_name(os: &str) -> &'static str {
    match os {
        "macos" => "libduckdb.dylib",
        "windows" => "duckdb.lib",
        _ => "libduckdb.so",
    }
}
