//! TLS: what clients of several kinds get, and certificates that are replaced while the server runs.
//!
//! The certificates in `certificates` are of nobody, and last a hundred years.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion};

use super::client::{Server, Shop};

/// Puts a certificate and its key into the project.
fn install(shop: &Shop, name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/serving/certificates");
    let copy = |from: String, to: &str| std::fs::copy(folder.join(from), shop.path().join(to)).unwrap();
    copy(format!("{name}.pem"), "cert.pem");
    copy(format!("{name}.key.pem"), "key.pem");
}

/// Sends a request as a client that knows one certificate; returns the response, or why there is none.
fn ask(
    server: &Server,
    certificate: &str,
    version: &'static SupportedProtocolVersion,
    request: &str,
) -> std::io::Result<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/serving/certificates").join(certificate);
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(&std::fs::read(path).unwrap()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let stream = TcpStream::connect(&server.address)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let mut stream = StreamOwned::new(connection, stream);
    stream.write_all(request.as_bytes())?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

const HEALTH: &str = "GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

#[test]
fn the_server_speaks_tls_1_3_with_the_newest_certificate() {
    let shop = Shop::new();
    install(&shop, "first");
    let server = shop.start(&["--tls-cert", "cert.pem", "--tls-key", "key.pem"]);
    let newest = &rustls::version::TLS13;
    // Clients that say nothing keep nobody waiting.
    let silent: Vec<TcpStream> = (0..20).map(|_| TcpStream::connect(&server.address).unwrap()).collect();
    let response = ask(&server, "first.pem", newest, HEALTH).unwrap();
    assert!(response.starts_with("HTTP/1.1 200"), "{response}");
    assert!(response.contains("strict-transport-security: max-age=31536000"), "{response}");
    drop(silent);
    assert!(ask(&server, "first.pem", &rustls::version::TLS12, HEALTH).is_err());
    assert!(ask(&server, "second.pem", newest, HEALTH).is_err());
    assert!(server.anonymous().try_send("GET", "/healthz", b"", &[]).is_none());

    let link = server.link.as_ref().unwrap();
    let body = format!("{{\"link\":\"{link}\"}}");
    let login = format!(
        "POST /api/v1/auth/login HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len(),
    );
    let response = ask(&server, "first.pem", newest, &login).unwrap();
    assert!(
        response.contains("set-cookie: __Host-tagpol-session=") && response.contains("; Secure"),
        "{response}"
    );

    // Files that cannot be used change nothing.
    std::fs::write(shop.path().join("cert.pem"), "no certificate").unwrap();
    wait_for(|| server.log().contains("\"level\":\"error\",\"message\":\"certificate read again\""), &server);
    assert!(ask(&server, "first.pem", newest, HEALTH).is_ok());
    install(&shop, "second");
    wait_for(|| ask(&server, "second.pem", newest, HEALTH).is_ok(), &server);
    assert!(ask(&server, "first.pem", newest, HEALTH).is_err());
}

/// Waits until something is so, with a request each time: files are looked at when somebody connects.
fn wait_for(is_so: impl Fn() -> bool, server: &Server) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(60), "{}", server.log());
        let _ = ask(server, "first.pem", &rustls::version::TLS13, HEALTH);
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_certificate_that_cannot_be_used_is_an_error_at_the_start() {
    let shop = Shop::new();
    let fails = |arguments: &[&str], variables: &[(&str, &str)]| {
        let all = [&["serve", ".", "--listen", "0.0.0.0:0"], arguments].concat();
        let output = shop.command(&all).envs(variables.iter().copied()).output().unwrap();
        assert!(!output.status.success(), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    install(&shop, "first");
    let error = fails(&["--tls-cert", "cert.pem"], &[]);
    assert!(error.contains("--tls-key"), "{error}");
    let error = fails(&["--tls-cert", "none.pem", "--tls-key", "key.pem"], &[]);
    assert!(error.contains("none.pem"), "{error}");
    let error = fails(&["--tls-cert", "cert.pem", "--tls-key", "cert.pem"], &[]);
    assert!(error.contains("cert.pem"), "{error}");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/serving/certificates");
    let other = folder.join("second.key.pem").display().to_string();
    let error = fails(&[], &[("TAGPOL_TLS_CERT", "cert.pem"), ("TAGPOL_TLS_KEY", &other)]);
    assert!(error.contains("the certificate in `cert.pem` cannot be used"), "{error}");
    let doctor = ["serve", "doctor", ".", "--listen", "127.0.0.1:0", "--tls-cert", "cert.pem", "--tls-key"];
    let examined = shop.command(&[&doctor[..], &["key.pem"]].concat()).output().unwrap();
    let text = String::from_utf8(examined.stdout).unwrap();
    assert!(text.contains("ok: certificate: "), "{text}");
}
