//! The process that started the server: it ends with that one, as the protocol asks.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

/// How often it is looked for.
#[cfg(unix)]
const PERIOD: Duration = Duration::from_secs(3);

/// Looks for a process until it is gone, and tells.
#[cfg(unix)]
pub(crate) async fn watch(process: u32, gone: Arc<Notify>) {
    let Some(process) = i32::try_from(process).ok().and_then(rustix::process::Pid::from_raw) else { return };
    // One that belongs to somebody else is there too.
    let is_gone = || rustix::process::test_kill_process(process) == Err(rustix::io::Errno::SRCH);
    while !is_gone() {
        tokio::time::sleep(PERIOD).await;
    }
    gone.notify_one();
}

/// Elsewhere the pipe ends with the process.
#[cfg(not(unix))]
pub(crate) async fn watch(_: u32, _: Arc<Notify>) {}
