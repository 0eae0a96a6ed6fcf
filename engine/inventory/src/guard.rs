//! Calls into decoders that panic on some damaged files.
//!
//! The Parquet reader checks much of a file, but not all: some damaged bytes end in an assertion or an index
//! out of bounds. Here that becomes an error like others, and nothing is printed.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    /// Whether panics of this thread are caught and need no message.
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Calls a decoder; a panic becomes an error. What the call has borrowed must not be used after an error.
pub(crate) fn guarded<T, E: std::fmt::Display>(call: impl FnOnce() -> Result<T, E>) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |panic| {
            if !IS_GUARDED.get() {
                usual(panic);
            }
        }));
    });
    let before = IS_GUARDED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(call));
    IS_GUARDED.set(before);
    match result {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(_) => Err("its bytes contradict each other".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error() {
        assert_eq!(guarded(|| Ok::<_, String>(1)), Ok(1));
        assert_eq!(guarded(|| Err::<u8, _>("no")), Err("no".to_owned()));
        let bytes = [1_u8];
        let index = bytes.len();
        let error = guarded(|| Ok::<_, String>(bytes[index])).unwrap_err();
        assert!(error.contains("contradict"), "{error}");
        assert!(!IS_GUARDED.get());
    }
}
