//! Ctrl-C and SIGTERM: a command ends with 130 and one line, and leaves nothing half-made behind.
//!
//! Use cases get a [`token`], which interrupts the statements of the database; the command then ends like any that
//! fails, and gives its files and its state back in order. Other work, such as the import of a file, cannot be
//! interrupted: what is not whole lives in scratch folders, so the thread that receives the signal removes those of this
//! process and ends it. A command that wants to end in its own way asks for a [`flag`] instead.

use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Duration;

use tagpol_app::CancelToken;

/// How long a command whose statements were interrupted may take to end by itself.
const GRACE: Duration = Duration::from_secs(2);

/// Becomes true instead of the program's ending.
static FLAG: OnceLock<Arc<AtomicBool>> = OnceLock::new();

static TOKEN: LazyLock<CancelToken> = LazyLock::new(CancelToken::new);

/// Whether an interruption is how the command is meant to end.
static IS_EXPECTED: AtomicBool = AtomicBool::new(false);

/// Whether the line about the interruption was written.
static IS_REPORTED: AtomicBool = AtomicBool::new(false);

/// Listens for Ctrl-C and SIGTERM from now on. If the system refuses, they end the program all the same.
pub(crate) fn listen() {
    let _ = ctrlc::set_handler(|| match FLAG.get() {
        Some(flag) => flag.store(true, Ordering::Relaxed),
        None => interrupt(),
    });
}

fn interrupt() {
    let has_statements = TOKEN.has_sessions();
    TOKEN.cancel();
    if has_statements {
        // The program ends while this thread sleeps.
        std::thread::sleep(GRACE);
    }
    let is_expected = IS_EXPECTED.load(Ordering::Relaxed);
    if !is_expected && is_first_report() {
        // Standard error may be closed.
        let _ = std::io::stderr().write_all(b"error: interrupted\n");
    }
    tagpol_app::files::remove_scratch_of_this_process();
    std::process::exit(if is_expected { 0 } else { i32::from(crate::failure::INTERRUPTED) });
}

/// Makes Ctrl-C and SIGTERM end the command with 0 from now on, at any time: for one that never ends by itself.
pub(crate) fn ends_with_success() {
    IS_EXPECTED.store(true, Ordering::Relaxed);
}

/// Returns what Ctrl-C cancels.
pub(crate) fn token() -> &'static CancelToken {
    &TOKEN
}

/// Whether the interruption has not been reported yet. The caller reports it then.
pub(crate) fn is_first_report() -> bool {
    !IS_REPORTED.swap(true, Ordering::Relaxed)
}

/// Returns what becomes true on Ctrl-C, which does not end the program any more.
pub(crate) fn flag() -> Arc<AtomicBool> {
    Arc::clone(FLAG.get_or_init(Arc::default))
}
