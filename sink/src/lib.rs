//! Foreign text on its way out: one module for each reader, and the only place that escapes for it.
//!
//! In: text that somebody else wrote (values of tags, names of resources, files and folders, policies, messages
//! of errors). Out: the same text in a form in which its reader cannot take it for anything but text. Assumes
//! that nothing changes the result afterwards: whoever shortens or strips does so before.
//!
//! | module | reader |
//! |---|---|
//! | [`terminal`] | a terminal: no escape sequence, no invisible or direction-changing character |
//! | [`log`] | the runner of a CI job, which executes commands that it finds in a log |
//! | [`csv`] | a spreadsheet, which evaluates formulas |
//! | [`json`] | a JSON parser, and the log that the document is printed to |
//! | [`xml`] | an XML parser, and the log |
//! | [`markdown`] | a Markdown renderer, and what code hosts make links of |
//! | [`html`] | a browser |
//! | [`policy`] | the parser of policies that are made from an inventory |
//! | [`workflow`] | GitHub Actions, for the commands that are meant as such |
//! | [`sarif`] | viewers of SARIF: messages with links, and URIs |
//!
//! Whatever is printed may end up in a log, so each module also applies the rules of [`log`]: where the format
//! has an escape for any character, the parsed value stays the same; elsewhere one character of a command is
//! written as `\u{23}` or `\u{3a}`, as a string of the language could have it.

pub mod csv;
pub mod html;
pub mod json;
pub mod log;
pub mod markdown;
pub mod policy;
pub mod sarif;
pub mod terminal;
pub mod workflow;
pub mod xml;
