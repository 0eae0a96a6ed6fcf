//! Viewers of SARIF, which make links of `[text](target)` in messages, and open URIs.

use crate::terminal;

/// Returns a text as a plain message: `[`, `]` and `\` are escaped, so nothing in it becomes a link.
pub fn message(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in terminal::line(text).chars() {
        if matches!(c, '[' | ']' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Returns a text as a part of a URI: all but letters, digits, `-._~` and `/` by the numbers of their bytes.
pub fn uri_part(text: &str) -> String {
    let mut part = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            true => part.push(char::from(byte)),
            false => part.push_str(&format!("%{byte:02X}")),
        }
    }
    part
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::log::tests::hostile;

    #[test]
    fn no_value_becomes_a_link() {
        assert_eq!(message("[x](http://y) \\"), "\\[x\\](http://y) \\\\");
    }

    proptest! {
        #[test]
        fn brackets_are_escaped(text in hostile()) {
            let out = message(&text);
            let rest = out.replace("\\\\", "").replace("\\[", "").replace("\\]", "");
            prop_assert!(!rest.contains(['[', ']', '\\']), "{out}");
            let uri = uri_part(&text);
            prop_assert!(uri.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~/%".contains(&byte)));
        }
    }
}
