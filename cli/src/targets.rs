//! Where reports go: any number of files, and standard output once.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tagpol_app::advising::format::AdviceFormat;
use tagpol_app::report::Format;
use tagpol_app::report::cost::CostFormat;
use tagpol_app::report::virtual_tags::TagFormat;

use crate::failure::Failure;
use crate::files::write_whole_with;
use crate::output::{Output, for_file};

/// The formats of a command.
pub(crate) trait ReportFormat: Copy + PartialEq + 'static {
    /// All of them; the first is the usual one.
    const ALL: &'static [Self];

    /// Whether the first is for people, in colors.
    const IS_STYLED: bool = true;

    /// Returns its name.
    fn name(self) -> &'static str;

    /// Returns the format that a file of this name usually has.
    fn of_file(path: &Path) -> Option<Self>;

    /// Whether it is not text.
    fn is_binary(self) -> bool;
}

impl ReportFormat for Format {
    const ALL: &'static [Self] = &Self::ALL;

    fn name(self) -> &'static str {
        self.as_str()
    }

    fn of_file(path: &Path) -> Option<Self> {
        Self::of_file(path)
    }

    fn is_binary(self) -> bool {
        self.is_binary()
    }
}

impl ReportFormat for CostFormat {
    const ALL: &'static [Self] = &Self::ALL;

    fn name(self) -> &'static str {
        self.as_str()
    }

    fn of_file(path: &Path) -> Option<Self> {
        Self::of_file(path)
    }

    fn is_binary(self) -> bool {
        self == Self::Parquet
    }
}

impl ReportFormat for AdviceFormat {
    const ALL: &'static [Self] = &Self::ALL;

    fn name(self) -> &'static str {
        self.as_str()
    }

    fn of_file(path: &Path) -> Option<Self> {
        Self::of_file(path)
    }

    fn is_binary(self) -> bool {
        false
    }
}

impl ReportFormat for TagFormat {
    const ALL: &'static [Self] = &Self::ALL;
    const IS_STYLED: bool = false;

    fn name(self) -> &'static str {
        self.as_str()
    }

    fn of_file(path: &Path) -> Option<Self> {
        Self::of_file(path)
    }

    fn is_binary(self) -> bool {
        self == Self::Parquet
    }
}

/// What `--output` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target<F> {
    /// A format, to standard output.
    Out(F),
    /// A format, to a file.
    File(F, PathBuf),
    /// A file whose format is specified elsewhere.
    Bare(PathBuf),
}

impl<F: ReportFormat> Target<F> {
    /// Reads `FORMAT`, `FORMAT=FILE` or `FILE`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if let Some(format) = parse_format(text) {
            return Ok(Self::Out(format));
        }
        match text.split_once('=') {
            Some((format, "")) if parse_format::<F>(format).is_some() => {
                Err(format!("specify the file: `{format}=FILE`"))
            }
            Some((name, file)) if is_word(name) => parse_format(name)
                .map(|format| Self::File(format, file.into()))
                .ok_or_else(|| no_format::<F>(name)),
            _ if text.is_empty() => Err("specify a format, or a file".to_owned()),
            _ => Ok(Self::Bare(text.into())),
        }
    }
}

fn parse_format<F: ReportFormat>(name: &str) -> Option<F> {
    F::ALL.iter().copied().find(|format| format.name() == name)
}

/// Whether a text could be meant as the name of a format; `./a=b` is a file.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Returns the error for a name that is not a format.
pub(crate) fn no_format<F: ReportFormat>(name: &str) -> String {
    let names = || F::ALL.iter().map(|format| format.name());
    match tagpol_syntax::similar::closest(name, names()) {
        Some(close) => format!("there is no format `{name}`; did you mean `{close}`?"),
        None => format!("there is no format `{name}`; there are {}", names().collect::<Vec<_>>().join(", ")),
    }
}

/// What is written, and where.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Targets<F> {
    /// The report on standard output.
    pub(crate) out: Option<F>,
    /// The files, in the order they were named in.
    pub(crate) files: Vec<(F, PathBuf)>,
}

impl<F: ReportFormat> Targets<F> {
    /// Makes sense of `--format` and `--output` together: `--format` is that of a file without one of its own,
    /// else that of standard output.
    pub(crate) fn new(format: Option<F>, targets: &[Target<F>]) -> Result<Self, Failure> {
        let has_bare = targets.iter().any(|target| matches!(target, Target::Bare(_)));
        let mut outs: Vec<F> = format.filter(|_| !has_bare).into_iter().collect();
        let mut files: Vec<(F, PathBuf)> = Vec::new();
        for target in targets {
            match target {
                Target::Out(format) => outs.push(*format),
                Target::File(format, path) => files.push((*format, path.clone())),
                Target::Bare(path) => files.push((format_of(format, path)?, path.clone())),
            }
        }
        if let [first, second, ..] = outs.as_slice() {
            let (first, second) = (first.name(), second.name());
            return Err(Failure::usage(format!("both `{first}` and `{second}` go to standard output"))
                .help(format!("specify a file for one of them: `-o {second}=FILE`")));
        }
        if let Some(path) = twice(&files) {
            return Err(Failure::usage(format!("two reports go to `{}`", path.display())));
        }
        let usual = F::ALL.first().copied().filter(|_| files.is_empty());
        Ok(Self { out: outs.pop().or(usual), files })
    }

