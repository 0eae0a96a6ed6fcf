//! The dashboard as files of the program: what `npm run build` made of this folder when the program was built.
//!
//! In: the path of an address, and a nonce for each page. Out: files with their media types. Knows no HTTP.

/// A file of the dashboard.
#[derive(Debug, Clone, Copy)]
pub struct File {
    /// Its path in addresses, such as `/assets/index-4fca.js`.
    pub path: &'static str,
    /// Its bytes.
    pub bytes: &'static [u8],
    /// Its bytes compressed by gzip. None: that would not be smaller.
    pub gzip: Option<&'static [u8]>,
}

const FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// The text in the page that each response replaces by a nonce of its own.
const NONCE: &str = "__CSP_NONCE__";

impl File {
    /// Returns its media type.
    pub fn media_type(&self) -> &'static str {
        match self.path.rsplit_once('.').map(|(_, extension)| extension) {
            Some("html") => "text/html; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("svg") => "image/svg+xml",
            Some("png") => "image/png",
            Some("webmanifest") => "application/manifest+json",
            _ => "application/octet-stream",
        }
    }

    /// Whether its name changes with its content, so that browsers may keep it for good.
    pub fn is_immutable(&self) -> bool {
        self.path.starts_with("/assets/")
    }
}

/// Whether the program was built with the dashboard.
pub fn is_included() -> bool {
    file("/index.html").is_some()
}

/// Returns the file of a path. None: it is not a file, but may be an address within the dashboard, see [`page`].
pub fn file(path: &str) -> Option<File> {
    FILES.iter().find(|file| file.path == path).copied()
}

/// Returns the page of every address within the dashboard, with a nonce for styles. None: the program was built without the
/// dashboard.
pub fn page(nonce: &str) -> Option<String> {
    let page = std::str::from_utf8(file("/index.html")?.bytes).ok()?;
    Some(page.replace(NONCE, nonce))
}

/// Returns the `Content-Security-Policy` of a page with a nonce.
pub fn content_security_policy(nonce: &str) -> String {
    format!(
        "default-src 'self'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self'; base-uri 'none'; \
         form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_the_nonce_everywhere_and_nothing_inline() {
        let Some(page) = page("n0nce") else {
            assert!(FILES.is_empty(), "files without a page");
            return;
        };
        assert!(!page.contains(NONCE) && page.contains("property=\"csp-nonce\" nonce=\"n0nce\""), "{page}");
        for script in page.split("<script").skip(1) {
            let (head, rest) = script.split_once('>').unwrap();
            assert!(head.contains("src=\"/") && rest.starts_with("</script>"), "{script}");
        }
        assert!(!page.contains("<style") && !page.contains(" style=") && !page.contains(" on"), "{page}");
    }

    #[test]
    fn what_the_page_refers_to_is_there() {
        let page = page("n").unwrap_or_default();
        for reference in page.split(['"']).filter(|part| part.starts_with('/') && part.contains('.')) {
            let file = file(reference).unwrap_or_else(|| panic!("{reference} is missing"));
            assert_ne!(file.media_type(), "application/octet-stream", "{reference}");
            assert!(file.gzip.is_none_or(|gzip| gzip.len() < file.bytes.len()), "{reference}");
        }
    }

    #[test]
    fn other_paths_are_no_files() {
        for path in ["", "/", "/assets", "/../Cargo.toml", "/assets/../index.html", "/.vite/manifest.json"] {
            assert!(file(path).is_none(), "{path}");
        }
    }
}
