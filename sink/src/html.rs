//! HTML, in content and in attributes in double quotes.

use crate::log;
use crate::terminal;

/// Returns a foreign text in which nothing is markup, in one line.
pub fn line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in terminal::line(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    log::escape(&out, "&#35;", "&#58;").into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::log::tests::{commands, hostile};

    #[test]
    fn nothing_is_markup() {
        assert_eq!(line("<a b='c'>&\"\n"), "&lt;a b=&#39;c&#39;&gt;&amp;&quot;\u{fffd}");
        assert_eq!(line("::##[x]::"), "&#58;:#&#35;[x]::");
    }

    proptest! {
        #[test]
        fn a_page_shows_the_text(text in hostile()) {
            let (out, shown) = (line(&text), terminal::line(&text));
            prop_assert!(!out.contains(['<', '>', '"', '\'']));
            // An XML parser knows all of these references.
            let page = format!("<p title=\"{out}\">{out}</p>");
            let document = roxmltree::Document::parse(&page).unwrap();
            prop_assert_eq!(document.root_element().text().unwrap_or_default(), shown);
            prop_assert_eq!(commands(&out), Vec::<String>::new());
        }
    }
}
