//! Revisions of a git repository, without touching its work tree.
//!
//! In: a folder of a repository, or the address of one, and a revision. Out: a temporary folder with the policies, the
//! manifest and the tables of that revision, at the same places in it. Asks `git` for trees and blobs
//! only, so no filter, hook or attribute of the repository has a say.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Component, Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use tagpol_app::files::Scratch;
use tagpol_app::settings::FILE_NAME;
use tagpol_app::settings::packages::{LOCK_FILE, VENDOR};

use tagpol_sink::terminal::line;

use crate::failure::Failure;
use crate::files::normal;
use crate::project::Project;

/// What two revisions are written like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Range {
    /// `A..B`
    Two(String, String),
    /// `A...B`: B, and what it branched from A at.
    Branch(String, String),
    /// `A`: A, and the working tree.
    WorkTree(String),
}

impl Range {
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let head = |name: &str| if name.is_empty() { "HEAD".to_owned() } else { name.to_owned() };
        let range = match (text.split_once("..."), text.split_once("..")) {
            (Some((a, b)), _) => Self::Branch(head(a), head(b)),
            (None, Some((a, b))) => Self::Two(head(a), head(b)),
            (None, None) => Self::WorkTree(text.to_owned()),
        };
        if text.trim().is_empty() {
            return Err(Failure::usage("`--rev` names no revision").help("write two, like main..HEAD"));
        }
        Ok(range)
    }
}

/// A repository, and the folder in it that is meant.
pub(crate) struct Repository {
    /// Its top folder.
    top: PathBuf,
    /// The folder below it, with `/` at its end, or nothing.
    prefix: String,
}

/// The files of a revision in a temporary folder.
pub(crate) struct Checkout {
    /// Removed when this goes.
    _folder: Scratch,
    /// The folder of the project, or its one file.
    pub(crate) path: PathBuf,
}

/// Repositories that were fetched, each once, into temporary folders.
#[derive(Default)]
pub(crate) struct Remotes {
    fetched: Vec<(String, Scratch)>,
}

impl Remotes {
    /// Fetches a revision of the repository at an address: the `commit` that it was, if that is known. Returns the commit.
    /// An address without a scheme is a path, relative to `root`.
    pub(crate) fn fetch(
        &mut self,
        root: &Path,
        (address, rev): (&str, &str),
        commit: Option<&str>,
    ) -> Result<(Repository, String), Failure> {
        let is_path = !address.contains(':');
        let address = match std::path::absolute(root.join(address)) {
            Ok(path) if is_path => path.display().to_string(),
            _ => address.to_owned(),
        };
        let top = match self.fetched.iter().find(|(known, _)| *known == address) {
            Some((_, folder)) => folder.path().join("repository"),
            None => {
                let folder = crate::files::scratch()?;
                let top = folder.path().join("repository");
                let made = top.display().to_string();
                git(folder.path(), &["init", "--quiet", "--bare", &made])?;
                self.fetched.push((address.clone(), folder));
                top
            }
        };
        let top = top.canonicalize().unwrap_or(top);
        let wanted = commit.unwrap_or(rev);
        let shallow = ["fetch", "--quiet", "--depth=1", "--no-tags", "--", &address, wanted];
        let commit = match git(&top, &shallow) {
            Ok(_) => git(&top, &["rev-parse", "--verify", "FETCH_HEAD^{commit}"])?,
            // Not every server gives out a commit by its hash, and none by the start of it.
            Err(_) => {
                let all = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];
                git(&top, &[&["fetch", "--quiet", "--", &address][..], &all].concat()).map_err(
                    |failure| failure.help("check the address and your access: `git ls-remote ADDRESS`"),
                )?;
                let name = format!("{wanted}^{{commit}}");
                git(&top, &["rev-parse", "--verify", "--quiet", "--end-of-options", &name]).map_err(|_| {
                    Failure::usage(format!("there is no revision `{wanted}` in {address}"))
                        .help("specify a tag, a branch or a commit of the repository")
                })?
            }
        };
        Ok((Repository { top, prefix: String::new() }, commit))
    }
}

impl Repository {
    /// Returns the same repository, with a folder of it that is meant.
    pub(crate) fn below(self, folder: Option<&Path>) -> Result<Self, Failure> {
        let Some(folder) = folder else { return Ok(self) };
        if folder.components().any(|part| !matches!(part, Component::Normal(_))) {
            return Err(Failure::usage(format!("`{}` leads out of the repository", folder.display())));
        }
        Ok(Self { prefix: format!("{}/", tagpol_app::settings::shown(folder)), ..self })
    }

    /// Whether a commit has policies in the folder that is meant.
    pub(crate) fn has_policies(&self, commit: &str) -> Result<bool, Failure> {
        let is_policy =
            |(path, _): &(String, String)| path.starts_with(&self.prefix) && path.ends_with(".tagpol");
        Ok(self.blobs(commit)?.iter().any(is_policy))
    }

