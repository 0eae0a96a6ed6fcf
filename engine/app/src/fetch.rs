//! Live clouds: what is fetched becomes files of a project.
//!
//! In: a cloud with its options. Out: the files of its answers, kept next to the snapshots, and their coverage: what was
//! listed whole and what was not. [`import_files`](crate::inventory::import_files) reads the files like any others.

use std::io;
use std::path::{Path, PathBuf};

use tagpol_collect::{
    AwsOptions, AzureOptions, CollectError, DryRun, Fetched, GcpOptions, Progress, Since, dry_run_aws,
    dry_run_azure, dry_run_gcp, fetch_aws, fetch_azure, fetch_gcp,
};
use tagpol_files::{FileError, Jail, Scratch};
use tagpol_inventory::SourceCoverage;

use crate::AppError;

/// A cloud with its options.
#[derive(Debug, Clone)]
pub enum Cloud {
    /// Amazon Web Services.
    Aws(AwsOptions),
    /// Microsoft Azure.
    Azure(AzureOptions),
    /// Google Cloud.
    Gcp(GcpOptions),
}

/// What was fetched and kept.
#[derive(Debug)]
pub struct KeptFiles {
    /// The files, in the order in which they are to be imported; none if nothing could be listed, and then the files of
    /// an earlier time are still there.
    pub files: Vec<PathBuf>,
    /// What was listed whole, and what was not.
    pub coverage: Vec<SourceCoverage>,
    /// How what changed since the earlier fetch was found out; None if that was not requested.
    pub since: Option<Since>,
}

impl Cloud {
    /// Returns the name of the cloud, as inventories have it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Aws(_) => "aws",
            Self::Azure(_) => "azure",
            Self::Gcp(_) => "gcp",
        }
    }

    /// Returns the requests that a fetch makes, and the policies that allow them. Requests nothing.
    ///
    /// # Errors
    /// [`AppError::Collect`] for options that fit no source.
    pub fn dry_run(&self) -> Result<DryRun, AppError> {
        Ok(match self {
            Self::Aws(options) => dry_run_aws(options),
            Self::Azure(options) => dry_run_azure(options),
            Self::Gcp(options) => dry_run_gcp(options),
        }?)
    }

    /// Fetches the resources, and keeps the answers in `fetched/NAME` next to the folder of the snapshots, in place of those
    /// of an earlier time, all at once.
    ///
    /// # Errors
    /// [`AppError::Collect`] if nothing can be requested at all; [`AppError::File`] if the answers cannot be kept.
    pub fn fetch(&self, snapshots: &Path, progress: Progress) -> Result<KeptFiles, AppError> {
        let scratch = Scratch::new().map_err(AppError::TemporaryFolder)?;
        // Next to the mark of the scratch folder, which is none of the answers.
        let answers = scratch.path().join("answers");
        std::fs::create_dir(&answers).map_err(AppError::TemporaryFolder)?;
        let Fetched { files, coverage, since } = self.answers(&answers, progress)?;
        if files.is_empty() {
            return Ok(KeptFiles { files, coverage, since });
        }
        let kept = keep(&answers, &snapshots.with_file_name("fetched"), self.name())?;
        let files = files.iter().map(|file| kept.join(file.file_name().unwrap_or_default())).collect();
        Ok(KeptFiles { files, coverage, since })
    }

    /// As [`Cloud::fetch`], but reads only what changed since the earlier fetch, if the cloud reports that, and returns how
    /// it was found out.
    ///
    /// # Errors
    /// As [`Cloud::fetch`].
    pub fn fetch_changes(&self, snapshots: &Path, progress: Progress) -> Result<KeptFiles, AppError> {
        let cloud = match self {
            Self::Azure(options) => {
                let former = Some(snapshots.with_file_name("fetched").join(self.name()));
                let options = AzureOptions { former, ..options.clone() };
                return Self::Azure(options).fetch(snapshots, progress);
            }
            Self::Aws(_) => "AWS",
            Self::Gcp(_) => "Google Cloud",
        };
        let since = Some(Since::Whole(format!("{cloud} does not report what was deleted")));
        Ok(KeptFiles { since, ..self.fetch(snapshots, progress)? })
    }

    fn answers(&self, folder: &Path, progress: Progress) -> Result<Fetched, CollectError> {
        match self {
            Self::Aws(options) => fetch_aws(options, folder, progress),
            Self::Azure(options) => fetch_azure(options, folder, progress),
            Self::Gcp(options) => fetch_gcp(options, folder, progress),
        }
    }
}

/// Moves the files of a fetch into the folder of the cloud; returns the folder.
fn keep(from: &Path, fetched: &Path, cloud: &str) -> Result<PathBuf, FileError> {
    let jail = Jail::new(fetched.parent().unwrap_or(fetched));
    let kept = fetched.join(cloud);
    jail.folder(&kept)?;
    let io = |doing: &'static str, path: &Path| {
        let path = path.to_owned();
        move |source| FileError::Io { doing, path, source }
    };
    std::fs::create_dir_all(fetched).map_err(io("make", fetched))?;
    // Next to its place, so that it can be renamed.
    let scratch = Scratch::inside(fetched).map_err(io("make", fetched))?;
    let (new, old) = (scratch.path().join("new"), scratch.path().join("old"));
    copy_files(from, &new).map_err(io("write", &kept))?;
    if kept.exists() {
        std::fs::rename(&kept, &old).map_err(io("replace", &kept))?;
    }
    std::fs::rename(&new, &kept).map_err(io("write", &kept))?;
    Ok(kept)
}

/// Copies the files of a folder into a new one.
fn copy_files(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::create_dir(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        std::fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}
