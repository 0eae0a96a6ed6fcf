//! Any receiver. Signed as Standard Webhooks 1.0 says: `HMAC-SHA256(secret, "<id>.<time>.<body>")`, so that the
//! receiver knows who sent it, and that it is not an old message sent again.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use ring::hmac;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;
use utoipa::ToSchema;

use super::{ChannelError, Request, https};
use crate::address;
use crate::message::Message;
use crate::rfc3339;

/// What every secret of Standard Webhooks begins with.
const PREFIX: &str = "whsec_";

/// A receiver of signed messages.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WebhookChannel)]
pub struct Webhook {
    /// Where messages go.
    #[serde(with = "address")]
    #[schema(value_type = String)]
    pub url: Url,
    /// The secret that both sides know: `whsec_` and 24 to 64 bytes in base64.
    pub secret: String,
}

impl Webhook {
    pub(super) fn check(&self) -> Result<(), ChannelError> {
        https(&self.url, "/url")?;
        key(&self.secret).map(|_| ())
    }

    /// Returns the request for a message, signed at `now`.
    ///
    /// # Errors
    /// If the secret is not one.
    pub(crate) fn request(&self, message: &Message, now: DateTime<Utc>) -> Result<Request, ChannelError> {
        signed(Request::post(self.url.clone(), &body(message)), &self.secret, &message.id, now)
    }
}

/// Signs a request.
pub(super) fn signed(
    request: Request,
    secret: &str,
    id: &str,
    now: DateTime<Utc>,
) -> Result<Request, ChannelError> {
    let signature = signature(&key(secret)?, id, now, &request.body);
    Ok(request
        .with("webhook-id", id.to_owned())
        .with("webhook-timestamp", now.timestamp().to_string())
        .with("webhook-signature", signature))
}

fn body(message: &Message) -> Value {
    json!({
        "type": match message.kind {
            crate::message::Kind::Findings => "findings.changed",
            crate::message::Kind::Escalation => "findings.escalated",
            crate::message::Kind::Report => "findings.reported",
            crate::message::Kind::Test => "channel.tested",
        },
        "timestamp": rfc3339::text(message.at),
        "data": message,
    })
}

fn key(secret: &str) -> Result<hmac::Key, ChannelError> {
    let wrong = || ChannelError {
        pointer: "/secret",
        message: format!("the secret has to be `{PREFIX}` and 24 to 64 bytes in base64"),
    };
    let bytes = STANDARD.decode(secret.strip_prefix(PREFIX).ok_or_else(wrong)?).map_err(|_| wrong())?;
    if !(24..=64).contains(&bytes.len()) {
        return Err(wrong());
    }
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
}

fn signature(key: &hmac::Key, id: &str, now: DateTime<Utc>, body: &[u8]) -> String {
    let mut context = hmac::Context::with_key(key);
    context.update(format!("{id}.{}.", now.timestamp()).as_bytes());
    context.update(body);
    format!("v1,{}", STANDARD.encode(context.sign()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example in the documentation of Standard Webhooks.
    #[test]
    fn the_example_of_the_standard_has_its_signature() {
        let key = key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let at = DateTime::from_timestamp(1_614_265_330, 0).unwrap();
        assert_eq!(
            signature(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, br#"{"test": 2432232314}"#),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }
}
