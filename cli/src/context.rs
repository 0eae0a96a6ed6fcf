//! The context of a command: its clock and limits, with progress and notices on standard error.

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;

use chrono::{DateTime, Utc};
use tagpol_app::evaluation::TakenOver;
use tagpol_app::inventory::{Progress, SourceCoverage, SourceNote};
use tagpol_app::{Notice, Observer};
use tagpol_sink::log;
use tagpol_sink::terminal::lines;

use crate::output::counted;
use crate::progress::{Bar, Steps};

/// The context that commands give to use cases.
pub(crate) type RunContext = tagpol_app::RunContext<'static>;

/// Returns the context of a command at the requested time, else now in whole seconds.
pub(crate) fn context(asked: Option<DateTime<Utc>>) -> RunContext {
    let context = RunContext::at(crate::commands::clock(asked), &StandardError);
    RunContext { cancel: crate::interrupt::token(), ..context }
}

/// Shows progress, while a person watches, and notices.
struct StandardError;

impl Observer for StandardError {
    fn import_progress(&self) -> Box<dyn FnMut(&Progress<'_>) + '_> {
        let mut bar = Bar::new(std::io::stderr().is_terminal());
        Box::new(move |progress| bar.update(progress))
    }

    fn prediction_progress(&self) -> Box<dyn FnMut(u64) + '_> {
        let steps = Steps::new(std::io::stderr().is_terminal(), "predicting missing tags");
        Box::new(move |resources| steps.tell(&format!("{resources} resources")))
    }

    fn notice(&self, notice: Notice) {
        let text = match notice {
            Notice::PolicyWarnings(count) => {
                format!("{}; see `tagpol check`\n", counted(count, "warning", "warnings"))
            }
            Notice::UnusedManifest(manifest) => unused_manifest(&manifest),
            Notice::IncompleteSource(gap) => format!("warning: {gap}; {}\n", gap.advice()),
            Notice::MoreIncompleteSources(more) => {
                format!(
                    "warning: {}\n",
                    counted(more, "more file is incomplete", "more files are incomplete")
                )
            }
            Notice::PartialCoverage(source) => partial_coverage(&source),
            Notice::MorePartialCoverage(more) => {
                let more = counted(more, "more listing is", "more listings are");
                format!("warning: {more} not whole; see `tagpol snapshot show`\n")
            }
            Notice::SourceNote(note) => source_note(&note),
            Notice::MoreSourceNotes(more) => {
                let more = counted(more, "more note", "more notes");
                format!("note: {more} on the files; a snapshot keeps all of them in its `rejects.ndjson`\n")
            }
            Notice::StalePlanResumed(reason) => {
                format!("warning: {reason}; it is applied to its end because it was started before that\n")
            }
            Notice::PlanGivenUp => {
                "warning: applying the plan was interrupted; it is given up, and can only be undone \
                                    from now on\n"
                    .to_owned()
            }
            Notice::EarlierState { taken, store } => earlier_state(&taken, &store),
        };
        // Standard error may be closed.
        let _ = std::io::stderr().write_all(log::text(&lines(&text)).as_bytes());
    }
}

fn unused_manifest(manifest: &Path) -> String {
    let project = manifest.parent().unwrap_or(manifest).display();
    format!(
        "warning: the settings in `{}` are not used here; name that project, as in `tagpol eval {project}`\n",
        manifest.display()
    )
}

/// What a source did not list, and what to do about it.
pub(crate) fn partial_coverage(source: &SourceCoverage) -> String {
    let help = source.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
    format!("warning: {source}{help}\n")
}

fn source_note(note: &SourceNote) -> String {
    let SourceNote { file, field, reason } = note;
    let field = if field.is_empty() { String::new() } else { format!(" `{field}`:") };
    format!("note: {file}:{field} {reason}\n")
}

fn earlier_state(taken: &TakenOver, store: &str) -> String {
    match taken {
        TakenOver::Done { from, kept_as, decisions, runs } => format!(
            "note: the state in `{}` ({decisions} decisions, {runs} runs) is now in `{store}`; the old file is kept \
             as `{}`\n",
            from.display(),
            kept_as.display()
        ),
        TakenOver::LeftAlone { from } => format!(
            "warning: `{}` of an earlier version was not imported, because `{store}` is in use already; move the old \
             file away if it is not needed\n",
            from.display()
        ),
    }
}
