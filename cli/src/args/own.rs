//! Arguments of `tagpol self`.

use clap::Subcommand;

#[derive(Debug, clap::Args)]
pub(crate) struct SelfArgs {
    #[command(subcommand)]
    pub(crate) command: SelfCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SelfCommand {
    /// Show the versions of this program, of its database and of the files that it reads, and its features
    Version(SelfVersionArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct SelfVersionArgs {
    /// Write JSON
    #[arg(long)]
    pub(crate) json: bool,
}
