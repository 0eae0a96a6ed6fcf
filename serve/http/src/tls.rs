//! TLS 1.3 with a certificate and its key from files, which are read again when they change.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use axum::serve::Listener;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::settings::{Log, StartError};
use crate::timestamp::Timestamp;

/// How long a client may take to agree on keys.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Clients that agree on keys at the same time; more are sent away.
const HANDSHAKES: usize = 256;

/// How often it is checked whether the files have changed.
const CHECK: Duration = Duration::from_secs(1);

/// The files of a certificate, in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, and those that lead to the one that clients know.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// When a file was changed, and its length. None: it cannot be found.
type Stamp = Option<(SystemTime, u64)>;

impl TlsFiles {
    /// Reads both files.
    ///
    /// # Errors
    /// [`StartError::Tls`] if they cannot be read, or do not belong together.
    pub(crate) fn load(&self) -> Result<Arc<ServerConfig>, StartError> {
        let failed = |path: &Path, reason: String| StartError::Tls { path: path.to_owned(), reason };
        let read = |path: &Path| std::fs::read(path).map_err(|error| failed(path, error.to_string()));
        let certificates =
            CertificateDer::pem_slice_iter(&read(&self.certificate)?).collect::<Result<Vec<_>, _>>();
        let certificates = certificates.map_err(|error| failed(&self.certificate, error.to_string()))?;
        if certificates.is_empty() {
            return Err(failed(&self.certificate, "it has no certificate in PEM".to_owned()));
        }
        let key = PrivateKeyDer::from_pem_slice(&read(&self.key)?);
        let key = key.map_err(|error| failed(&self.key, error.to_string()))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(certificates, key));
        let mut config = config.map_err(|error| failed(&self.certificate, error.to_string()))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    fn stamps(&self) -> [Stamp; 2] {
        [&self.certificate, &self.key].map(|path| {
            let metadata = std::fs::metadata(path).ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        })
    }
}

/// The certificate that is used, and what is needed to notice another one.
struct Certificate {
    files: TlsFiles,
    config: Arc<ServerConfig>,
    stamps: [Stamp; 2],
    checked: Instant,
    log: Log,
}

impl Certificate {
    /// Returns the certificate of now. If new files cannot be used, the one before stays.
    fn current(&mut self) -> Arc<ServerConfig> {
        if self.checked.elapsed() >= CHECK {
            self.checked = Instant::now();
            let stamps = self.files.stamps();
            if stamps != self.stamps {
                self.stamps = stamps;
                let loaded = self.files.load();
                let error = loaded.as_ref().err().map(ToString::to_string);
                (self.log)(&json!({
                    "time": Timestamp(chrono::Utc::now()),
                    "level": if error.is_some() { "error" } else { "info" },
                    "message": "certificate read again",
                    "error": error,
                }));
                if let Ok(config) = loaded {
                    self.config = config;
                }
            }
        }
        Arc::clone(&self.config)
    }
}

/// Accepts connections with TLS. A client that is slow to agree on keys keeps no other one waiting.
pub(crate) struct TlsListener {
    tcp: TcpListener,
    certificate: Certificate,
    handshakes: Arc<Semaphore>,
    sender: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
    receiver: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
}

impl TlsListener {
    /// Reads the files.
    ///
    /// # Errors
    /// [`StartError::Tls`].
    pub(crate) fn new(tcp: TcpListener, files: TlsFiles, log: Log) -> Result<Self, StartError> {
        let (stamps, config) = (files.stamps(), files.load()?);
        let (sender, receiver) = mpsc::channel(1);
        let certificate = Certificate { files, config, stamps, checked: Instant::now(), log };
        Ok(Self { tcp, certificate, handshakes: Arc::new(Semaphore::new(HANDSHAKES)), sender, receiver })
    }

    fn shake_hands(&mut self, stream: TcpStream, address: SocketAddr) {
        let Ok(turn) = Arc::clone(&self.handshakes).try_acquire_owned() else { return };
        let acceptor = TlsAcceptor::from(self.certificate.current());
        let sender = self.sender.clone();
        tokio::spawn(async move {
            let _turn = turn;
            let accepted = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await;
            if let Ok(Ok(stream)) = accepted {
                // The server ends if nobody receives it.
                let _ = sender.send((stream, address)).await;
            }
        });
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            tokio::select! {
                Some(accepted) = self.receiver.recv() => return accepted,
                (stream, address) = Listener::accept(&mut self.tcp) => self.shake_hands(stream, address),
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.tcp.local_addr()
    }
}
