//! The streams of the services, byte by byte as they come.

use serde_json::Value;

use crate::settings::Service;

/// Bytes of an answer.
const LONGEST_TEXT: usize = 256 << 10;

/// Bytes of a line of a stream, and of an answer that is not a stream.
const LONGEST_LINE: usize = 1 << 20;

/// Why a stream is not an answer. Contains nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// It ended early.
    #[error("its answer ended early")]
    Incomplete,
    /// The answer has more tokens than it may have.
    #[error("its answer is longer than it may be")]
    Truncated,
    /// More bytes than an answer has.
    #[error("its answer is too large")]
    TooLarge,
    /// The service reports an error in the stream.
    #[error("it reported an error while it answered")]
    Failed,
    /// Nothing of it is in the form of the service.
    #[error("its answer is not in the form of the service")]
    NotAStream,
}

/// Reads the stream of a service.
#[derive(Debug)]
pub struct StreamReader {
    service: Service,
    /// The beginning of a line.
    line: Vec<u8>,
    /// Lines that are not events, as long as there was no event: perhaps an answer that is not a stream.
    plain: Vec<u8>,
    has_events: bool,
    text: String,
    is_done: bool,
}

impl StreamReader {
    /// Begins to read.
    pub fn new(service: Service) -> Self {
        Self {
            service,
            line: Vec::new(),
            plain: Vec::new(),
            has_events: false,
            text: String::new(),
            is_done: false,
        }
    }

    /// Returns the text so far.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Reads more.
    ///
    /// # Errors
    /// [`StreamError`], and then there is nothing more to read.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), StreamError> {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(part);
            if self.line.len() > LONGEST_LINE {
                return Err(StreamError::TooLarge);
            }
            if part.ends_with(b"\n") {
                let line = std::mem::take(&mut self.line);
                self.read(&line)?;
            }
        }
        Ok(())
    }

    /// Returns the whole text at the end of the stream.
    ///
    /// # Errors
    /// [`StreamError`].
    pub fn finish(mut self) -> Result<String, StreamError> {
        let line = std::mem::take(&mut self.line);
        self.read(&line)?;
        if !self.has_events {
            return self.whole();
        }
        if self.is_done { Ok(self.text) } else { Err(StreamError::Incomplete) }
    }

    /// Reads a line.
    fn read(&mut self, line: &[u8]) -> Result<(), StreamError> {
        let data = match self.service {
            Service::Ollama => Some(line),
            Service::OpenAi | Service::Anthropic => line.strip_prefix(b"data:"),
        };
        let data = data.map(<[u8]>::trim_ascii).filter(|data| !data.is_empty());
        if data == Some(b"[DONE]".as_slice()) {
            (self.has_events, self.is_done) = (true, true);
            return Ok(());
        }
        let Some(event) = data.and_then(|data| serde_json::from_slice::<Value>(data).ok()) else {
            if !self.has_events && self.plain.len() + line.len() <= LONGEST_LINE {
                self.plain.extend_from_slice(line);
            }
            return Ok(());
        };
        self.has_events = true;
        self.event(&event)
    }

    fn event(&mut self, event: &Value) -> Result<(), StreamError> {
        if event.get("error").is_some_and(|error| !error.is_null()) {
            return Err(StreamError::Failed);
        }
        let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str);
        let (parts, end) = match self.service {
            Service::OpenAi => ([text("/choices/0/delta/content"), None], text("/choices/0/finish_reason")),
            Service::Anthropic => {
                let is_end = text("/type") == Some("message_stop");
                let end = text("/delta/stop_reason").or(is_end.then_some("message_stop"));
                ([text("/delta/text"), text("/delta/partial_json")], end)
            }
            Service::Ollama => {
                let is_end = event.get("done").and_then(Value::as_bool) == Some(true);
                ([text("/message/content"), None], is_end.then(|| text("/done_reason").unwrap_or("stop")))
            }
        };
        for part in parts.into_iter().flatten() {
            self.text.push_str(part);
        }
        if self.text.len() > LONGEST_TEXT {
            return Err(StreamError::TooLarge);
        }
        match end {
            Some("length" | "max_tokens") => Err(StreamError::Truncated),
            // Anthropic gives the reason before the end.
            Some(end) if self.service != Service::Anthropic || end == "message_stop" => {
                self.is_done = true;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Reads an answer of a server that does not stream.
    fn whole(self) -> Result<String, StreamError> {
        let answer: Value = serde_json::from_slice(&self.plain).map_err(|_| StreamError::NotAStream)?;
        let text = match self.service {
            Service::OpenAi => {
                answer.pointer("/choices/0/message/content").and_then(Value::as_str).map(str::to_owned)
            }
            Service::Anthropic => {
                let part = answer.pointer("/content/0");
                let input = part.and_then(|part| part.get("input")).map(Value::to_string);
                input.or_else(|| part?.get("text")?.as_str().map(str::to_owned))
            }
            Service::Ollama => None,
        };
        text.filter(|text| text.len() <= LONGEST_TEXT).ok_or(StreamError::NotAStream)
    }
}
