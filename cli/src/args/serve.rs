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
    /// Serve a made-up shop with three clouds and 30 days of history, made in the folder, or in a temporary one
    #[arg(long)]
    pub(crate) demo: bool,
    #[command(flatten)]
    pub(crate) options: ServeOptions,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ServeCommand {
    /// Check whether the server could start, without starting it
    #[command(override_usage = "tagpol serve doctor [OPTIONS] [PROJECT]")]
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
    #[command(flatten)]
    pub(crate) stored: StoredArgs,
    #[command(flatten)]
    pub(crate) wait: WaitArgs,
}

/// Where a server keeps its rows and files.
#[derive(Debug, clap::Args)]
pub(crate) struct StoredArgs {
    /// The state store, as of `tagpol serve`
    #[arg(long, value_name = "URL")]
    pub(crate) state: Option<String>,
    /// The folder of evaluations and of the key, as of `tagpol serve` [default: TAGPOL_SERVE_DATA, or the folder of the
    /// project's state]
    #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub(crate) data: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RestoreArgs {
    /// The backup
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) backup: PathBuf,
    /// The folder of the project, which is created if it does not exist [default: the current folder]
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) project: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) stored: StoredArgs,
    /// Replace all rows of the database, and files that differ
    #[arg(long)]
    pub(crate) replace: bool,
    #[command(flatten)]
    pub(crate) wait: WaitArgs,
}

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ServeOptions {
    /// A project folder [default: the project of the current folder]
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) project: Option<PathBuf>,
    /// Address and port to listen on [default: TAGPOL_LISTEN, `listen` in tagpol.toml, or 127.0.0.1:7777]
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = listen_address)]
    pub(crate) listen: Option<SocketAddr>,
    /// The state store: a SQLite file, or `postgres://USER@HOST/DATABASE` [default: TAGPOL_STATE, or the one of the
    /// project]
    #[arg(long, value_name = "URL")]
    pub(crate) state: Option<String>,
    /// The folder of evaluations and of the key of the server [default: TAGPOL_SERVE_DATA, or the folder of the project's
    /// state]
    #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub(crate) data: Option<PathBuf>,
    /// The address that people use if a proxy with TLS is in front [default: TAGPOL_PUBLIC_URL]
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Option<String>,
    /// The certificate for TLS, in PEM; it is read again when it changes [default: TAGPOL_TLS_CERT]
    #[arg(long, value_name = "FILE", requires = "tls_key", value_hint = ValueHint::FilePath)]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The private key of the certificate, in PEM [default: TAGPOL_TLS_KEY]
    #[arg(long, value_name = "FILE", requires = "tls_cert", value_hint = ValueHint::FilePath)]
    pub(crate) tls_key: Option<PathBuf>,
    /// The configuration file of the server, with identity providers [default: TAGPOL_SERVE_CONFIG]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) config: Option<PathBuf>,
    /// Listen beyond this machine without TLS: passwords are then sent without encryption
    #[arg(long)]
    pub(crate) allow_plain_http: bool,
    /// Start with a new key if the old one is lost: access tokens end, and other sealed secrets have to be entered again
    #[arg(long)]
    pub(crate) replace_key: bool,
    #[command(flatten)]
    pub(crate) wait: WaitArgs,
}

/// Reads an address and a port; `localhost` is this machine.
pub(crate) fn listen_address(text: &str) -> Result<SocketAddr, String> {
    let text = text.trim();
    let named = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
    named.as_deref().unwrap_or(text).parse().map_err(|_| match text.strip_prefix(':') {
        Some(port) => format!("the address is missing; write `127.0.0.1:{port}` for this machine only, or `0.0.0.0:{port}` for all"),
        None => "write an IP address and a port, as in `127.0.0.1:7777`, or `localhost:7777`".to_owned(),
    })
}
