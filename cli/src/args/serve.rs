//! Arguments of `tagpol serve`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Subcommand, ValueHint};

use super::WaitArgs;

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct ServeArgs {
    #[command(subcommand)]
    pub(crate) command: Option<ServeCommand>,
    #[command(flatten)]
    pub(crate) options: ServeOptions,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ServeCommand {
    /// Check whether the server could start, without starting it
    Doctor(ServeOptions),
    /// Write all rows of the database, the policies and the last evaluation into one file
    Backup(BackupArgs),
    /// Restore what `serve backup` has written; no server may be running
    Restore(RestoreArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct BackupArgs {
    /// A project folder [default: the project of the current folder]
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) project: Option<PathBuf>,
    /// The file to write
    #[arg(short = 'o', long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: PathBuf,
    /// The state store, as of `tagpol serve`
    #[arg(long, value_name = "URL")]
    pub(crate) state: Option<String>,
    #[command(flatten)]
    pub(crate) wait: WaitArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RestoreArgs {
    /// The backup
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) backup: PathBuf,
    /// The folder of the project, which is created if it does not exist [default: the current folder]
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) project: Option<PathBuf>,
    /// The state store, as of `tagpol serve`
    #[arg(long, value_name = "URL")]
    pub(crate) state: Option<String>,
    /// Replace all rows of the database, and files that differ
    #[arg(long)]
    pub(crate) replace: bool,
    #[command(flatten)]
    pub(crate) wait: WaitArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ServeOptions {
    /// A project folder [default: the project of the current folder]
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) project: Option<PathBuf>,
    /// Address and port to listen on [default: TAGPOL_LISTEN, `listen` in tagpol.toml, or 127.0.0.1:7777]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<SocketAddr>,
    /// The state store: a SQLite file, or `postgres://USER@HOST/DATABASE` [default: TAGPOL_STATE, or the one of the
    /// project]
    #[arg(long, value_name = "URL")]
    pub(crate) state: Option<String>,
    /// The address that people use if a proxy with TLS is in front [default: TAGPOL_PUBLIC_URL]
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Option<String>,
    /// The configuration file of the server, with identity providers [default: TAGPOL_SERVE_CONFIG]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) config: Option<PathBuf>,
    /// Listen beyond this machine without TLS: passwords are then sent without encryption
    #[arg(long)]
    pub(crate) allow_plain_http: bool,
    #[command(flatten)]
    pub(crate) wait: WaitArgs,
}
