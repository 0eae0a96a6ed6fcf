//! Mail by SMTP, as plain text and HTML.

use std::fmt::Write;

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use serde::{Deserialize, Serialize};
use tagpol_sink::html;
use utoipa::ToSchema;

use super::{ChannelError, filled};
use crate::message::{Message, inert, left_out, mark, plain_text, sentence, summary};

/// A mail server, and who writes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EmailChannel)]
pub struct Email {
    /// Name or address of the server.
    pub host: String,
    /// Its port. Null: 465 for TLS, 587 for STARTTLS, 25 without.
    #[serde(default)]
    pub port: Option<u16>,
    /// How the connection is protected.
    #[serde(default)]
    pub encryption: Encryption,
    /// Who signs in. Null: nobody has to.
    #[serde(default)]
    pub login: Option<Login>,
    /// Who writes: `tagpol <tagpol@example.com>`.
    pub from: String,
    /// Who receives what has no recipient of its own. Messages to owners go to the owners.
    #[serde(default)]
    pub to: Vec<String>,
    /// A certificate authority in addition to those of the system, as PEM.
    #[serde(default)]
    pub authority: Option<String>,
}

/// How a connection is protected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = MailEncryption)]
pub enum Encryption {
    /// TLS from the first byte.
    Tls,
    /// `STARTTLS`, which the server must know.
    #[default]
    StartTls,
    /// None. Refused together with a password, and to hosts that are not this machine.
    None,
}

/// Who signs in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MailLogin)]
pub struct Login {
    /// The user.
    pub user: String,
    /// The password.
    pub password: String,
}

impl Email {
    pub(super) fn check(&self) -> Result<(), ChannelError> {
        filled(&self.host, "/host", "the mail server")?;
        mailbox(&self.from).map_err(|message| ChannelError { pointer: "/from", message })?;
        for to in &self.to {
            mailbox(to).map_err(|message| ChannelError { pointer: "/to", message })?;
        }
        let here = matches!(self.host.as_str(), "localhost" | "127.0.0.1" | "::1");
        if self.encryption == Encryption::None && (self.login.is_some() || !here) {
            return Err(ChannelError {
                pointer: "/encryption",
                message: "without encryption anybody on the way can read the mail and the password: use `starttls` or \
                          `tls`"
                    .to_owned(),
            });
        }
        Ok(())
    }

    /// Returns the mail of a message.
    ///
    /// # Errors
    /// If it has no recipient, or an address is none; the text says which.
    pub(crate) fn mail(&self, message: &Message) -> Result<lettre::Message, String> {
        let recipients = match &message.to {
            Some(to) => std::slice::from_ref(to),
            None => self.to.as_slice(),
        };
        if recipients.is_empty() {
            return Err("the channel has no recipients: add some at `to`".to_owned());
        }
        let from = mailbox(&self.from)?;
        let host = from.email.domain().to_owned();
        let mut mail = lettre::Message::builder()
            .from(from)
            .subject(inert(&message.title, 200))
            .date(message.at.into())
            // The same at each attempt: mailboxes leave out the second one.
            .message_id(Some(format!("<{}@{host}>", super::digest(&message.id))))
            // All messages of a group are one conversation.
            .references(format!("<{}@{host}>", super::digest(&message.group)))
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ));
        for to in recipients {
            mail = mail.to(mailbox(to)?);
        }
        let parts = MultiPart::alternative()
            .singlepart(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(plain_text(message)))
            .singlepart(SinglePart::builder().header(ContentType::TEXT_HTML).body(page(message)));
        mail.multipart(parts).map_err(|error| format!("the mail cannot be written: {error}"))
    }
}

fn mailbox(text: &str) -> Result<Mailbox, String> {
    text.parse().map_err(|_| format!("`{}` is not an email address", inert(text, 120)))
}

fn page(message: &Message) -> String {
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\
         <body style=\"font:15px/1.5 system-ui,sans-serif;max-width:44em;margin:1.5em auto;padding:0 1em\">\
         <h1 style=\"font-size:1.2em\">{title}</h1><p>{summary}</p>",
        title = html::line(&inert(&message.title, 200)),
        summary = html::line(&summary(message)),
    );
    if !message.lines.is_empty() {
        page.push_str("<ul style=\"padding-left:1.2em\">");
        for line in &message.lines {
            let _ = write!(
                page,
                "<li style=\"margin:.3em 0\">{} <small style=\"color:#555\">{}</small></li>",
                html::line(&sentence(line)),
                html::line(&mark(line))
            );
        }
        page.push_str("</ul>");
    }
    if let Some(more) = left_out(message) {
        let _ = write!(page, "<p>{}</p>", html::line(&more));
    }
    if let Some(link) = &message.link {
        let _ = write!(page, "<p><a href=\"{}\">All findings</a></p>", html::line(link.as_str()));
    }
    page
}
