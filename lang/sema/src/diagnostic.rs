//! Diagnostics as plain data. They are rendered at the edges only.

use tagpol_syntax::TextRange;

use crate::codes::Code;
use crate::db::SourceFile;
use crate::hir::{ItemKey, NodeId};

/// How bad a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// Nothing is evaluated.
    Error,
    /// Probably a mistake.
    Warning,
}

/// Something to tell the author, with its places in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// What kind of thing; each has a page of documentation.
    pub code: Code,
    pub(crate) level: Level,
    /// The file that it is about.
    pub file: SourceFile,
    /// The bytes that it is about; may be empty.
    pub range: TextRange,
    /// What is wrong, in one line.
    pub message: String,
    /// Words to stand under the range; may be empty.
    pub label: String,
    /// Other places that belong to it.
    pub related: Vec<Related>,
    /// What to do about it.
    pub help: Option<String>,
    /// An edit that fixes it.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// Returns how bad it is.
    pub fn level(&self) -> Level {
        self.level
    }
}

/// Another place that a diagnostic refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// Its file.
    pub file: SourceFile,
    /// Its bytes.
    pub range: TextRange,
    /// What it has to do with it.
    pub message: String,
}

/// A replacement of text in the file of the diagnostic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// The bytes to replace.
    pub range: TextRange,
    /// The new text.
    pub text: String,
}

/// A place that stays the same when text moves: a node of an item.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Anchor {
    /// The file.
    pub file: SourceFile,
    /// The item in it.
    pub key: ItemKey,
    /// The node in the item.
    pub node: NodeId,
}

/// A diagnostic whose places are not looked up yet, so that queries that make it need not re-run
/// when text moves.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Draft {
    pub(crate) code: Code,
    pub(crate) at: Anchor,
    pub(crate) message: String,
    pub(crate) label: String,
    pub(crate) related: Vec<(Anchor, String)>,
    pub(crate) help: Option<String>,
    pub(crate) fix: Option<(Anchor, String)>,
}

impl Draft {
    pub(crate) fn new(code: Code, at: Anchor, message: impl Into<String>) -> Self {
        Self {
            code,
            at,
            message: message.into(),
            label: String::new(),
            related: Vec::new(),
            help: None,
            fix: None,
        }
    }

    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn related(mut self, at: Anchor, message: impl Into<String>) -> Self {
        self.related.push((at, message.into()));
        self
    }

    /// Offers to replace the diagnostic's own place.
    pub(crate) fn fix(mut self, text: impl Into<String>) -> Self {
        self.fix = Some((self.at.clone(), text.into()));
        self
    }

    /// Offers to replace another place of the same item.
    pub(crate) fn fix_at(mut self, at: Anchor, text: impl Into<String>) -> Self {
        self.fix = Some((at, text.into()));
        self
    }

    /// Offers the word that was probably meant, if there is one.
    pub(crate) fn did_you_mean<'a>(self, word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Self {
        self.meant(tagpol_syntax::similar::closest(word, candidates))
    }

    /// Sets what to do about it where nothing better has been found.
    pub(crate) fn or_help(mut self, help: impl FnOnce() -> String) -> Self {
        self.help.get_or_insert_with(help);
        self
    }

    /// Offers a word in place of the one that the diagnostic is about.
    pub(crate) fn meant(self, word: Option<&str>) -> Self {
        match word {
            Some(word) => {
                let help = format!("did you mean `{word}`?");
                self.help(help).fix(word)
            }
            None => self,
        }
    }
}