    /// Finds the repository that a folder is in.
    pub(crate) fn around(folder: &Path) -> Result<Self, Failure> {
        let top = git(folder, &["rev-parse", "--show-toplevel"]).map_err(|failure| {
            failure.help("`--rev` compares revisions of the git repository that the policies are in")
        })?;
        let prefix = git(folder, &["rev-parse", "--show-prefix"])?;
        Ok(Self { top: PathBuf::from(top), prefix })
    }

    /// Returns the hash of a revision.
    pub(crate) fn resolve(&self, name: &str) -> Result<String, Failure> {
        let commit = format!("{name}^{{commit}}");
        git(&self.top, &["rev-parse", "--verify", "--quiet", "--end-of-options", &commit]).map_err(|_| {
            Failure::usage(format!("there is no revision `{name}`"))
                .help("specify a branch, a tag or a commit; in a shallow clone (CI), fetch it first")
        })
    }

    /// Returns the commit that two revisions branched at.
    pub(crate) fn merge_base(&self, a: &str, b: &str) -> Result<String, Failure> {
        let (first, second) = (self.resolve(a)?, self.resolve(b)?);
        git(&self.top, &["merge-base", &first, &second]).map_err(|_| {
            Failure::usage(format!("`{a}` and `{b}` have no commit in common"))
                .help("in a shallow clone (CI), fetch more of the history")
        })
    }

    /// Writes the project of a commit to a temporary folder. `file` is the file that is meant, where it
    /// is one.
    pub(crate) fn check_out(&self, commit: &str, file: Option<&Path>) -> Result<Checkout, Failure> {
        let folder = crate::files::scratch()?;
        let root = folder.path().canonicalize().unwrap_or_else(|_| folder.path().to_owned());
        let blobs = self.blobs(commit)?;
        let mut reader = BlobReader::start(&self.top)?;
        let is_policy = |path: &str| {
            let name = path.rsplit('/').next().unwrap_or(path);
            // The manifests of the folders above tell how far the project reaches.
            let is_above = name == FILE_NAME && self.prefix.starts_with(path.trim_end_matches(FILE_NAME));
            let is_wanted = |inside: &str| {
                name.ends_with(".tagpol")
                    || [FILE_NAME, LOCK_FILE].contains(&name)
                    || is_license(inside)
                    // The copies of packages are checked whole.
                    || inside.strip_prefix(VENDOR).is_some_and(|rest| rest.starts_with('/'))
            };
            is_above || path.strip_prefix(&self.prefix).is_some_and(is_wanted)
        };
        for (path, id) in blobs.iter().filter(|(path, _)| is_policy(path)) {
            reader.write(id, &root.join(path))?;
        }
        let project = root.join(&self.prefix);
        std::fs::create_dir_all(&project).map_err(|error| Failure::io("make", &project, &error))?;
        let name = file.and_then(Path::file_name);
        let checkout =
            Checkout { path: name.map_or(project.clone(), |name| project.join(name)), _folder: folder };
        // Where tables are is told by the policies.
        let tables = Project::open_without_packages(&checkout.path)?.table_files();
        for table in tables {
            let inside = normal(&table);
            let Ok(path) = inside.strip_prefix(normal(&root)) else { continue };
            let path = path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
            if let Some((_, id)) = blobs.iter().find(|(blob, _)| *blob == path) {
                reader.write(id, &root.join(&path))?;
            }
        }
        Ok(checkout)
    }

    /// The paths of all ordinary files of a commit, and what they hold.
    fn blobs(&self, commit: &str) -> Result<Vec<(String, String)>, Failure> {
        let listed = git_bytes(&self.top, &["ls-tree", "-r", "-z", "--full-tree", commit])?;
        let entries = listed.split(|byte| *byte == 0).filter_map(|entry| {
            let entry = std::str::from_utf8(entry).ok()?;
            let (about, path) = entry.split_once('\t')?;
            let mut words = about.split(' ');
            let (mode, id) = (words.next()?, words.nth(1)?);
            // Not links and submodules; no path leaves the tree.
            let is_file = mode.starts_with("100")
                && Path::new(path).components().all(|c| matches!(c, Component::Normal(_)));
            is_file.then(|| (path.to_owned(), id.to_owned()))
        });
        Ok(entries.collect())
    }
}

/// How the names of files begin that say under which terms others may use policies.
const LICENSES: [&str; 3] = ["LICEN", "COPYING", "NOTICE"];

/// Whether a path, relative to a project, is that of a license of it.
pub(crate) fn is_license(path: &str) -> bool {
    !path.contains('/') && LICENSES.iter().any(|license| path.to_ascii_uppercase().starts_with(license))
}

/// Bytes of a file of a revision.
const BLOB_LIMIT: usize = 64 << 20;

