//! `tagpol fmt`

use std::io::Read as _;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use anstyle::AnsiColor;
use tagpol_sema::LineIndex;
use tagpol_syntax::{Parse, TextRange, TextSize, parse};

use crate::args::FmtArgs;
use crate::diagnostics::harmless;
use crate::failure::{Exit, Failure};
use crate::output::{Output, counted};
use crate::project::{policy_files, read_text, shown};

/// Mistakes that are named for one file; `tagpol check` shows the rest.
const MAX_NAMED: usize = 3;

pub(crate) fn run(args: &FmtArgs, output: &mut Output) -> Result<Exit, Failure> {
    if args.paths == [Path::new("-")] {
        return standard_input(args, output);
    }
    if args.paths.iter().any(|path| path == Path::new("-")) {
        return Err(Failure::usage("`-` stands for standard input and goes with no other path"));
    }
    let files = find(&args.paths)?;
    if let (Some(_), 2..) = (&args.range, files.len()) {
        return Err(Failure::usage("`--range` applies to one file").help("specify the file"));
    }
    let mut counts = Counts::default();
    for path in &files {
        match file(path, args, output) {
            Ok(outcome) => counts.add(outcome),
            Err(failure) => {
                output.failure(&failure);
                counts.has_errors = true;
            }
        }
    }
    if !args.diff && counts.changed + counts.unchanged > 0 {
        output.print(&counts.summary(args.check))?;
    }
    Ok(counts.exit(args))
}

/// Returns the files at all paths, each once.
fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    if paths.is_empty() {
        return policy_files(None);
    }
    let mut files = Vec::new();
    for path in paths {
        files.extend(policy_files(Some(path))?);
    }
    files.sort();
    files.dedup();
    Ok(files)
}

/// What came of one text.
#[derive(Debug, Clone, Copy)]
struct Outcome {
    is_changed: bool,
    has_errors: bool,
}

#[derive(Debug, Default)]
struct Counts {
    changed: usize,
    unchanged: usize,
    has_errors: bool,
}

impl Counts {
    fn add(&mut self, outcome: Outcome) {
        let count = if outcome.is_changed { &mut self.changed } else { &mut self.unchanged };
        *count += 1;
        self.has_errors |= outcome.has_errors;
    }

    fn summary(&self, check: bool) -> String {
        let changed = counted(self.changed, "file", "files");
        let unchanged = counted(self.unchanged, "file", "files");
        let changed = if check { format!("{changed} would change") } else { format!("{changed} formatted") };
        format!("{changed}, {unchanged} unchanged\n")
    }

    fn exit(&self, args: &FmtArgs) -> Exit {
        if self.has_errors {
            Exit::Usage
        } else if self.changed > 0 && (args.check || args.diff) {
            Exit::Findings
        } else {
            Exit::Success
        }
    }
}

fn file(path: &Path, args: &FmtArgs, output: &mut Output) -> Result<Outcome, Failure> {
    let old = read_text(path)?;
    let name = shown(path);
    let (new, outcome) = formatted(&old, &name, args, output)?;
    if !outcome.is_changed {
        return Ok(outcome);
    }
    if args.diff {
        print_diff(&name, &old, &new, output)?;
    } else if args.check {
        output.print(&format!("would format {}\n", harmless(&name)))?;
    } else {
        tagpol_app::files::rewrite(path, &new)?;
        output.print(&format!("formatted {}\n", harmless(&name)))?;
    }
    Ok(outcome)
}

fn standard_input(args: &FmtArgs, output: &mut Output) -> Result<Exit, Failure> {
    const NAME: &str = "<stdin>";
    let mut bytes = Vec::new();
    std::io::stdin()
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::usage(format!("cannot read standard input: {error}")))?;
    let old = tagpol_app::settings::text(bytes, Path::new(NAME))?;
    let (new, outcome) = formatted(&old, NAME, args, output)?;
    if args.diff {
        print_diff(NAME, &old, &new, output)?;
    } else if !args.check {
        output.print_exactly(&new)?;
    }
    let mut counts = Counts::default();
    counts.add(outcome);
    Ok(counts.exit(args))
}

/// Formats a text, and warns of what could not be read.
fn formatted(
    old: &str,
    name: &str,
    args: &FmtArgs,
    output: &mut Output,
) -> Result<(String, Outcome), Failure> {
    let parse = parse(old);
    let new = match &args.range {
        Some(lines) => tagpol_fmt::apply(old, &tagpol_fmt::format_range(&parse, range_of_lines(old, lines)?)),
        None => tagpol_fmt::format(&parse),
    };
    warn(old, name, &parse, output);
    let outcome = Outcome { is_changed: new != old, has_errors: !parse.errors().is_empty() };
    Ok((new, outcome))
}

/// Returns the bytes of some lines, the first of which is line 1.
fn range_of_lines(text: &str, lines: &RangeInclusive<usize>) -> Result<TextRange, Failure> {
    let mut starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
    let Some(start) = starts.nth(lines.start() - 1).filter(|start| *start < text.len() || *start == 0) else {
        return Err(Failure::usage(format!("there is no line {}", lines.start()))
            .help(format!("the file has {}", counted(text.lines().count(), "line", "lines"))));
    };
    let next = starts.nth(lines.end() - lines.start());
    let end = next.map_or(text.len(), |next| next - 1);
    let size = |at: usize| TextSize::try_from(at).unwrap_or(TextSize::from(u32::MAX));
    Ok(TextRange::new(size(start), size(end)))
}

fn warn(text: &str, name: &str, parse: &Parse, output: &mut Output) {
    let errors = parse.errors();
    if errors.is_empty() {
        return;
    }
    let yellow = AnsiColor::Yellow.on_default();
    let index = LineIndex::new(text);
    let name = harmless(name);
    let mut warning = format!(
        "{yellow}warning{yellow:#}: `{name}` has {}; those parts were not formatted\n",
        counted(errors.len(), "syntax error", "syntax errors")
    );
    for error in errors.iter().take(MAX_NAMED) {
        let (line, column) = index.position(text, error.range.start());
        warning.push_str(&format!("  {name}:{line}:{column}: {}\n", harmless(&error.message)));
    }
    if errors.len() > MAX_NAMED {
        warning.push_str("  `tagpol check` shows the rest\n");
    }
    output.note_styled(&warning);
}

/// Prints a unified diff. It can be applied unless the text of the user has what could steer a terminal or
/// command the runner of a CI job: the lines around a change may come from a stranger.
fn print_diff(name: &str, old: &str, new: &str, output: &mut Output) -> Result<(), Failure> {
    let diff = similar::TextDiff::from_lines(old, new);
    let text = harmless(&diff.unified_diff().context_radius(3).header(name, name).to_string());
    if !output.out_has_color() {
        return output.print(&text);
    }
    let colored = text.split_inclusive('\n').map(|line| {
        let style = match line.chars().next() {
            Some('+') => AnsiColor::Green.on_default(),
            Some('-') => AnsiColor::Red.on_default(),
            Some('@') => AnsiColor::Cyan.on_default(),
            _ => anstyle::Style::new(),
        };
        let content = line.trim_end_matches(['\r', '\n']);
        let (line, end) = line.split_at(content.len());
        format!("{style}{line}{style:#}{end}")
    });
    output.print_styled(&colored.collect::<String>())
}
