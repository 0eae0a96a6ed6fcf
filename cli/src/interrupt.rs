//! Ctrl-C and SIGTERM: a command ends at once, with 130, and leaves nothing half-made behind.
//!
//! What is not whole lives in scratch folders; the thread that hears the signal removes those of this
//! process before the program ends. A command that wants to end in its own way asks for a [`flag`] instead.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// The exit code of a program that was interrupted.
const INTERRUPTED: i32 = 130;

/// Becomes true instead of the program's ending.
static FLAG: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// Listens for Ctrl-C and SIGTERM from now on. If the system refuses, they end the program all the same.
pub(crate) fn listen() {
    let _ = ctrlc::set_handler(|| match FLAG.get() {
        Some(flag) => flag.store(true, Ordering::Relaxed),
        None => {
            tagpol_app::files::remove_scratch_of_this_process();
            std::process::exit(INTERRUPTED);
        }
    });
}

/// Returns what becomes true on Ctrl-C, which does not end the program any more.
pub(crate) fn flag() -> Arc<AtomicBool> {
    Arc::clone(FLAG.get_or_init(Arc::default))
}
