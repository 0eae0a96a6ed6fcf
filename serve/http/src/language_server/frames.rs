//! Messages on the pipes to the language server: a header with their length, then JSON.

use std::io;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::sync::mpsc::UnboundedSender;

/// Most bytes of a message of the language server.
const LARGEST: usize = 64 << 20;

/// Writes a message.
///
/// # Errors
/// If the language server has ended, or does not read for some time.
pub(super) async fn write(
    pipe: &mut (impl AsyncWrite + Unpin),
    message: &Value,
    patience: Duration,
) -> io::Result<()> {
    let body = message.to_string();
    let text = format!("Content-Length: {}\r\n\r\n{body}", body.len());
    tokio::time::timeout(patience, pipe.write_all(text.as_bytes())).await?
}

/// Reads messages until there are no more, or nobody takes them.
pub(super) async fn read(pipe: impl AsyncRead + Unpin, messages: UnboundedSender<Value>) {
    let mut pipe = BufReader::new(pipe);
    while let Some(message) = next(&mut pipe).await {
        if messages.send(message).is_err() {
            return;
        }
    }
}

async fn next(pipe: &mut BufReader<impl AsyncRead + Unpin>) -> Option<Value> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if pipe.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => {
                if let Some(number) = line.strip_prefix("Content-Length:") {
                    length = number.trim().parse().ok().filter(|length| *length <= LARGEST);
                }
            }
        }
    }
    let mut body = vec![0; length?];
    pipe.read_exact(&mut body).await.ok()?;
    serde_json::from_slice(&body).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (mut near, far) = tokio::io::duplex(64);
            let (sender, mut messages) = tokio::sync::mpsc::unbounded_channel();
            tokio::spawn(read(far, sender));
            let sent = [serde_json::json!({ "text": "ä".repeat(300) }), serde_json::json!(1)];
            for message in &sent {
                write(&mut near, message, Duration::from_secs(5)).await.unwrap();
            }
            drop(near);
            assert_eq!(messages.recv().await.as_ref(), sent.first());
            assert_eq!(messages.recv().await.as_ref(), sent.last());
            assert_eq!(messages.recv().await, None);
        });
    }
}
