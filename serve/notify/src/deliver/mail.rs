//! Mail.

use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use tokio::net::TcpStream;
use tokio::time::timeout;

use tagpol_serve_outgoing::AddressPolicy;

use super::Delivery;
use crate::channel::{Email, Encryption};
use crate::message::Message;

const PATIENCE: Duration = Duration::from_secs(30);

pub(super) async fn send(email: &Email, message: &Message, policy: &AddressPolicy) -> Delivery {
    let mail = match email.mail(message) {
        Ok(mail) => mail,
        Err(reason) => return Delivery::failed(reason),
    };
    let transport = match transport(email, policy).await {
        Ok(transport) => transport,
        Err(end) => return end,
    };
    match transport.send(mail).await {
        Ok(_) => Delivery::Delivered { reference: None },
        Err(error) => verdict(&email.host, &error),
    }
}

/// Connects to an address that was looked up once and allowed; the certificate has to be that of the name.
async fn transport(
    email: &Email,
    policy: &AddressPolicy,
) -> Result<AsyncSmtpTransport<Tokio1Executor>, Delivery> {
    let port = email.port.unwrap_or(match email.encryption {
        Encryption::Tls => 465,
        Encryption::StartTls => 587,
        Encryption::None => 25,
    });
    let addresses = policy.resolve(&email.host, port).await.map_err(|error| {
        if error.kind() == std::io::ErrorKind::PermissionDenied {
            Delivery::failed(error.to_string())
        } else {
            Delivery::later(format!("the mail server `{}` is not found: {error}", email.host))
        }
    })?;
    // The first one that answers: the transport knows one address only.
    let address = match timeout(PATIENCE, TcpStream::connect(addresses.as_slice())).await {
        Ok(Ok(stream)) => stream.peer_addr().map(|address| address.ip().to_string()),
        Ok(Err(error)) => Err(error),
        Err(_) => Err(std::io::ErrorKind::TimedOut.into()),
    }
    .map_err(|error| {
        Delivery::later(format!("the mail server `{}` cannot be reached: {error}", email.host))
    })?;
    let tls = match email.encryption {
        Encryption::Tls => Tls::Wrapper(parameters(email)?),
        Encryption::StartTls => Tls::Required(parameters(email)?),
        Encryption::None => Tls::None,
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(address)
        .port(port)
        .tls(tls)
        .timeout(Some(PATIENCE));
    if let Some(login) = &email.login {
        builder = builder.credentials(Credentials::new(login.user.clone(), login.password.clone()));
    }
    Ok(builder.build())
}

fn parameters(email: &Email) -> Result<TlsParameters, Delivery> {
    let wrong = |error: Error| Delivery::failed(format!("TLS to `{}` cannot be set up: {error}", email.host));
    let mut builder = TlsParameters::builder(email.host.clone());
    if let Some(pem) = &email.authority {
        builder = builder.add_root_certificate(Certificate::from_pem(pem.as_bytes()).map_err(wrong)?);
    }
    builder.build_rustls().map_err(wrong)
}

/// A server that refuses for now answers 4xx, and 5xx if it will always refuse.
fn verdict(host: &str, error: &Error) -> Delivery {
    let mut reason = format!("mail server `{host}`: {error}");
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        let text = error.to_string();
        if !reason.contains(&text) {
            reason = format!("{reason}: {text}");
        }
        source = error.source();
    }
    if error.is_permanent() || error.is_tls() { Delivery::failed(reason) } else { Delivery::later(reason) }
}