/// Bytes of a list of files: a million paths take some hundred million.
const LIST_LIMIT: u64 = 256 << 20;

/// `git cat-file --batch`: one question, one answer.
struct BlobReader {
    child: Child,
    answers: BufReader<ChildStdout>,
}

impl BlobReader {
    fn start(top: &Path) -> Result<Self, Failure> {
        let mut child = command(top, &["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| no_git(&error))?;
        let answers = child.stdout.take().ok_or_else(unreadable)?;
        Ok(Self { child, answers: BufReader::new(answers) })
    }

    /// Writes a blob to a file.
    fn write(&mut self, id: &str, path: &Path) -> Result<(), Failure> {
        let bytes = self.read(id).map_err(|error| match error.kind() {
            std::io::ErrorKind::Other => Failure::usage(format!(
                "a policy or table of the revision is larger than {} MiB",
                BLOB_LIMIT >> 20
            )),
            _ => unreadable(),
        })?;
        let folder = path.parent().unwrap_or(path);
        std::fs::create_dir_all(folder).map_err(|error| Failure::io("make", folder, &error))?;
        std::fs::write(path, bytes).map_err(|error| Failure::io("write", path, &error))
    }

    fn read(&mut self, id: &str) -> std::io::Result<Vec<u8>> {
        let bad = || std::io::Error::from(std::io::ErrorKind::InvalidData);
        let stdin = self.child.stdin.as_mut().ok_or_else(bad)?;
        writeln!(stdin, "{id}")?;
        stdin.flush()?;
        // `<id> blob <size>`, the bytes, and a newline.
        let mut head = String::new();
        self.answers.read_line(&mut head)?;
        let size: usize =
            head.trim_end().rsplit(' ').next().and_then(|size| size.parse().ok()).ok_or_else(bad)?;
        if size > BLOB_LIMIT {
            return Err(std::io::Error::other("too large"));
        }
        let mut bytes = vec![0; size];
        self.answers.read_exact(&mut bytes)?;
        self.answers.read_exact(&mut [0])?;
        Ok(bytes)
    }
}

impl Drop for BlobReader {
    fn drop(&mut self) {
        // It ends where its questions do.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn unreadable() -> Failure {
    Failure::engine("git does not give the files of the revision")
}

fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new("git");
    // The configuration of a repository may be a stranger's: nothing that it names is started.
    command.args(["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"]);
    command.env("GIT_NO_LAZY_FETCH", "1").env("GIT_OPTIONAL_LOCKS", "0");
    // Nobody is there to answer, and some schemes of addresses start programs.
    command.env("GIT_TERMINAL_PROMPT", "0").env("GIT_ALLOW_PROTOCOL", "file:git:http:https:ssh");
    command.arg("-C").arg(folder).args(args).stdin(Stdio::null()).stderr(Stdio::null());
    command
}

fn git_bytes(folder: &Path, args: &[&str]) -> Result<Vec<u8>, Failure> {
    let mut child = command(folder, args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| no_git(&error))?;
    let mut bytes = Vec::new();
    if let Some(out) = child.stdout.take() {
        out.take(LIST_LIMIT + 1).read_to_end(&mut bytes).map_err(|error| no_git(&error))?;
    }
    if bytes.len() as u64 > LIST_LIMIT {
        let _ = child.kill();
        let _ = child.wait();
        return Err(Failure::usage(format!("git lists more than {} MiB of files", LIST_LIMIT >> 20)));
    }
    // Of what goes wrong git says a line or two, which fit into the pipe.
    let run = child.wait_with_output().map_err(|error| no_git(&error))?;
    if run.status.success() {
        return Ok(bytes);
    }
    let said = String::from_utf8_lossy(&run.stderr);
    let said = said.lines().next().unwrap_or("git failed").trim_start_matches("fatal: ");
    Err(Failure::usage(format!("git: {}", line(said))))
}

/// Returns what git prints, without the line end.
fn git(folder: &Path, args: &[&str]) -> Result<String, Failure> {
    let bytes = git_bytes(folder, args)?;
    let text =
        String::from_utf8(bytes).map_err(|_| Failure::usage("a path of the repository is not UTF-8"))?;
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}

fn no_git(error: &std::io::Error) -> Failure {
    Failure::usage(format!("cannot run `git`: {error}"))
        .help("revisions are read by git, which must be installed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_written_as_for_git() {
        let parse = |text: &str| Range::parse(text).unwrap();
        let names = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        let (main, head) = names("main", "HEAD");
        assert_eq!(parse("main..HEAD"), Range::Two(main.clone(), head.clone()));
        assert_eq!(parse("main.."), Range::Two(main.clone(), head.clone()));
        assert_eq!(parse("main...HEAD"), Range::Branch(main.clone(), head));
        assert_eq!(parse("main"), Range::WorkTree(main));
        assert!(Range::parse(" ").is_err());
    }
}
