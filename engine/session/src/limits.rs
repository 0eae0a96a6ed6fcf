//! What a session may use: memory and time.

use std::sync::{OnceLock, PoisonError, RwLock};
use std::time::Duration;

use crate::error::{self, StoreError};

/// What the statements of a [`Store`](crate::Store) may use before they end with an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of memory. None: 80% of the machine's, or of its container's.
    pub memory: Option<u64>,
    /// Time that one statement may take. None: no limit.
    pub timeout: Option<Duration>,
}

/// The limits of stores whose options name none.
static USUAL: RwLock<Limits> = RwLock::new(Limits { memory: None, timeout: None });

impl Default for Limits {
    /// Returns those of [`Limits::set_usual`].
    fn default() -> Self {
        *USUAL.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Limits {
    /// Sets the limits of all stores of this process that are opened from now on and name no others: what
    /// a user sets on the command line applies to every session.
    pub fn set_usual(self) {
        *USUAL.write().unwrap_or_else(PoisonError::into_inner) = self;
    }

    /// Returns the bytes of memory, also where they depend on the machine.
    pub fn memory_bytes(&self) -> u64 {
        self.memory.unwrap_or_else(usual_memory)
    }

    /// Returns the error for a statement that failed because it met the limit of memory.
    pub(crate) fn met_by(&self, error: &duckdb::Error) -> Option<StoreError> {
        let message = error::message(error);
        let is_memory = message.starts_with("Out of Memory Error") || message.contains("std::bad_alloc");
        is_memory.then(|| StoreError::Memory { limit: self.memory_bytes() })
    }
}

/// 80% of the memory of the machine, or of the container that the process runs in.
fn usual_memory() -> u64 {
    static USUAL: OnceLock<u64> = OnceLock::new();
    *USUAL.get_or_init(|| {
        let all = [machine_memory(), container_memory()].into_iter().flatten().min();
        all.map_or(4 << 30, |bytes| bytes / 10 * 8)
    })
}

/// Bytes of the machine; None if it is not Linux.
fn machine_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let total = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kilobytes: u64 = total.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

/// The lowest limit of the control groups that the process is in: of version 2, else of version 1.
fn container_memory() -> Option<u64> {
    let groups = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    let limits = groups.lines().flat_map(|line| {
        let mut fields = line.splitn(3, ':').skip(1);
        let (controllers, path) = (fields.next().unwrap_or_default(), fields.next().unwrap_or_default());
        let (root, file) = match controllers {
            "" => ("/sys/fs/cgroup", "memory.max"),
            _ if controllers.split(',').any(|name| name == "memory") => {
                ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            }
            _ => return Vec::new(),
        };
        // A limit of a group applies to the groups in it.
        let path = std::path::Path::new(path);
        path.ancestors()
            .filter_map(|group| {
                let group = group.strip_prefix("/").unwrap_or(group);
                let text = std::fs::read_to_string(std::path::Path::new(root).join(group).join(file)).ok()?;
                // `max`: no limit.
                text.trim().parse().ok()
            })
            .collect::<Vec<u64>>()
    });
    limits.min()
}
