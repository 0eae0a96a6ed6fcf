//! Recorded streams, whole, cut off at every byte, in pieces of any size, and damaged.

use proptest::prelude::*;
use tagpol_language_model::{Service, StreamError, StreamReader};

pub(crate) const ANSWER: &str = include_str!("recorded/answer.txt");
pub(crate) const OPENAI: &[u8] = include_bytes!("recorded/openai.txt");
pub(crate) const ANTHROPIC: &[u8] = include_bytes!("recorded/anthropic.txt");
pub(crate) const OLLAMA: &[u8] = include_bytes!("recorded/ollama.txt");

const RECORDED: [(Service, &[u8]); 3] =
    [(Service::OpenAi, OPENAI), (Service::Anthropic, ANTHROPIC), (Service::Ollama, OLLAMA)];

fn read<'b>(service: Service, parts: impl IntoIterator<Item = &'b [u8]>) -> Result<String, StreamError> {
    let mut reader = StreamReader::new(service);
    for part in parts {
        reader.feed(part)?;
    }
    reader.finish()
}

#[test]
fn a_stream_that_is_cut_off_is_never_an_answer() {
    for (service, recorded) in RECORDED {
        assert_eq!(read(service, [recorded]).as_deref(), Ok(ANSWER), "{service:?}");
        let mut whole = 0;
        for length in 0..recorded.len() {
            match read(service, [&recorded[..length]]) {
                // Only what comes behind the end of the answer is missing.
                Ok(text) => {
                    assert_eq!(text, ANSWER, "{service:?} {length}");
                    whole += 1;
                }
                Err(error) => {
                    assert_eq!(whole, 0, "{service:?} {length}");
                    let expected = [StreamError::Incomplete, StreamError::NotAStream];
                    assert!(expected.contains(&error), "{service:?} {length}: {error:?}");
                }
            }
        }
        assert!(whole < recorded.len() / 5, "{service:?}: {whole}");
    }
}

#[test]
fn answers_without_a_stream_are_read_as_well() {
    let openai = serde_json::json!({"choices": [{"message": {"content": ANSWER}}]}).to_string();
    assert_eq!(read(Service::OpenAi, [openai.as_bytes()]).as_deref(), Ok(ANSWER));
    let anthropic = serde_json::json!({"content": [{"type": "text", "text": ANSWER}]}).to_string();
    assert_eq!(read(Service::Anthropic, [anthropic.as_bytes()]).as_deref(), Ok(ANSWER));
}

#[test]
fn errors_in_a_stream() {
    let one = |service, text: &str| read(service, [text.as_bytes()]);
    let error = Err(StreamError::Failed);
    assert_eq!(one(Service::OpenAi, "data: {\"error\":{\"message\":\"x\"}}\n\n"), error);
    assert_eq!(one(Service::Anthropic, "event: error\ndata: {\"type\":\"error\",\"error\":{}}\n\n"), error);
    assert_eq!(one(Service::Ollama, "{\"error\":\"x\"}\n"), error);
    let truncated = Err(StreamError::Truncated);
    assert_eq!(
        one(Service::OpenAi, "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}\n\n"),
        truncated
    );
    assert_eq!(one(Service::Ollama, "{\"done\":true,\"done_reason\":\"length\"}\n"), truncated);
    let long = "x".repeat(300 << 10);
    let line = format!("{{\"message\":{{\"content\":\"{long}\"}}}}\n");
    assert_eq!(one(Service::Ollama, &line), Err(StreamError::TooLarge));
    assert_eq!(one(Service::OpenAi, &"x".repeat(2 << 20)), Err(StreamError::TooLarge));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn pieces_of_any_size(which in 0..3_usize, sizes in prop::collection::vec(1..40_usize, 1..20)) {
        let (service, recorded) = RECORDED[which];
        let mut parts = Vec::new();
        let mut rest = recorded;
        for size in sizes.iter().cycle() {
            let (part, after) = rest.split_at((*size).min(rest.len()));
            parts.push(part);
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(read(service, parts), Ok(ANSWER.to_owned()));
    }

    #[test]
    fn garbage_is_an_error_or_a_text(
        which in 0..3_usize, at in any::<prop::sample::Index>(), garbage in any::<Vec<u8>>(), alone in any::<bool>(),
    ) {
        let (service, recorded) = RECORDED[which];
        if alone {
            prop_assert!(read(service, [garbage.as_slice()]).is_err());
        } else {
            let (before, after) = recorded.split_at(at.index(recorded.len()));
            let _ = read(service, [before, garbage.as_slice(), after]);
        }
    }
}
