//! `tagpol vendor`: copies the packages of a project into it.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::path::{Component, Path, PathBuf};

use tagpol_app::files::{Jail, Scratch};
use tagpol_app::settings::packages::{
    LOCK_FILE, Lock, LockedPackage, Origin, VENDOR, digest, module_name, packages, strangers,
};
use tagpol_app::settings::{FILE_NAME, Manifest, shown};

use crate::args::VendorArgs;
use crate::diagnostics::one_line;
use crate::failure::{Exit, Failure};
use crate::files::{normal, write_whole};
use crate::git::{Checkout, Remotes, is_license};
use crate::output::{Output, counted};
use crate::project::{Project, root_and_manifest};

pub(crate) fn run(args: &VendorArgs, output: &mut Output) -> Result<Exit, Failure> {
    let (root, manifest) = root_and_manifest(args.path.as_deref())?;
    if args.check {
        return check(&root, &manifest, output);
    }
    if manifest.packages.is_empty() && !root.join(LOCK_FILE).exists() {
        output.note("the manifest has no packages: nothing to copy\n");
        return Ok(Exit::Success);
    }
    let before = Lock::of(&root).unwrap_or_else(|error| {
        let what = error.message;
        output.note(&format!("note: {LOCK_FILE} cannot be read and is written again: {}\n", one_line(&what)));
        None
    });
    let before = before.unwrap_or_default();
    let is_copy = |path: &PathBuf| {
        path.file_name().is_some_and(|name| manifest.packages.contains_key(&*name.to_string_lossy()))
    };
    if let Some(path) = strangers(&root, &before)?.iter().find(|path| !is_copy(path)) {
        return Err(Failure::usage(format!("`{}` is not a copy that {LOCK_FILE} knows", shown(path)))
            .help("move or remove it: the folder is replaced as a whole"));
    }
    let known = if args.update { Lock::default() } else { before.clone() };
    let scratch = Scratch::inside(&root).map_err(|error| Failure::io("write in", &root, &error))?;
    let stage = scratch.path().join("packages");
    let mut vendoring = Vendoring { root: &root, stage: &stage, known: &known, done: BTreeMap::new() };
    vendoring.all(&manifest)?;
    let lock = Lock { packages: vendoring.done.into_values().collect() };
    let told = table(&root, &lock, &before);
    replace(&root, &stage, scratch.path())?;
    write_whole(&root.join(LOCK_FILE), &lock.text()?)?;
    output.print(&told)?;
    Ok(Exit::Success)
}

/// Puts the new copies in the place of the old ones.
fn replace(root: &Path, stage: &Path, scratch: &Path) -> Result<(), Failure> {
    let vendor = root.join(VENDOR);
    let io = |error| Failure::io("write", &vendor, &error);
    std::fs::create_dir_all(stage).map_err(io)?;
    std::fs::create_dir_all(vendor.parent().unwrap_or(root)).map_err(io)?;
    if vendor.symlink_metadata().is_ok() {
        std::fs::rename(&vendor, scratch.join("before")).map_err(io)?;
    }
    std::fs::rename(stage, &vendor).map_err(io)
}

/// Returns what becomes of each package. The old copies are still there.
fn table(root: &Path, lock: &Lock, before: &Lock) -> String {
    let mut text = String::new();
    for package in &lock.packages {
        let commit = package.commit.as_deref().and_then(|commit| commit.get(..12));
        let commit = commit.map(|commit| format!(" ({commit})")).unwrap_or_default();
        let change = match before.package(&package.name) {
            None => "new",
            Some(old) if old.sha256 != package.sha256 => "changed",
            Some(old) => match digest(&root.join(VENDOR).join(&old.name)) {
                Ok(digest) if digest == old.sha256 => "unchanged",
                _ => "restored, changes of the copy were discarded",
            },
        };
        let _ = writeln!(text, "{}: {change}, from {}{commit}", package.name, package.origin);
    }
    for gone in before.packages.iter().filter(|old| lock.package(&old.name).is_none()) {
        let _ = writeln!(text, "{}: removed", gone.name);
    }
    let (vendor, file) = (shown(&root.join(VENDOR)), shown(&root.join(LOCK_FILE)));
    let _ = match lock.packages.len() {
        0 => writeln!(text, "no packages are left in {vendor}; commit {file}"),
        count => {
            writeln!(
                text,
                "{} in {vendor}; commit this folder and {file}",
                counted(count, "package", "packages")
            )
        }
    };
    text
}

