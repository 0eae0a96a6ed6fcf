//! What is wrong in a file, as an editor shows it.

use tagpol_sema::{Code, Db, Level, Project, SourceFile, file_errors, file_lints};
use tagpol_syntax::TextRange;

use crate::place::{Edit, Place};

/// Something that is wrong, or probably is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The kind of mistake; [`Code::page`] says more of it.
    pub code: Code,
    /// How bad it is.
    pub level: Level,
    /// The bytes that it is about. What lacks is told at the character before.
    pub range: TextRange,
    /// What is wrong, and what to do, in one or more lines.
    pub message: String,
    /// Other places that belong to it.
    pub related: Vec<Related>,
    /// How its text is shown.
    pub tag: Option<DiagnosticTag>,
    /// What fixes it.
    pub fix: Option<Fix>,
}

/// Another place that a diagnostic refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// Where.
    pub place: Place,
    /// What it has to do with it.
    pub message: String,
}

/// How the text of a diagnostic is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiagnosticTag {
    /// It could be left out: shown faded.
    Unnecessary,
    /// It counts no longer: shown struck through.
    Deprecated,
}

/// An edit of the diagnostic's file that fixes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as a menu shows it.
    pub title: String,
    /// The edit.
    pub edit: Edit,
}

/// Returns what is wrong in a file and what lints find there, ordered by position.
pub fn diagnostics(db: &dyn Db, project: Project, file: SourceFile) -> Vec<Diagnostic> {
    let found = file_errors(db, project, file).iter().chain(file_lints(db, project, file));
    let mut all: Vec<Diagnostic> = found.map(|diagnostic| shown(db, diagnostic)).collect();
    all.sort_by_key(|diagnostic| (diagnostic.range.start(), diagnostic.range.end(), diagnostic.code));
    all
}

fn shown(db: &dyn Db, found: &tagpol_sema::Diagnostic) -> Diagnostic {
    let related = found.related.iter().map(|related| Related {
        place: Place { file: related.file, range: related.range },
        message: related.message.clone(),
    });
    Diagnostic {
        code: found.code,
        level: found.level(),
        range: visible(found.file.text(db), found.range),
        message: message(found),
        related: related.collect(),
        tag: tag(found.code),
        fix: found.fix.as_ref().map(|fix| Fix {
            title: title(found.file.text(db), fix),
            edit: Edit::replace(fix.range, fix.text.clone()),
        }),
    }
}

/// The message with what stands under the place and what to do. Editors show them in one box.
fn message(found: &tagpol_sema::Diagnostic) -> String {
    let label = Some(&found.label).filter(|label| !label.is_empty());
    let lines = [Some(&found.message), label, found.help.as_ref()];
    lines.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join("\n")
}

/// An empty range shows nothing, so the character before it is taken.
fn visible(text: &str, range: TextRange) -> TextRange {
    if !range.is_empty() {
        return range;
    }
    let before = text.get(..usize::from(range.start())).unwrap_or_default();
    match before.chars().next_back() {
        Some(c) if c != '\n' => TextRange::new(range.start() - tagpol_syntax::TextSize::of(c), range.start()),
        _ => range,
    }
}

fn tag(code: Code) -> Option<DiagnosticTag> {
    match code {
        Code::L0009 | Code::L0012 | Code::L0017 | Code::L0018 | Code::L0019 | Code::L0022 => {
            Some(DiagnosticTag::Unnecessary)
        }
        Code::L0011 => Some(DiagnosticTag::Deprecated),
        _ => None,
    }
}

/// What a fix does, in a few words.
fn title(text: &str, fix: &tagpol_sema::Fix) -> String {
    let old = text.get(std::ops::Range::from(fix.range)).unwrap_or_default();
    match (old.trim(), fix.text.trim()) {
        ("", new) => format!("insert `{new}`"),
        (old, "") => format!("remove `{}`", short(old)),
        (old, new) if old.contains('\n') || new.contains('\n') => "fix this".to_owned(),
        (old, new) => format!("replace `{}` with `{}`", short(old), short(new)),
    }
}

/// At most 40 characters of a text.
fn short(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
