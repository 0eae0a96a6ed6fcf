//! Syslog over TCP.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use tagpol_serve_outgoing::AddressPolicy;

use super::Delivery;
use crate::channel::SyslogServer;
use crate::channel::siem::{AuditEvent, syslog};

const PATIENCE: Duration = Duration::from_secs(10);

pub(super) async fn send(server: &SyslogServer, events: &[AuditEvent], policy: &AddressPolicy) -> Delivery {
    let attempt = async {
        let addresses = policy.resolve(&server.host, server.port).await?;
        let mut stream = TcpStream::connect(addresses.as_slice()).await?;
        for event in events {
            stream.write_all(&syslog(event, "-")).await?;
        }
        stream.shutdown().await
    };
    match timeout(PATIENCE, attempt).await {
        Ok(Ok(())) => Delivery::Delivered { reference: None },
        Ok(Err(error)) => Delivery::later(format!("the syslog server cannot be reached: {error}")),
        Err(_) => Delivery::later("the syslog server does not answer"),
    }
}
