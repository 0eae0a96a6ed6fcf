//! How this program opens, writes and removes files.
//!
//! In: paths. Out: open files, whole files, folders that disappear. A policy repository may come from a
//! stranger, so there are two kinds of paths, and callers say which one they have:
//!
//! - a path that a **project's files** name (the manifest, a policy, a link in the repository) goes through
//!   a [`Jail`]: it must stay below the project's root, and no part of it below the root may be a link;
//! - a path that the **user** named on the command line may lead anywhere, through links as well.
//!
//! Promises:
//!
//! - nothing that is opened for reading as a regular file can block or be endless: FIFOs, devices and
//!   sockets are refused, and [`read_text`] has a limit;
//! - an output replaces regular files only; pipes and devices are written to;
//! - what is not whole lives in a [`Scratch`] folder, which carries a mark that its process keeps locked.
//!   Only folders with that mark are ever removed, and no link is followed while removing.

mod error;
mod jail;
mod open;
mod output;
mod scratch;
mod utf16;

pub use error::FileError;
pub use jail::Jail;
pub use open::{open_lock, open_regular, read_text, read_whole};
pub use output::{append, check_rewrite, rewrite, write_new, write_whole};
pub use scratch::{Scratch, remove_scratch_of_this_process};
pub use utf16::{ByteOrder, Utf16Reader};
