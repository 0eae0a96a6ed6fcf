//! What a client sends, made fit for the transport.
//!
//! The transport ends at the first message that it cannot read, so each is read here first, into the same types. One that
//! cannot be read is replaced by a message of ours, which has its sender answered, or the user told, by handlers like
//! any other ([`REFUSED_REQUEST`], [`REFUSED_NOTIFICATION`]).

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tower_lsp::jsonrpc::{Id, Request, Response};

use crate::frames::{Frame, Frames, MAX_MESSAGE};

/// The request that stands for one that could not be read. Its answer is the error.
pub(crate) const REFUSED_REQUEST: &str = "$tagpol/refusedRequest";
/// The notification that stands for one that could not be read.
pub(crate) const REFUSED_NOTIFICATION: &str = "$tagpol/refusedNotification";

/// Codes of JSON-RPC.
const PARSE_ERROR: i64 = -32700;
const INVALID_REQUEST: i64 = -32600;

/// Bytes that are read at a time.
const CHUNK: usize = 64 * 1024;

/// Why a message is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refusal {
    /// The code of the error in JSON-RPC.
    pub(crate) code: i64,
    /// For people.
    pub(crate) message: String,
}

/// Hands on the messages of a stream until it ends, or nobody reads them any more.
pub(crate) async fn admit_all<I, O>(mut input: I, mut output: O)
where
    I: AsyncRead + Unpin,
    O: AsyncWrite + Unpin,
{
    let mut frames = Frames::default();
    let mut chunk = vec![0; CHUNK];
    loop {
        match input.read(&mut chunk).await {
            Ok(0) | Err(_) => return,
            Ok(length) => frames.push(chunk.get(..length).unwrap_or_default()),
        }
        while let Some(frame) = frames.next() {
            let message = admit(frame);
            let header = format!("Content-Length: {}\r\n\r\n", message.len());
            if output.write_all(header.as_bytes()).await.is_err() || output.write_all(&message).await.is_err()
            {
                return;
            }
        }
    }
}

/// Returns the body of a message that the transport can read: that of the frame, or one that stands for it.
pub(crate) fn admit(frame: Frame) -> Vec<u8> {
    let (body, refusal) = match frame {
        Frame::Message(mut body) => {
            replace_lone_surrogates(&mut body);
            match read(&body) {
                Ok(()) => return body,
                Err(refusal) => (body, refusal),
            }
        }
        Frame::TooLong(start) => {
            let message = format!("the message is longer than {} MiB", MAX_MESSAGE >> 20);
            (start, Refusal { code: INVALID_REQUEST, message })
        }
        Frame::Garbage(count) => {
            let message = format!("{count} bytes without a valid header");
            (Vec::new(), Refusal { code: PARSE_ERROR, message })
        }
    };
    stand_in(&envelope(&body), refusal)
}

/// A message as the transport reads it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Message {
    Response(#[expect(dead_code, reason = "only its form counts")] Response),
    Request(Request),
}

fn read(body: &[u8]) -> Result<(), Refusal> {
    let unreadable = |message: String| Refusal { code: PARSE_ERROR, message };
    let invalid = |message: &str| Refusal { code: INVALID_REQUEST, message: message.to_owned() };
    let text = std::str::from_utf8(body).map_err(|error| unreadable(format!("not valid UTF-8: {error}")))?;
    match serde_json::from_str(text) {
        Ok(Message::Request(request)) if request.method().is_empty() => Err(invalid("there is no `method`")),
        Ok(Message::Request(_)) => Ok(()),
        Ok(Message::Response(_)) if envelope(body).has_method => {
            Err(invalid("a message has a `method` or a `result`, not both"))
        }
        Ok(Message::Response(_)) => Ok(()),
        Err(_) => Err(match serde_json::from_str::<Value>(text) {
            Err(error) => unreadable(format!("not valid JSON: {error}")),
            Ok(Value::Array(_)) => invalid("batches of messages are not supported"),
            Ok(_) => invalid("not a message of JSON-RPC 2.0"),
        }),
    }
}

/// Whether the transport can read a message.
pub(crate) fn transport_reads(message: &[u8]) -> bool {
    let text = std::str::from_utf8(message).ok();
    text.is_some_and(|text| serde_json::from_str::<Message>(text).is_ok())
}

/// The message that stands for one that is refused.
fn stand_in(envelope: &Envelope, refusal: Refusal) -> Vec<u8> {
    let id = match &envelope.id {
        Some(Some(id)) => Some(id.clone()),
        // One that is of no use is null in the answer.
        Some(None) => Some(Id::Null),
        None => None,
    };
    let body = match id {
        // Whoever waits for a response waits no longer; it must not be answered.
        Some(id) if envelope.has_result && !envelope.has_method => {
            serde_json::json!({ "jsonrpc": "2.0", "id": id, "error": refusal })
        }
        Some(id) => {
            serde_json::json!({ "jsonrpc": "2.0", "id": id, "method": REFUSED_REQUEST, "params": refusal })
        }
        None => serde_json::json!({ "jsonrpc": "2.0", "method": REFUSED_NOTIFICATION, "params": refusal }),
    };
    body.to_string().into_bytes()
}