/// Compares the copies with the manifest, the lock file, and the folders of packages.
fn check(root: &Path, manifest: &Manifest, output: &mut Output) -> Result<Exit, Failure> {
    let mut stale: Vec<String> = Vec::new();
    if let Err(error) = packages(root, manifest) {
        stale.push(error.message);
    }
    let lock = Lock::of(root).ok().flatten().unwrap_or_default();
    let strangers = strangers(root, &lock)?;
    stale.extend(strangers.iter().map(|path| format!("`{}` is not a package of {LOCK_FILE}", shown(path))));
    let scratch = crate::files::scratch()?;
    for package in &lock.packages {
        if !is_needed(&package.name, manifest, &lock, &mut Vec::new()) {
            stale.push(format!("package `{}` is not in the manifest any more", package.name));
            continue;
        }
        let Origin::Folder { path } = &package.origin else { continue };
        let stage = scratch.path().join(&package.name);
        copy(&package.name, &folder(root, &package.name, path)?, &stage)?;
        if digest(&stage)? != package.sha256 {
            stale.push(format!(
                "`{}`, the source of package `{}`, has changed",
                path.display(),
                package.name
            ));
        }
    }
    if stale.is_empty() {
        output.print(&format!("{}: as locked\n", counted(lock.packages.len(), "package", "packages")))?;
        return Ok(Exit::Success);
    }
    let lines: String = stale.iter().map(|line| format!("{}\n", one_line(line))).collect();
    output.print(&lines)?;
    output.note("`tagpol vendor` copies the packages again\n");
    Ok(Exit::Findings)
}

/// Whether the manifest, or a package that is needed, names a package.
fn is_needed<'l>(name: &'l str, manifest: &Manifest, lock: &'l Lock, asked: &mut Vec<&'l str>) -> bool {
    if manifest.packages.contains_key(name) {
        return true;
    }
    if asked.contains(&name) {
        return false;
    }
    asked.push(name);
    let users = lock.package(name).map(|package| package.needed_by.as_slice()).unwrap_or_default();
    users.iter().any(|user| is_needed(user, manifest, lock, asked))
}

/// The packages that are being copied.
struct Vendoring<'a> {
    root: &'a Path,
    /// Where they are copied to.
    stage: &'a Path,
    /// The commits that are used again.
    known: &'a Lock,
    done: BTreeMap<String, LockedPackage>,
}

/// A package that something needs: its name, where it comes from, and the package that names it.
type Needed = (String, Origin, Option<String>);

impl Vendoring<'_> {
    /// Copies the packages of a manifest, and those that they need.
    fn all(&mut self, manifest: &Manifest) -> Result<(), Failure> {
        let mut remotes = Remotes::default();
        let mut queue: VecDeque<Needed> = needs(manifest, None, None).collect();
        while let Some((name, origin, by)) = queue.pop_front() {
            if let Some(known) = self.done.get_mut(&name) {
                if known.origin != origin {
                    return Err(two_origins(&name, known, &origin, by.as_deref()));
                }
                known.needed_by.extend(by);
                continue;
            }
            let Fetched { folder, commit, _checkout } = self.fetch(&name, &origin, &mut remotes)?;
            let stage = self.stage.join(&name);
            copy(&name, &folder, &stage)?;
            let own = Manifest::of(&folder)?.unwrap_or_default();
            queue.extend(needs(&own, Some(&origin), Some(&name)));
            let sha256 = digest(&stage)?;
            let needed_by = by.into_iter().collect();
            self.done.insert(name.clone(), LockedPackage { name, commit, sha256, needed_by, origin });
        }
        Ok(())
    }

    /// Brings the files of a package to this machine, if they are not there.
    fn fetch(&self, name: &str, origin: &Origin, remotes: &mut Remotes) -> Result<Fetched, Failure> {
        match origin {
            Origin::Folder { path } => {
                Ok(Fetched { folder: folder(self.root, name, path)?, commit: None, _checkout: None })
            }
            Origin::Git { git, rev, path } => {
                let known = self.known.package(name).filter(|known| known.origin == *origin);
                let commit = known.and_then(|known| known.commit.as_deref());
                let place = |failure: Failure| {
                    failure.context(&format!("package `{name}`")).at(self
                        .root
                        .join(FILE_NAME)
                        .display()
                        .to_string())
                };
                let (repository, commit) = remotes.fetch(self.root, (git, rev), commit).map_err(place)?;
                let repository = repository.below(path.as_deref()).map_err(place)?;
                if !repository.has_policies(&commit)? {
                    let whole = "the repository".to_owned();
                    let what = path.as_deref().map_or(whole, |path| format!("`{}`", path.display()));
                    return Err(place(
                        Failure::usage(format!("{what} has no .tagpol file at {rev}"))
                            .help("`path` is the folder of the package in the repository"),
                    ));
                }
                let checkout = repository.check_out(&commit, None)?;
                Ok(Fetched { folder: checkout.path.clone(), commit: Some(commit), _checkout: Some(checkout) })
            }
        }
    }
}

