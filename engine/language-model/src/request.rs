//! Questions in the forms of the services.

use serde_json::{Value, json};
use tagpol_serve_outgoing::Request;
use url::Url;

use crate::settings::{Backend, Service};

/// A version of Anthropic's API.
const ANTHROPIC_VERSION: &str = "2023-06-01";

/// The name of what a model is to fill in.
const FORM: &str = "answer";

/// What a model is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// What its task is.
    pub system: String,
    /// What the task is about.
    pub user: String,
    /// The JSON schema of the answer.
    pub schema: Value,
    /// The most tokens that the answer may have.
    pub max_tokens: u32,
}

impl Question {
    /// Returns how many tokens it and its answer have at most: a token has three bytes or more in nearly all texts.
    pub fn tokens(&self) -> u64 {
        let bytes = self.system.len() + self.user.len();
        (bytes as u64) / 3 + 1 + u64::from(self.max_tokens)
    }
}

/// Returns the request for a question, whose answer is a stream. `with_schema` is false for servers that do not
/// know schemas.
pub(crate) fn request(backend: &Backend, question: &Question, with_schema: bool) -> Request {
    let messages = || {
        json!([
            {"role": "system", "content": question.system},
            {"role": "user", "content": question.user},
        ])
    };
    match backend.service {
        Service::OpenAi => {
            let mut body = json!({
                "model": backend.model,
                "messages": messages(),
                "max_tokens": question.max_tokens,
                "temperature": 0,
                "stream": true,
            });
            if with_schema {
                let schema = json!({"name": FORM, "schema": question.schema, "strict": true});
                add(&mut body, "response_format", json!({"type": "json_schema", "json_schema": schema}));
            }
            let request = Request::post(at(&backend.address, "chat/completions"), &body);
            match &backend.key {
                Some(key) => request.with("authorization", format!("Bearer {}", key.0)),
                None => request,
            }
        }
        Service::Anthropic => {
            let mut body = json!({
                "model": backend.model,
                "system": question.system,
                "messages": [{"role": "user", "content": question.user}],
                "max_tokens": question.max_tokens,
                "stream": true,
            });
            if with_schema {
                let tool =
                    json!({"name": FORM, "description": "The answer.", "input_schema": question.schema});
                add(&mut body, "tools", json!([tool]));
                add(&mut body, "tool_choice", json!({"type": "tool", "name": FORM}));
            }
            let request = Request::post(at(&backend.address, "v1/messages"), &body)
                .with("anthropic-version", ANTHROPIC_VERSION.to_owned());
            match &backend.key {
                Some(key) => request.with("x-api-key", key.0.clone()),
                None => request,
            }
        }
        Service::Ollama => {
            let options = json!({"num_predict": question.max_tokens, "temperature": 0});
            let mut body =
                json!({"model": backend.model, "messages": messages(), "stream": true, "options": options});
            if with_schema {
                add(&mut body, "format", question.schema.clone());
            }
            Request::post(at(&backend.address, "api/chat"), &body)
        }
    }
}

fn add(body: &mut Value, name: &str, value: Value) {
    if let Some(fields) = body.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
}

/// Returns an address with a path behind its own.
fn at(address: &Url, path: &str) -> Url {
    let mut url = address.clone();
    let own = address.path().trim_end_matches('/').to_owned();
    url.set_path(&format!("{own}/{path}"));
    url
}