    /// Refuses to write over what the command reads: files of the inventory, policies and the manifest.
    pub(crate) fn spare(&self, inventory: &[PathBuf]) -> Result<(), Failure> {
        let real = |path: &Path| path.canonicalize().ok();
        let inputs: Vec<PathBuf> = inventory.iter().filter_map(|path| real(path)).collect();
        for (_, path) in &self.files {
            let Some(target) = real(path) else { continue };
            let is_policy = target.extension().is_some_and(|extension| extension == "tagpol");
            let is_manifest = target.file_name().is_some_and(|name| name == "tagpol.toml");
            if is_policy || is_manifest || inputs.contains(&target) {
                return Err(Failure::usage(format!(
                    "the report would replace `{}`, which is read",
                    path.display()
                ))
                .help("specify another file with `-o`"));
            }
        }
        Ok(())
    }

    /// Returns all formats.
    pub(crate) fn formats(&self) -> impl Iterator<Item = F> {
        self.out.into_iter().chain(self.files.iter().map(|(format, _)| *format))
    }

    /// Writes the reports that `write` makes, each file whole or not at all. The format for people may have
    /// colors; they are taken away where they are not wanted.
    pub(crate) fn write(
        &self,
        mut write: impl FnMut(F, &mut (dyn Write + Send)) -> io::Result<()>,
        output: &mut Output,
    ) -> Result<(), Failure> {
        let is_styled = |format: F| F::IS_STYLED && F::ALL.first() == Some(&format);
        for (format, path) in &self.files {
            if is_styled(*format) {
                let styled = buffered(&mut write, *format)?;
                let plain = for_file(&String::from_utf8_lossy(&styled));
                write_whole_with(path, |file| file.write_all(plain.as_bytes()))?;
            } else {
                // As it is made: a report can be larger than memory has room for twice.
                write_whole_with(path, |file| {
                    let mut out = BufWriter::with_capacity(1 << 16, file);
                    write(*format, &mut out)?;
                    out.flush()
                })?;
            }
        }
        let Some(format) = self.out else { return Ok(()) };
        if format.is_binary() && output.out_is_terminal() {
            return Err(Failure::usage(format!(
                "`{}` is not text, and cannot go to a terminal",
                format.name()
            ))
            .help(format!("specify a file: `-o {0}=report.{0}`", format.name())));
        }
        if is_styled(format) {
            let styled = buffered(&mut write, format)?;
            return output.print_styled(&String::from_utf8_lossy(&styled));
        }
        output.print_as_made(|out| write(format, out))
    }
}

fn buffered<F>(
    write: &mut impl FnMut(F, &mut (dyn Write + Send)) -> io::Result<()>,
    format: F,
) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    write(format, &mut bytes).map_err(|error| Failure::engine(error.to_string()))?;
    Ok(bytes)
}

fn format_of<F: ReportFormat>(format: Option<F>, path: &Path) -> Result<F, Failure> {
    format.or_else(|| F::of_file(path)).ok_or_else(|| {
        let names: Vec<&str> = F::ALL.iter().map(|format| format.name()).collect();
        let example = F::ALL.last().map_or("", |last| last.name());
        Failure::usage(format!("the format of `{}` is not known from its extension", path.display())).help(
            format!(
                "use one of the formats {}, as in `-o {example}={}`",
                names.join(", "),
                path.with_extension(example).display()
            ),
        )
    })
}

/// Returns the format that the extension of an output means, for commands with one output; the usual one for
/// standard output, `.txt`, and a file without an extension.
pub(crate) fn format_of_extension<F: Copy>(
    path: Option<&Path>,
    known: &[(&str, F)],
    usual: F,
) -> Result<F, Failure> {
    let Some(path) = path else { return Ok(usual) };
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    let Some(extension) = extension.filter(|extension| extension != "txt") else { return Ok(usual) };
    known.iter().find(|(name, _)| **name == extension).map(|(_, format)| *format).ok_or_else(|| {
        let names: Vec<String> = known.iter().map(|(name, _)| format!("`.{name}`")).collect();
        Failure::usage(format!("the format of `{}` is not known from its extension", path.display()))
            .help(format!("use one of {}, or specify the format with `--format`", names.join(", ")))
    })
}

fn twice<F>(files: &[(F, PathBuf)]) -> Option<&PathBuf> {
    let places: Vec<PathBuf> = files.iter().map(|(_, path)| place(path)).collect();
    let again =
        |(at, _): (usize, &(F, PathBuf))| places.iter().skip(at + 1).any(|p| places.get(at) == Some(p));
    files.iter().enumerate().find(|(at, file)| again((*at, file))).map(|(_, (_, path))| path)
}

/// Returns where a file really is, as far as it exists: `x`, `./x` and a link to `x` are one place.
fn place(path: &Path) -> PathBuf {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let file = || Some(folder.canonicalize().ok()?.join(path.file_name()?));
    path.canonicalize().ok().or_else(file).unwrap_or_else(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(format: Option<Format>, outputs: &[&str]) -> Result<Targets<Format>, String> {
        let outputs: Result<Vec<Target<Format>>, String> =
            outputs.iter().map(|text| Target::parse(text)).collect();
        Targets::new(format, &outputs?).map_err(|failure| failure.message)
    }

    fn of(out: Option<Format>, files: &[(Format, &str)]) -> Result<Targets<Format>, String> {
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
        assert_eq!(wrong(&["json="]), "specify the file: `json=FILE`");
        assert_eq!(wrong(&["report"]), "the format of `report` is not known from its extension");
        assert_eq!(wrong(&["json=a", "csv=a"]), "two reports go to `a`");
        assert_eq!(wrong(&["json=a", "csv=./a"]), "two reports go to `a`");
    }
}