/// The files of a package, on this machine.
struct Fetched {
    folder: PathBuf,
    commit: Option<String>,
    /// Removed with this.
    _checkout: Option<Checkout>,
}

/// Lists the packages that a manifest names; `of` is where the package comes from whose manifest it is.
fn needs<'m>(
    manifest: &'m Manifest,
    of: Option<&'m Origin>,
    by: Option<&'m str>,
) -> impl Iterator<Item = Needed> + 'm {
    manifest.packages.iter().map(move |(name, source)| {
        let origin = match (of, source.origin()) {
            // A relative path starts at the package that names it.
            (Some(Origin::Folder { path: base }), Origin::Folder { path }) => {
                Origin::Folder { path: normal(&base.join(path)) }
            }
            (Some(Origin::Git { git, rev, path: base }), Origin::Folder { path }) => {
                let path = normal(&base.clone().unwrap_or_default().join(path));
                let path = Some(path).filter(|path| !path.as_os_str().is_empty());
                Origin::Git { git: git.clone(), rev: rev.clone(), path }
            }
            (_, origin) => origin,
        };
        (name.clone(), origin, by.map(str::to_owned))
    })
}

fn two_origins(name: &str, known: &LockedPackage, origin: &Origin, by: Option<&str>) -> Failure {
    let user = |by: Option<&str>| by.map_or("the project".to_owned(), |by| format!("package `{by}`"));
    let (first, second) = (user(known.needed_by.first().map(String::as_str)), user(by));
    Failure::usage(format!(
        "package `{name}` comes from two places: {first} has {}, and {second} has {origin}",
        known.origin
    ))
    .help("let both name the same revision of the same repository")
}

/// Returns the folder of a package of the project.
fn folder(root: &Path, name: &str, path: &Path) -> Result<PathBuf, Failure> {
    let folder = root.join(path);
    let place = root.join(FILE_NAME).display().to_string();
    let real = |path: &Path| path.canonicalize().ok();
    if !folder.is_dir() {
        return Err(Failure::usage(format!("package `{name}`: there is no folder `{}`", folder.display()))
            .at(place)
            .help("`path` is relative to the folder of the manifest"));
    }
    if real(&folder) == real(root) {
        return Err(Failure::usage(format!("package `{name}` is this project itself"))
            .at(place)
            .help("remove it here, or from the packages that need it"));
    }
    Ok(folder)
}

/// Copies the policies of a package, the tables that they read, and its license.
fn copy(name: &str, folder: &Path, stage: &Path) -> Result<(), Failure> {
    let in_package = |failure: Failure| failure.context(&format!("package `{name}`"));
    let manifest = Manifest::of(folder)?.unwrap_or_default();
    let base = manifest.policies_in(folder)?;
    let project = Project::open_without_packages(folder).map_err(|error| in_package(error.into()))?;
    let policies: Vec<PathBuf> = project.policy_files().map(PathBuf::from).collect();
    let jail = Jail::new(&base);
    let mut files: Vec<(PathBuf, PathBuf)> = Vec::new();
    for path in policies.into_iter().chain(project.table_files()) {
        let inside = inside(&base, &path).ok_or_else(|| {
            in_package(Failure::usage(format!("the table `{}` is not below its policies", path.display())))
                .help("a package is copied with the tables that lie below the folder of its policies")
        })?;
        if inside.extension().is_some_and(|extension| extension == "tagpol") {
            module_name(name, &inside)?;
        }
        // Not a link, which might lead anywhere.
        jail.file(&base.join(&inside)).map_err(|error| in_package(error.into()))?;
        files.push((path, inside));
    }
    let entries = std::fs::read_dir(folder).map_err(|error| Failure::io("read", folder, &error))?;
    for entry in entries.flatten() {
        let file_name = entry.file_name().to_string_lossy().into_owned();
        if is_license(&file_name) && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            files.push((entry.path(), PathBuf::from(file_name)));
        }
    }
    for (from, to) in files {
        let to = stage.join(to);
        let io = |error| Failure::io("write", &to, &error);
        std::fs::create_dir_all(to.parent().unwrap_or(stage)).map_err(io)?;
        std::fs::copy(&from, &to).map_err(|error| Failure::io("copy", &from, &error))?;
    }
    Ok(())
}

/// Returns a path of a project relative to the folder of its policies; None if it leads out of that.
fn inside(base: &Path, path: &Path) -> Option<PathBuf> {
    let (base, path) = (normal(Path::new(&shown(base))), normal(path));
    let inside = path.strip_prefix(&base).ok()?;
    let is_inside = inside.components().all(|part| matches!(part, Component::Normal(_)));
    is_inside.then(|| inside.to_owned())
}
