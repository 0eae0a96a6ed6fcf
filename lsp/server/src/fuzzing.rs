//! What fuzz targets drive: bytes of a client, against frames alone or a whole server.

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};

use crate::frames::Frames;
use crate::intake::{admit, transport_reads};
use crate::{Host, PIPE, serve};

/// Cuts bytes into messages as the server does. Returns the number of messages that reach the transport.
///
/// # Panics
/// Where the transport could not read one of them, or pieces of another size make other messages.
pub fn frames(bytes: &[u8]) -> usize {
    let cut = |size: usize| {
        let mut frames = Frames::default();
        let mut messages = Vec::new();
        for piece in bytes.chunks(size) {
            frames.push(piece);
            while let Some(frame) = frames.next() {
                messages.push(admit(frame));
            }
        }
        messages
    };
    let messages = cut(bytes.len().max(1));
    for message in &messages {
        assert!(transport_reads(message), "{}", String::from_utf8_lossy(message));
    }
    assert!(messages == cut(7), "the size of pieces makes a difference");
    messages.len()
}

/// Has a server answer these bytes, and then a request of its own. Returns all that it wrote. It has no worker, and
/// reads files only where the bytes name some.
///
/// `shaken_hands`: the server is initialized before.
///
/// # Panics
/// Where the server ends, although no message among the bytes is `exit`. One that does not answer is waited for.
pub fn session(bytes: &[u8], shaken_hands: bool) -> Vec<u8> {
    session_until(bytes, shaken_hands, &[])
}

