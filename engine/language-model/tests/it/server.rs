//! A server that answers as a script says, and keeps the requests.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use serde_json::Value;

/// A request that came.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) head: String,
    pub(crate) body: Value,
}

/// What to answer: a status with headers, and the body. None: nothing, for as long as the connection is there.
pub(crate) type Answer = Option<(&'static str, Vec<u8>)>;

pub(crate) struct Server {
    pub(crate) address: String,
    pub(crate) received: Arc<Mutex<Vec<Received>>>,
}

impl Server {
    /// Answers requests in the order of the script, and from its end on as the last.
    pub(crate) fn start(script: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let received = Arc::new(Mutex::new(Vec::new()));
        let requests = Arc::clone(&received);
        // Ends with the process of the test.
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let Ok(mut stream) = stream else { continue };
                let Some(request) = read(&mut stream) else { continue };
                requests.lock().unwrap().push(request);
                match &script[number.min(script.len() - 1)] {
                    Some((status, body)) => {
                        let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\n\r\n");
                        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
                    }
                    None => drop(std::thread::spawn(move || {
                        let _ = stream.read_to_end(&mut Vec::new());
                    })),
                }
            }
        });
        Self { address, received }
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

fn read(stream: &mut std::net::TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    let head_end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        match stream.read(&mut buffer) {
            Ok(length) if length > 0 => bytes.extend_from_slice(&buffer[..length]),
            _ => return None,
        }
    };
    let head = String::from_utf8(bytes[..head_end].to_vec()).unwrap().to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
    while bytes.len() < head_end + length {
        match stream.read(&mut buffer) {
            Ok(length) if length > 0 => bytes.extend_from_slice(&buffer[..length]),
            _ => return None,
        }
    }
    Some(Received { head, body: serde_json::from_slice(&bytes[head_end..]).unwrap_or_default() })
}
