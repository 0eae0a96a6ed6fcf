//! Messages on the wire, those that are none left out.
//!
//! The transport ends at the first message that it cannot read. An editor's mistake should not cost its
//! user the server, so what comes in passes through here first: whole messages go on, all else is
//! passed over up to where the next message plainly begins.

use serde::Deserialize;
use serde::de::IgnoredAny;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

const LENGTH: &[u8] = b"Content-Length:";
/// What ends the header of a message.
const BLANK_LINE: &[u8] = b"\r\n\r\n";
/// A header is a line or two; what is longer is none.
const LONGEST_HEADER: usize = 1024;
/// Bytes that are read at a time.
const CHUNK: usize = 64 * 1024;

/// Hands on the messages of a stream until it ends, or nobody reads them any more.
pub(crate) async fn sift<I, O>(mut input: I, mut output: O)
where
    I: AsyncRead + Unpin,
    O: AsyncWrite + Unpin,
{
    let mut buffer: Vec<u8> = Vec::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        while let Some(step) = next(&buffer) {
            if let Some(message) = step.message.and_then(|range| buffer.get(range))
                && output.write_all(message).await.is_err()
            {
                return;
            }
            buffer.drain(..step.consumed);
        }
        match input.read(&mut chunk).await {
            Ok(0) | Err(_) => return,
            Ok(length) => buffer.extend_from_slice(chunk.get(..length).unwrap_or_default()),
        }
    }
}

/// What is to be done with the beginning of the bytes.
#[derive(Debug, PartialEq, Eq)]
struct Step {
    /// A message with its header, to be handed on.
    message: Option<std::ops::Range<usize>>,
    /// How many bytes are done with; at least one.
    consumed: usize,
}

/// Looks at the beginning of some bytes. None: more of them are needed.
fn next(bytes: &[u8]) -> Option<Step> {
    let Some(start) = memchr::memmem::find(bytes, LENGTH) else {
        // The last bytes may be the beginning of a header.
        let garbage = bytes.len().saturating_sub(LENGTH.len());
        return (garbage > 0).then_some(Step { message: None, consumed: garbage });
    };
    let header = bytes.get(start..)?;
    let Some(end) = memchr::memmem::find(header, BLANK_LINE) else {
        let is_none = header.len() > LONGEST_HEADER;
        return is_none.then_some(Step { message: None, consumed: start + LENGTH.len() });
    };
    let Some(length) = length_of(header.get(..end)?) else {
        return Some(Step { message: None, consumed: start + LENGTH.len() });
    };
    let body = start + end + BLANK_LINE.len();
    let whole = body.checked_add(length)?;
    let text = bytes.get(body..whole)?;
    Some(Step { message: is_message(text).then_some(start..whole), consumed: whole })
}

/// The length that a header tells.
fn length_of(header: &[u8]) -> Option<usize> {
    let line = header.get(LENGTH.len()..)?.split(|byte| *byte == b'\r').next()?;
    std::str::from_utf8(line).ok()?.trim().parse().ok()
}

/// What makes a JSON object a message.
#[derive(Deserialize)]
struct Message<'a> {
    jsonrpc: &'a str,
    method: Option<IgnoredAny>,
    #[serde(default)]
    id: Option<Id>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Id {
    Number(#[expect(dead_code, reason = "only its form counts")] i64),
    Text(#[expect(dead_code, reason = "only its form counts")] String),
}

fn is_message(text: &[u8]) -> bool {
    let message: Result<Message<'_>, _> = serde_json::from_slice(text);
    message
        .is_ok_and(|message| message.jsonrpc == "2.0" && (message.method.is_some() || message.id.is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(body: &str) -> String {
        format!("Content-Length: {}\r\n\r\n{body}", body.len())
    }

    async fn sifted(text: &[u8]) -> String {
        let (writer, mut reader) = tokio::io::duplex(1 << 16);
        sift(text, writer).await;
        let mut out = String::new();
        reader.read_to_string(&mut out).await.unwrap();
        out
    }

    #[tokio::test]
    async fn whole_messages_pass() {
        let one = framed("{\"jsonrpc\":\"2.0\",\"method\":\"exit\"}");
        let two = framed("{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":null}");
        let text = format!("{one}{two}");
        assert_eq!(sifted(text.as_bytes()).await, text);
        let typed =
            two.replace("\r\n\r\n", "\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\n");
        assert_eq!(sifted(typed.as_bytes()).await, typed);
    }

    #[tokio::test]
    async fn garbage_is_left_out() {
        let good = framed("{\"jsonrpc\":\"2.0\",\"method\":\"é\"}");
        for garbage in [
            "{}".to_owned(),
            framed("{"),
            framed("[]"),
            framed("{}"),
            framed("{\"jsonrpc\":\"1.0\",\"method\":\"x\"}"),
            framed("{\"jsonrpc\":\"2.0\",\"id\":[1],\"method\":\"x\"}"),
            "Content-Length: x\r\n\r\n".to_owned(),
            "Content-Length: 3\r\n\r\n\u{0}\u{1}\u{2}".to_owned(),
            "Content-Length: ".to_owned() + &"9".repeat(2000),
            "\r\n\r\nContent-Length".to_owned(),
        ] {
            let text = format!("{good}{garbage}{good}");
            assert_eq!(sifted(text.as_bytes()).await, format!("{good}{good}"), "{garbage:?}");
        }
    }

    #[tokio::test]
    async fn half_a_message_is_none() {
        let good = framed("{\"jsonrpc\":\"2.0\",\"method\":\"x\"}");
        for end in 0..good.len() {
            assert_eq!(sifted(&good.as_bytes()[..end]).await, "");
        }
    }
}
