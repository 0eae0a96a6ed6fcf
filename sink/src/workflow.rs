//! Commands of GitHub Actions that this program means: `::error file=a.tagpol,title=x::message`.

use crate::log;
use crate::terminal;

/// Returns a text, possibly of several lines, as the message of a command.
pub fn message(text: &str) -> String {
    // Another runner that reads the log would search the line for commands of its own.
    let text = log::escape(&terminal::lines(text), r"\u{23}", ":").into_owned();
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Returns a text as a property of a command.
pub fn property(text: &str) -> String {
    message(&terminal::line(text)).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::log::tests::{commands, hostile};

    #[test]
    fn no_text_becomes_a_command() {
        assert_eq!(message("a\n::error::b"), "a%0A::error::b");
        assert_eq!(message("100% ##vso[x]"), r"100%25 #\u{23}vso[x]");
        assert_eq!(property("a,line=1:2%0A"), "a%2Cline=1%3A2%250A");
    }

    proptest! {
        #[test]
        fn there_is_one_command(file in hostile(), text in hostile()) {
            let line = format!("::error file={},title={0}::{}\n", property(&file), message(&text));
            prop_assert_eq!(line.lines().count(), 1);
            // The first of the two that end the command.
            let (properties, said) = line.strip_prefix("::").unwrap().split_once("::").unwrap();
            prop_assert_eq!(properties.matches(',').count(), 1);
            prop_assert_eq!(said.trim_end_matches('\n'), message(&text));
            prop_assert_eq!(commands(line.strip_prefix(':').unwrap()), Vec::<String>::new(), "nothing but the command itself");
        }
    }
}