/// The same, which goes on until these texts were written as well. Answers come in any order: that of the last
/// request says nothing of those before.
fn session_until(bytes: &[u8], shaken_hands: bool, texts: &[&str]) -> Vec<u8> {
    let mut sent = Vec::new();
    if shaken_hands {
        sent.extend(framed(
            r#"{"jsonrpc":"2.0","id":"first","method":"initialize","params":{"capabilities":{}}}"#,
        ));
    }
    let last = framed(r#"{"jsonrpc":"2.0","id":"last","method":"workspace/symbol","params":{"query":"x"}}"#);
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return Vec::new();
    };
    let (output, is_answered) = runtime.block_on(async {
        let (mut client, server) = tokio::io::duplex(PIPE);
        let (input, output) = tokio::io::split(server);
        let mut written = Vec::new();
        let talk = async {
            // The first answer is waited for, as the protocol asks of clients.
            client.write_all(&sent).await.ok()?;
            if shaken_hands {
                read_until(&mut client, &mut written, br#""id":"first"}"#).await?;
                client
                    .write_all(&framed(r#"{"jsonrpc":"2.0","method":"initialized","params":{}}"#))
                    .await
                    .ok()?;
            }
            let (mut reader, mut writer) = tokio::io::split(&mut client);
            let write = async {
                writer.write_all(bytes).await.ok()?;
                writer.write_all(&last).await.ok()
            };
            let read = async {
                for text in [r#""id":"last"}"#].iter().chain(texts) {
                    read_until(&mut reader, &mut written, text.as_bytes()).await?;
                }
                Some(())
            };
            tokio::join!(write, read).1
        };
        let is_answered = tokio::select! {
            answered = talk => answered.is_some(),
            _ = serve(input, output, Host::default()) => false,
        };
        (written, is_answered)
    });
    runtime.shutdown_background();
    assert!(is_answered || ends(bytes), "the server ended: {}", String::from_utf8_lossy(&output));
    output
}

/// Whether a client asks the server to end.
fn ends(bytes: &[u8]) -> bool {
    let mut frames = Frames::default();
    frames.push(bytes);
    let messages = std::iter::from_fn(|| frames.next()).map(admit);
    messages
        .filter_map(|message| serde_json::from_slice::<serde_json::Value>(&message).ok())
        .any(|message| message.get("method").is_some_and(|method| method == "exit"))
}

fn framed(body: &str) -> Vec<u8> {
    format!("Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// Reads until what was read has a text in it; None if there is no more.
async fn read_until(input: &mut (impl AsyncRead + Unpin), read: &mut Vec<u8>, text: &[u8]) -> Option<()> {
    let mut chunk = vec![0; 4096];
    let mut searched = 0;
    while memchr::memmem::find(read.get(searched..)?, text).is_none() {
        searched = read.len().saturating_sub(text.len());
        let length = input.read(&mut chunk).await.ok().filter(|length| *length > 0)?;
        read.extend_from_slice(chunk.get(..length)?);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::{Index, select};
    use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

    use super::*;

    /// What a client may send after the handshake, in which something is then changed.
    const BODIES: [&str; 14] = [
        r#"{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":{"uri":"untitled:a","languageId":"tagpol","version":1,"text":"tag a: one of [b, 🦀]\npolicy p { severity low  require a }\n"}}}"#,
        r#"{"jsonrpc":"2.0","method":"textDocument/didChange","params":{"textDocument":{"uri":"untitled:a","version":2},"contentChanges":[{"range":{"start":{"line":0,"character":18},"end":{"line":1,"character":4294967295}},"text":"\ud83d"}]}}"#,
        r#"{"jsonrpc":"2.0","method":"textDocument/didChange","params":{"textDocument":{"uri":"untitled:b","version":-2},"contentChanges":[{"text":"x"}]}}"#,
        r#"{"jsonrpc":"2.0","method":"textDocument/didClose","params":{"textDocument":{"uri":"untitled:a"}}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"textDocument/hover","params":{"textDocument":{"uri":"untitled:a"},"position":{"line":0,"character":4}}}"#,
        r#"{"jsonrpc":"2.0","id":2,"method":"textDocument/completion","params":{"textDocument":{"uri":"untitled:a"},"position":{"line":4294967295,"character":0}}}"#,
        r#"{"jsonrpc":"2.0","id":3,"method":"textDocument/semanticTokens/full","params":{"textDocument":{"uri":"file:///%FF%00/a.tagpol"}}}"#,
        r#"{"jsonrpc":"2.0","id":4,"method":"textDocument/codeAction","params":{"textDocument":{"uri":"untitled:a"},"range":{"start":{"line":1,"character":9},"end":{"line":0,"character":0}},"context":{"diagnostics":[]}}}"#,
        r#"{"jsonrpc":"2.0","id":"s","method":"textDocument/documentSymbol","params":{"textDocument":{"uri":"file://host/share/a.tagpol"}}}"#,
        r#"{"jsonrpc":"2.0","id":5,"method":"workspace/executeCommand","params":{"command":"tagpol.runTest","arguments":["untitled:a","x"]}}"#,
        r#"{"jsonrpc":"2.0","id":6,"method":"tagpol/evaluate","params":{"uri":"http://x/%zz"}}"#,
        r#"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":2}}"#,
        r#"{"jsonrpc":"2.0","id":7,"result":[null]}"#,
        r#"{"jsonrpc":"2.0","method":"workspace/didChangeConfiguration","params":{"settings":{"tagpol":{"hints":7}}}}"#,
    ];

    /// What is put somewhere into the bytes.
    const PIECES: [&[u8]; 30] = [
        b"\"", b"\\", b"{", b"}", b"[", b"]", b",", b":", b"1e999", b"-1", b"4294967296", b"0.5", b"null", b"\\ud83d",
        b"\\u0000", b"\xff", b"\xed\xa0\xbd", b"\0", b"\r\n", b"\r\n\r\n", b"Content-Length: ", b"Content-Length: 0\r\n\r\n",
        b"Content-Length: 99999999999999999999\r\n\r\n", b"Content-Length: -1\r\n\r\n", b"9", b"0", b"\"id\":", b"\"method\":",
        b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
        b"initialize",
    ];

    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let edit = (any::<Index>(), 0..8_usize, select(PIECES.to_vec()));
        let messages = proptest::collection::vec(select(BODIES.to_vec()), 1..8);
        (messages, proptest::collection::vec(edit, 0..6)).prop_map(|(bodies, edits)| {
            let mut bytes: Vec<u8> = bodies.iter().flat_map(|body| framed(body)).collect();
            for (at, removed, piece) in edits {
                let start = at.index(bytes.len() + 1);
                let end = bytes.len().min(start + removed);
                bytes.splice(start..end, piece.iter().copied());
            }
            bytes
        })
    }

    /// The same cases each time.
    fn run(cases: u32, check: impl Fn(&[u8])) {
        let config = Config { failure_persistence: None, cases, ..Config::default() };
        let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
        let outcome = runner.run(&bytes(), |bytes| {
            check(&bytes);
            Ok(())
        });
        outcome.unwrap();
    }

    #[test]
    fn the_transport_reads_whatever_is_admitted() {
        run(2000, |bytes| assert!(frames(bytes) <= bytes.len()));
    }

    #[test]
    fn the_next_request_is_answered() {
        run(150, |bytes| drop(session(bytes, true)));
        run(30, |bytes| drop(session(bytes, false)));
    }

    #[test]
    fn each_message_by_itself() {
        for body in BODIES {
            assert_eq!(frames(&framed(body)), 1);
            session(&framed(body), true);
        }
    }

    fn answer(output: &[u8], id: i64) -> serde_json::Value {
        let mut frames = Frames::default();
        frames.push(output);
        let messages = std::iter::from_fn(|| frames.next()).filter_map(|frame| match frame {
            crate::frames::Frame::Message(body) => serde_json::from_slice::<serde_json::Value>(&body).ok(),
            _ => None,
        });
        messages.into_iter().find(|message| message["id"] == id && message.get("method").is_none()).unwrap()
    }

    #[test]
    fn a_request_that_cannot_be_read_has_an_error() {
        for (params, code) in [
            ("[1e999]".to_owned(), -32700),
            ("[".repeat(200) + &"]".repeat(200), -32700),
            ("\"\u{7}\"".to_owned(), -32700),
        ] {
            let body = format!(
                "{{\"jsonrpc\":\"2.0\",\"id\":41,\"method\":\"workspace/symbol\",\"params\":{params}}}"
            );
            let output = session_until(&framed(&body), true, &[r#""id":41}"#]);
            assert_eq!(answer(&output, 41)["error"]["code"], code, "{params}");
        }
        let long = format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":42,\"method\":\"x\",\"params\":\"{}\"}}",
            "a".repeat(crate::frames::MAX_MESSAGE)
        );
        let output = session_until(&framed(&long), true, &[r#""id":42}"#]);
        assert_eq!(answer(&output, 42)["error"]["code"], -32600);
    }

    #[test]
    fn half_an_emoji_is_a_character() {
        let open = r#"{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":{"uri":"untitled:e","languageId":"tagpol","version":1,"text":"// \ud83d\ntag a: text\n"}}}"#;
        let symbols = r#"{"jsonrpc":"2.0","id":43,"method":"textDocument/documentSymbol","params":{"textDocument":{"uri":"untitled:e"}}}"#;
        let output = session_until(&[framed(open), framed(symbols)].concat(), true, &[r#""id":43}"#]);
        assert_eq!(answer(&output, 43)["result"][0]["name"], "a");
    }

    #[test]
    fn requests_that_wait_do_not_stop_others() {
        let wait = |n: usize| {
            framed(&format!(
                r#"{{"jsonrpc":"2.0","id":{n},"method":"workspace/diagnostic","params":{{"previousResultIds":[{{"uri":"untitled:a","value":"{}"}}]}}}}"#,
                crate::handlers::diagnostics::identity(&[])
            ))
        };
        let known = r#"{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":{"uri":"untitled:a","languageId":"tagpol","version":1,"text":""}}}"#;
        let mut bytes = framed(known);
        (0..1000).for_each(|n| bytes.extend(wait(n)));
        session(&bytes, true);
    }
}
