//! Connections that stay open between transactions: what a server needs, which cannot check a whole store for each
//! request.

use std::sync::{Mutex, PoisonError};

use crate::connection::Connection;

/// Connections without a transaction, ready for the next one.
pub(crate) struct KeptConnections {
    idle: Mutex<Vec<Connection>>,
    most: usize,
}

impl KeptConnections {
    pub(crate) fn new(most: usize) -> Self {
        Self { idle: Mutex::new(Vec::new()), most }
    }

    /// Takes the one that was used last.
    pub(crate) fn take(&self) -> Option<Connection> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// Keeps a connection, or closes it if there are enough.
    pub(crate) fn put(&self, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < self.most {
            idle.push(connection);
        } else {
            drop(idle);
            drop(connection.close());
        }
    }
}

impl Drop for KeptConnections {
    fn drop(&mut self) {
        // The last owner may be on a thread that must not block.
        for connection in std::mem::take(&mut self.idle).into_inner().unwrap_or_else(PoisonError::into_inner)
        {
            connection.abandon();
        }
    }
}
