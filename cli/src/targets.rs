//! Where the reports of `eval` go: any number of files, and standard output once.

use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use tagpol_report::{Format, Report};

use crate::failure::Failure;
use crate::files::write_whole_with;
use crate::output::{Output, for_file};

/// What `--output` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// A format, to standard output.
    Out(Format),
    /// A format, to a file.
    File(Format, PathBuf),
    /// A file whose format is told elsewhere.
    Bare(PathBuf),
}

impl Target {
    /// Reads `FORMAT`, `FORMAT=FILE` or `FILE`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if let Some(format) = Format::parse(text) {
            return Ok(Self::Out(format));
        }
        match text.split_once('=') {
            Some((format, "")) if Format::parse(format).is_some() => {
                Err(format!("name the file: `{format}=FILE`"))
            }
            Some((name, file)) if is_word(name) => Format::parse(name)
                .map(|format| Self::File(format, file.into()))
                .ok_or_else(|| no_format(name)),
            _ if text.is_empty() => Err("name a format, or a file".to_owned()),
            _ => Ok(Self::Bare(text.into())),
        }
    }
}

/// Whether a text could be meant as the name of a format; `./a=b` is a file.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Says that there is no such format.
pub(crate) fn no_format(name: &str) -> String {
    let names = Format::ALL.map(Format::as_str);
    match tagpol_syntax::similar::closest(name, names) {
        Some(close) => format!("there is no format `{name}`; did you mean `{close}`?"),
        None => format!("there is no format `{name}`; there are {}", names.join(", ")),
    }
}

/// What is written, and where.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Targets {
    /// The report on standard output.
    pub(crate) out: Option<Format>,
    /// The files, in the order they were named in.
    pub(crate) files: Vec<(Format, PathBuf)>,
}

impl Targets {
    /// Makes sense of `--format` and `--output` together: `--format` is that of a file that tells none,
    /// else that of standard output.
    pub(crate) fn new(format: Option<Format>, targets: &[Target]) -> Result<Self, Failure> {
        let has_bare = targets.iter().any(|target| matches!(target, Target::Bare(_)));
        let mut outs: Vec<Format> = format.filter(|_| !has_bare).into_iter().collect();
        let mut files: Vec<(Format, PathBuf)> = Vec::new();
        for target in targets {
            match target {
                Target::Out(format) => outs.push(*format),
                Target::File(format, path) => files.push((*format, path.clone())),
                Target::Bare(path) => files.push((format_of(format, path)?, path.clone())),
            }
        }
        if let [first, second, ..] = outs.as_slice() {
            let (first, second) = (first.as_str(), second.as_str());
            return Err(Failure::usage(format!("both `{first}` and `{second}` go to standard output"))
                .help(format!("name a file for one of them: `-o {second}=FILE`")));
        }
        if let Some(path) = twice(&files) {
            return Err(Failure::usage(format!("two reports go to `{}`", path.display())));
        }
        let out = outs.pop().or_else(|| files.is_empty().then_some(Format::Table));
        Ok(Self { out, files })
    }

    /// Returns all formats.
    pub(crate) fn formats(&self) -> impl Iterator<Item = Format> {
        self.out.into_iter().chain(self.files.iter().map(|(format, _)| *format))
    }

    /// Writes the reports, each file whole or not at all.
    pub(crate) fn write(&self, report: &Report<'_>, output: &mut Output) -> Result<(), Failure> {
        for (format, path) in &self.files {
            write_whole_with(path, |file| {
                let mut out = BufWriter::new(file);
                let plain = tagpol_report::Style { color: false, ..report.style };
                let report = Report { style: plain, ..*report };
                match format {
                    Format::Table => out.write_all(for_file(&tagpol_report::table(&report)).as_bytes())?,
                    format => report.write(*format, &mut out)?,
                }
                out.flush()
            })?;
        }
        let Some(format) = self.out else { return Ok(()) };
        if format.is_binary() && output.out_is_terminal() {
            return Err(Failure::usage(format!("`{}` is no text for a terminal", format.as_str()))
                .help(format!("name a file: `-o {0}=report.{0}`", format.as_str())));
        }
        let mut bytes = Vec::new();
        report.write(format, &mut bytes).map_err(|error| Failure::engine(error.to_string()))?;
        match String::from_utf8(bytes) {
            // The only one with colours, which the terminal may not want.
            Ok(text) if format == Format::Table => output.print_styled(&text),
            Ok(text) => output.print_exactly(text),
            Err(error) => output.print_exactly(error.into_bytes()),
        }
    }
}

fn format_of(format: Option<Format>, path: &Path) -> Result<Format, Failure> {
    format.or_else(|| Format::of_file(path)).ok_or_else(|| {
        Failure::usage(format!("the format of `{}` is not known", path.display()))
            .help(format!("say it: `-o html={}`", path.display()))
    })
}

fn twice(files: &[(Format, PathBuf)]) -> Option<&PathBuf> {
    let again =
        |(at, (_, path)): (usize, &(Format, PathBuf))| files.iter().skip(at + 1).any(|(_, p)| p == path);
    files.iter().enumerate().find(|(at, file)| again((*at, file))).map(|(_, (_, path))| path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(format: Option<Format>, outputs: &[&str]) -> Result<Targets, String> {
        let outputs: Result<Vec<Target>, String> = outputs.iter().map(|text| Target::parse(text)).collect();
        Targets::new(format, &outputs?).map_err(|failure| failure.message)
    }

    fn of(out: Option<Format>, files: &[(Format, &str)]) -> Result<Targets, String> {
        Ok(Targets { out, files: files.iter().map(|(format, path)| (*format, path.into())).collect() })
    }

    #[test]
    fn formats_and_files() {
        assert_eq!(targets(None, &[]), of(Some(Format::Table), &[]));
        assert_eq!(targets(Some(Format::Json), &[]), of(Some(Format::Json), &[]));
        assert_eq!(targets(None, &["sarif"]), of(Some(Format::Sarif), &[]));
        assert_eq!(
            targets(Some(Format::Table), &["sarif=a.sarif", "html=b=c.html"]),
            of(Some(Format::Table), &[(Format::Sarif, "a.sarif"), (Format::Html, "b=c.html")])
        );
        assert_eq!(targets(Some(Format::Json), &["a.txt"]), of(None, &[(Format::Json, "a.txt")]));
        assert_eq!(targets(None, &["a.html", "table"]), of(Some(Format::Table), &[(Format::Html, "a.html")]));
        assert_eq!(targets(None, &["./x=y.csv"]), of(None, &[(Format::Csv, "./x=y.csv")]));
    }

    #[test]
    fn what_cannot_be_meant_is_told() {
        let wrong = |outputs: &[&str]| targets(None, outputs).unwrap_err();
        assert_eq!(wrong(&["json", "csv"]), "both `json` and `csv` go to standard output");
        assert_eq!(wrong(&["sariff=x"]), "there is no format `sariff`; did you mean `sarif`?");
        assert_eq!(wrong(&["json="]), "name the file: `json=FILE`");
        assert_eq!(wrong(&["report"]), "the format of `report` is not known");
        assert_eq!(wrong(&["json=a", "csv=a"]), "two reports go to `a`");
    }
}
