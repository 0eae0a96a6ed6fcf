//! Standard output and standard error, with or without colours.

use std::fmt;
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::Path;

use anstream::AutoStream;
use anstyle::{AnsiColor, Effects, Style};
use clap::ColorChoice;
use tagpol_sink::log;
use tagpol_sink::terminal::{self, lines};

use crate::failure::Failure;
use crate::files::write_whole;

/// Where commands write.
pub(crate) struct Output {
    out: AutoStream<io::Stdout>,
    err: AutoStream<io::Stderr>,
}

impl Output {
    pub(crate) fn new(color: ColorChoice) -> Self {
        let choice = match color {
            ColorChoice::Auto => anstream::ColorChoice::Auto,
            ColorChoice::Always => anstream::ColorChoice::Always,
            ColorChoice::Never => anstream::ColorChoice::Never,
        };
        Self { out: AutoStream::new(io::stdout(), choice), err: AutoStream::new(io::stderr(), choice) }
    }

    /// Whether standard output shows colours.
    pub(crate) fn out_has_color(&self) -> bool {
        self.out.current_choice() != anstream::ColorChoice::Never
    }

    /// Whether standard error shows colours.
    pub(crate) fn err_has_color(&self) -> bool {
        self.err.current_choice() != anstream::ColorChoice::Never
    }

    /// Whether standard output is a terminal.
    pub(crate) fn out_is_terminal(&self) -> bool {
        io::stdout().is_terminal()
    }

    /// Whether a person watches standard error.
    pub(crate) fn is_watched(&self) -> bool {
        io::stderr().is_terminal()
    }

    /// Empties the terminal, where there is one.
    pub(crate) fn clear(&mut self) {
        if io::stdout().is_terminal() {
            let _ = self.out.write_all(b"\x1b[2J\x1b[H").and_then(|()| self.out.flush());
        }
    }

    /// Columns of the terminal; a usual number where there is none.
    pub(crate) fn width(&self) -> u16 {
        terminal_size::terminal_size().map_or(120, |(terminal_size::Width(width), _)| width.clamp(60, 200))
    }

    /// Writes a result for people, of which nothing steers a terminal or commands the runner of a CI job. A
    /// reader that has seen enough (`tagpol … | head`) is no failure, and does not change how the command ends.
    pub(crate) fn print(&mut self, text: &str) -> Result<(), Failure> {
        self.write(&plain(text))
    }

    /// Writes a result for people in colors of this program, in which foreign texts are clean already.
    pub(crate) fn print_styled(&mut self, text: &str) -> Result<(), Failure> {
        self.write(&styled(text))
    }

    /// Prints a result for people in colors of this program, or writes it to a file without them.
    pub(crate) fn deliver(&mut self, text: &str, path: Option<&Path>) -> Result<(), Failure> {
        match path {
            None => self.print_styled(text),
            Some(path) => write_whole(path, &for_file(text)),
        }
    }

    fn write(&mut self, text: &str) -> Result<(), Failure> {
        written(self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()))
    }

    /// Writes byte for byte: a document, whose format has escaped what is foreign in it, or a text of the
    /// user's that is to be the same.
    pub(crate) fn print_exactly(&mut self, text: impl AsRef<[u8]>) -> Result<(), Failure> {
        let mut out = io::stdout();
        written(out.write_all(text.as_ref()).and_then(|()| out.flush()))
    }

    /// Writes a document byte for byte while it is made: it can be larger than memory has room for.
    pub(crate) fn print_as_made(
        &mut self,
        make: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>,
    ) -> Result<(), Failure> {
        let mut out = BufWriter::with_capacity(1 << 16, io::stdout());
        written(make(&mut out).and_then(|()| out.flush()))
    }

    /// Writes something beside the result, of which nothing steers a terminal or commands the runner of a CI
    /// job. Where standard error is closed nobody wants it.
    pub(crate) fn note(&mut self, text: &str) {
        self.write_note(&plain(text));
    }

    /// Writes something beside the result in colors of this program, in which foreign texts are clean already.
    pub(crate) fn note_styled(&mut self, text: &str) {
        self.write_note(&styled(text));
    }

    fn write_note(&mut self, text: &str) {
        let _ = self.err.write_all(text.as_bytes());
        let _ = self.err.flush();
    }

    /// Shows why a command ended.
    pub(crate) fn failure(&mut self, failure: &Failure) {
        if failure.message.is_empty() {
            return;
        }
        let red = AnsiColor::Red.on_default().effects(Effects::BOLD);
        let blue = AnsiColor::Blue.on_default();
        let bold = Style::new().effects(Effects::BOLD);
        let mut text = format!("{red}error{red:#}{bold}: {}{bold:#}\n", lines(&failure.message));
        if let Some(place) = &failure.place {
            text.push_str(&format!("  {blue}-->{blue:#} {}\n", lines(place)));
        }
        if let Some(help) = &failure.help {
            text.push_str(&format!("  {blue}help{blue:#}: {}\n", lines(help)));
        }
        self.note_styled(&text);
    }
}

fn plain(text: &str) -> String {
    log::text(&lines(text)).into_owned()
}

fn styled(text: &str) -> String {
    log::text(&terminal::styled(text)).into_owned()
}

/// Returns a result for people in colors of this program as a file holds it: without them.
pub(crate) fn for_file(text: &str) -> String {
    log::text(&terminal::unstyled(text)).into_owned()
}

fn written(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::engine(format!("cannot write the output: {error}")))
        }
        _ => Ok(()),
    }
}

/// A number with its noun: `1 file`, `2 files`.
pub(crate) fn counted<N: fmt::Display + PartialEq + From<u8>>(number: N, one: &str, many: &str) -> String {
    format!("{number} {}", if number == N::from(1) { one } else { many })
}
