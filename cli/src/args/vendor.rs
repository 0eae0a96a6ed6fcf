//! Arguments of `tagpol vendor`.

use std::path::PathBuf;

use clap::ValueHint;

#[derive(Debug, clap::Args)]
pub(crate) struct VendorArgs {
    /// A project folder [default: the project of the current folder]
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) path: Option<PathBuf>,
    /// Look up tags and branches again, also those whose commits the lock file has
    #[arg(long)]
    pub(crate) update: bool,
    /// Write nothing; exit with 1 if the copies do not match the manifest, the lock file and the package folders
    #[arg(long, conflicts_with = "update")]
    pub(crate) check: bool,
}