/// What the outermost members of a message show, as far as it can be read.
#[derive(Debug, Default, PartialEq)]
struct Envelope {
    /// None: it has none. `Some(None)`: it has one that no message may have.
    id: Option<Option<Id>>,
    has_method: bool,
    has_result: bool,
}

/// Looks at the outermost members of what may be broken, cut off, or nested however deep.
fn envelope(text: &[u8]) -> Envelope {
    let mut found = Envelope::default();
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => {
                let end = end_of_text(text, at);
                let key = text.get(at + 1..end.saturating_sub(1)).unwrap_or_default();
                let rest = text.get(end..).unwrap_or_default();
                let value = rest.trim_ascii_start().strip_prefix(b":").map(<[u8]>::trim_ascii_start);
                if let (1, Some(value)) = (depth, value) {
                    match key {
                        b"id" => found.id = found.id.or_else(|| Some(id_at(value))),
                        b"method" => found.has_method = true,
                        b"result" | b"error" => found.has_result = true,
                        _ => {}
                    }
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// Returns the place behind a text that begins with a quote here.
fn end_of_text(text: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(next) = memchr::memchr2(b'"', b'\\', text.get(at..).unwrap_or_default()) {
        if text.get(at + next) == Some(&b'"') {
            return at + next + 1;
        }
        at += next + 2;
    }
    text.len()
}

/// Reads the id that a text begins with; None if it is not one.
fn id_at(text: &[u8]) -> Option<Id> {
    let mut values = serde_json::Deserializer::from_slice(text).into_iter::<Id>();
    values.next()?.ok()
}

/// Replaces halves of surrogate pairs, which are no characters, by U+FFFD, in place. It is what clients make of half
/// an emoji: the text around it is worth more than an error.
fn replace_lone_surrogates(body: &mut [u8]) {
    let mut at = 0;
    while let Some(next) = memchr::memchr(b'\\', body.get(at..).unwrap_or_default()) {
        at += next;
        let unit = code_unit(body, at);
        let is_pair =
            matches!(unit, Some(0xD800..=0xDBFF)) && matches!(code_unit(body, at + 6), Some(0xDC00..=0xDFFF));
        match unit {
            _ if is_pair => at += 12,
            Some(0xD800..=0xDFFF) => {
                if let Some(digits) = body.get_mut(at + 2..at + 6) {
                    digits.copy_from_slice(b"fffd");
                }
                at += 6;
            }
            Some(_) => at += 6,
            None => at += 2,
        }
    }
}

/// Returns the number of an escape `\u0041` that stands here.
fn code_unit(text: &[u8], at: usize) -> Option<u32> {
    let digits = text.get(at..at + 6)?.strip_prefix(b"\\u")?;
    digits.iter().try_fold(0, |unit, digit| Some(unit * 16 + char::from(*digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn admitted(body: &[u8]) -> Value {
        serde_json::from_slice(&admit(Frame::Message(body.to_vec()))).unwrap()
    }

    #[test]
    fn messages_pass_as_they_are() {
        for text in [
            "{\"jsonrpc\":\"2.0\",\"method\":\"exit\"}",
            " {\"id\":\"a\", \"jsonrpc\":\"2.0\",\"method\":\"é\\ud83d\\ude00\\\\ud83d\",\"params\":{\"a\":-1e300}}\r\n",
            "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":null}",
            "{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":1,\"message\":\"x\"}}",
        ] {
            assert_eq!(admit(Frame::Message(text.into())), text.as_bytes());
        }
    }

    #[test]
    fn half_an_emoji_becomes_a_replacement_character() {
        for (text, expected) in [
            (r#""\ud83d""#, "\"\u{fffd}\""),
            (r#""\uDE00\uD83D""#, "\"\u{fffd}\u{fffd}\""),
            (r#""\ud83d\ud83d\ude00""#, "\"\u{fffd}😀\""),
            (r#""\\ud83d\\\ud83d""#, "\"\\ud83d\\\u{fffd}\""),
            (r#""\ud83d\n""#, "\"\u{fffd}\n\""),
        ] {
            let mut body = format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":{text}}}").into_bytes();
            replace_lone_surrogates(&mut body);
            let read: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(format!("\"{}\"", read["method"].as_str().unwrap()), expected);
            assert_eq!(admitted(&body)["method"], read["method"]);
        }
        for cut in ["\\", "\\u", "\\ud83", "\\ud83d\\", "\\ud83d\\ude0", "\\ud83x"] {
            replace_lone_surrogates(&mut cut.as_bytes().to_vec());
        }
    }

    /// What stands for a message that cannot be read: its id, and the code of the error.
    fn refused(body: &[u8], id: Option<Value>, code: i64) {
        let message = admitted(body);
        let method = if id.is_some() { REFUSED_REQUEST } else { REFUSED_NOTIFICATION };
        let text = String::from_utf8_lossy(body);
        assert_eq!(message["method"], method, "{text}");
        assert_eq!(message.get("id"), id.as_ref(), "{text}");
        assert_eq!(message["params"]["code"], code, "{text}");
    }

    #[test]
    fn requests_that_cannot_be_read_are_answered() {
        let deep = |open: &str, close: &str, depth| {
            let (open, close) = (open.repeat(depth), close.repeat(depth));
            format!("{{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"x\",\"params\":{open}1{close}}}")
        };
        let five = || Some(json!(5));
        refused(deep("[", "]", 200).as_bytes(), five(), PARSE_ERROR);
        refused(deep("{\"id\":", "}", 200).as_bytes(), five(), PARSE_ERROR);
        refused(deep("[", "]", 1_000_000).as_bytes(), five(), PARSE_ERROR);
        refused(deep("[", "", 1_000_000).as_bytes(), five(), PARSE_ERROR);
        refused(
            b"{\"jsonrpc\":\"2.0\",\"params\":[{\"id\":1}],\"method\":\"y\",\"id\":\"a\",,}",
            Some(json!("a")),
            PARSE_ERROR,
        );
        refused(
            b"{\"jsonrpc\":\"2.0\",\"method\":\"y\",\"params\":{\"a\":1e999},\"id\":5}",
            five(),
            PARSE_ERROR,
        );
        refused(b"{\"jsonrpc\":\"2.0\",\"method\":\"y\",\"params\":\"\xff\",\"id\":5}", five(), PARSE_ERROR);
        refused(b"{\"jsonrpc\":\"1.0\",\"method\":\"y\",\"id\":5}", five(), INVALID_REQUEST);
        refused(b"{\"jsonrpc\":\"2.0\",\"id\":5}", five(), INVALID_REQUEST);
        refused(b"{\"jsonrpc\":\"2.0\",\"method\":null,\"id\":5}", five(), INVALID_REQUEST);
        refused(b"{\"jsonrpc\":\"2.0\",\"method\":\"x\",\"result\":1,\"id\":5}", five(), INVALID_REQUEST);
        refused(b"{\"jsonrpc\":\"2.0\",\"method\":\"a\",\"method\":\"b\",\"id\":5}", five(), INVALID_REQUEST);
        for id in ["[1]", "{}", "1.5", "true", "9223372036854775808", "1e999"] {
            let text = format!("{{\"jsonrpc\":\"2.0\",\"method\":\"y\",\"id\":{id}}}");
            let code = if id == "1e999" { PARSE_ERROR } else { INVALID_REQUEST };
            refused(text.as_bytes(), Some(Value::Null), code);
        }
    }

    #[test]
    fn what_has_no_id_is_told() {
        refused(b"", None, PARSE_ERROR);
        refused(b"{", None, PARSE_ERROR);
        refused(b"\xff\xfe\x00", None, PARSE_ERROR);
        refused(b"[]", None, INVALID_REQUEST);
        refused(b"[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"x\"}]", None, INVALID_REQUEST);
        refused(b"{}", None, INVALID_REQUEST);
        refused(b"{\"jsonrpc\":\"2.0\",\"method\":1}", None, INVALID_REQUEST);
        refused(b"\"\\\"id\":1", None, PARSE_ERROR);
    }

    #[test]
    fn responses_that_cannot_be_read_are_errors() {
        let deep = format!("{{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{}}}", "[".repeat(300));
        let message = admitted(deep.as_bytes());
        assert_eq!((&message["id"], &message["error"]["code"]), (&json!(3), &json!(PARSE_ERROR)));
        assert_eq!(message.get("method"), None);
    }

    #[test]
    fn what_is_too_long_is_answered_by_how_it_begins() {
        let start =
            b"{\"jsonrpc\":\"2.0\",\"id\":8,\"method\":\"textDocument/didOpen\",\"params\":{\"a\":\"aaa"
                .to_vec();
        let message: Value = serde_json::from_slice(&admit(Frame::TooLong(start))).unwrap();
        assert_eq!((&message["id"], &message["method"]), (&json!(8), &json!(REFUSED_REQUEST)));
        assert_eq!(message["params"]["message"], "the message is longer than 64 MiB");
    }
}
