//! `tagpol lsp`

use crate::args::LspArgs;
use crate::failure::{Exit, Failure};

pub(crate) fn run(_: &LspArgs) -> Result<Exit, Failure> {
    let clean = tagpol_lsp::run().map_err(|error| Failure::engine(format!("cannot serve: {error}")))?;
    // The protocol asks for 1 where the client ends the server without asking it to shut down.
    Ok(if clean { Exit::Success } else { Exit::Findings })
}
