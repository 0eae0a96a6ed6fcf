//! A project on disk: its manifest, and which files belong to it.
//!
//! In: a path. Out: a [`Location`], that is the settings and the paths of the `.tagpol` files. The
//! command line and the language server find projects alike because both ask here.
//!
//! A project is a folder with `tagpol.toml`, a folder of `.tagpol` files, or one such file. Nothing
//! is checked but the manifest and the copies of packages, and nothing is remembered.

mod error;
mod files;
mod manifest;
mod overrides;
pub mod packages;
mod places;

pub use error::ProjectError;
pub use files::{
    Location, enclosing, files_below, folder, headings, is_policy_file, locate, projects_below, read_text,
    readable_files_below, shown, text,
};
pub use manifest::{
    DocFormat, DocSettings, FILE_NAME, FailOn, Level, Manifest, PolicyOverride, ReportTags, ServeSettings,
};
pub use places::jail_of;
pub use tagpol_files::Jail;
