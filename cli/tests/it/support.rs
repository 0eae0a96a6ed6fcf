//! Folders with files, and the program run in them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A clock for runs whose output is compared.
pub(crate) const NOW: &str = "2026-11-01";

/// A policy that wants an owner everywhere.
pub(crate) const OWNED: &str = "tag owner: email\npolicy owned { severity high  require owner }\n";

/// A compliant resource.
pub(crate) const CLEAN: &str = "id,tag:owner\na,jane@example.com\n";

/// A resource without an owner.
pub(crate) const DIRTY: &str = "id,tag:owner\na,\n";

/// Returns the program, with nothing of this process's environment but the search path, so that it
/// finds its library by itself.
pub(crate) fn tagpol() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tagpol"));
    command.env_clear().stdin(Stdio::null());
    command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    command
}

/// Returns the root of the repository.
pub(crate) fn repository() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    root.canonicalize().unwrap()
}

/// Copies a folder without `.tagpol`, which runs make.
fn copy_project(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if !entry.file_type().unwrap().is_dir() {
            std::fs::copy(entry.path(), to).unwrap();
        } else if entry.file_name() != ".tagpol" {
            copy_project(&entry.path(), &to);
        }
    }
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    pub(crate) fn of(output: Output) -> Self {
        let run = Self {
            code: output.status.code().expect("the program ends by itself"),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        };
        assert!(!run.err.contains("panicked"), "{}", run.err);
        run
    }

    /// Asserts the exit code and returns standard output.
    pub(crate) fn ends_with(self, code: i32) -> String {
        assert_eq!(self.code, code, "{self:#?}");
        self.out
    }

    /// Asserts a failure that says these things, and nothing on standard output.
    pub(crate) fn fails_with(self, code: i32, said: &[&str]) {
        assert_eq!(self.code, code, "{self:#?}");
        assert_eq!(self.out, "", "{self:#?}");
        for part in said {
            assert!(self.err.contains(part), "no {part:?} in {self:#?}");
        }
    }
}

/// A folder that is gone when the test ends.
pub(crate) struct Folder {
    dir: TempDir,
    /// Where the program may put temporary files, next to the folder.
    scratch: TempDir,
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self { dir: TempDir::new().unwrap(), scratch: TempDir::new().unwrap() }
    }

    /// Returns a folder with files.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let folder = Self::new();
        for (name, text) in files {
            folder.write(name, text);
        }
        folder
    }

    /// Returns a folder with a copy of the repository's `examples`, without what runs in them have left.
    pub(crate) fn with_examples() -> Self {
        let folder = Self::new();
        copy_project(&repository().join("examples"), &folder.path().join("examples"));
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a file, and the folders above it.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    /// Returns the program, to be run in the folder.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = tagpol();
        command.current_dir(self.path()).args(args);
        command.env("TMPDIR", self.scratch.path());
        command
    }

    /// Runs the program in the folder.
    pub(crate) fn run(&self, args: &[&str]) -> Run {
        Run::of(self.command(args).output().unwrap())
    }

    /// Returns the paths of all files and folders in it, relative to it, `/` between their parts.
    pub(crate) fn entries(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut folders = vec![self.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let name = path.strip_prefix(self.path()).unwrap();
                found.insert(name.to_string_lossy().into_owned());
                if path.is_dir() {
                    folders.push(path);
                }
            }
        }
        found
    }

    /// Returns the names of temporary files that runs have left behind.
    pub(crate) fn left_behind(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.scratch.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
        names.collect()
    }
}

/// Runs git in the folder, which knows no user.
pub(crate) fn git(folder: &Folder, args: &[&str]) -> String {
    let settings = ["-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "init.defaultBranch=main"];
    let run = Command::new("git").current_dir(folder.path()).args(settings).args(args).output().unwrap();
    assert!(run.status.success(), "{args:?}: {}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).unwrap()
}
