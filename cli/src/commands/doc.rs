//! `tagpol doc`

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tagpol_app::settings::Jail;
use tagpol_doc::{Change, File, Format, Layout, Subject};
use tagpol_sema::program::{Program, Severity};
use tagpol_sema::remarks::remarks;

use crate::args::{DocArgs, DocFormat};
use crate::context::{RunContext, context};
use crate::diagnostics::harmless;
use crate::failure::{Exit, Failure};
use crate::files;
use crate::output::{Output, counted};
use crate::project::{self, Project, read_text, shown};

/// What every file that was made here says.
const MARK: &str = "Made by `tagpol doc`";
const HTML_MARK: &str = "Made by <code>tagpol doc</code>";

pub(crate) fn run(args: &DocArgs, output: &mut Output) -> Result<Exit, Failure> {
    let context = context(None);
    let project = project::open(args.path.as_deref(), &context)?;
    let settings = &project.manifest().doc;
    // What the user names may lead anywhere; what the manifest names, and files in it, may not.
    let (target, jail) = match &args.output {
        Some(output) => (Some(output.clone()), None),
        None => (project.manifest().doc_output_in(project.root())?, Some(Jail::new(project.root()))),
    };
    let format = args.format.or(settings.format.map(DocFormat::from));
    let Some(target) = target else {
        if args.check {
            return Err(Failure::usage("there is no documentation to check")
                .help("specify it: `--output docs/policies`, or `output` under `[doc]` in tagpol.toml"));
        }
        let format = format.unwrap_or(DocFormat::Markdown).into();
        let files = documented(&project, &context, format, Layout::Single, output)?;
        files.iter().try_for_each(|file| output.print_exactly(&file.text))?;
        return Ok(Exit::Success);
    };
    let place = Place::new(target, format);
    let files = documented(&project, &context, place.format, place.layout, output)?;
    if let Some(jail) = jail {
        files.iter().try_for_each(|file| jail.target(&place.path(file)).map(drop))?;
    }
    if args.check { check(&place, &files, output) } else { write(&place, &files, output) }
}

/// Where documentation is kept, and in which form.
struct Place {
    target: PathBuf,
    format: Format,
    layout: Layout,
}

impl Place {
    /// A path that ends like a page is one, all else is a folder.
    fn new(target: PathBuf, format: Option<DocFormat>) -> Self {
        let ending = target.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        let named = match ending.as_deref() {
            Some("md" | "markdown") => Some(DocFormat::Markdown),
            Some("html" | "htm") => Some(DocFormat::Html),
            _ => None,
        };
        let layout = if named.is_some() { Layout::Single } else { Layout::Folder };
        Self { target, format: format.or(named).unwrap_or(DocFormat::Markdown).into(), layout }
    }

    fn path(&self, file: &File) -> PathBuf {
        match self.layout {
            Layout::Single => self.target.clone(),
            Layout::Folder => self.target.join(&file.name),
        }
    }
}

impl From<DocFormat> for Format {
    fn from(format: DocFormat) -> Self {
        match format {
            DocFormat::Markdown => Self::Markdown,
            DocFormat::Html => Self::Html,
        }
    }
}

/// Makes the documentation of a project without errors.
fn documented(
    project: &Project,
    context: &RunContext,
    format: Format,
    layout: Layout,
    output: &mut Output,
) -> Result<Vec<File>, Failure> {
    let program = project::program(project, context, output)?;
    // What the manifest says of policies is judged here, and told beside what they say themselves.
    project.apply_overrides(&mut Program::clone(program))?;
    let changes = project.manifest().policy.iter().map(|(name, change)| {
        let severity = change.severity.as_deref().and_then(Severity::parse);
        (name.clone(), Change { enabled: change.enabled, severity })
    });
    let own_files = project.source_files().files(project.database()).iter();
    let subject = Subject {
        // Not the folder's name: it differs from one clone to the next.
        title: project.name().unwrap_or("Tags and policies"),
        program,
        remarks: &remarks(project.database(), project.source_files()),
        own_files: &own_files
            .map(|file| Arc::from(file.path(project.database())))
            .collect::<BTreeSet<Arc<str>>>(),
        root: &shown(project.root()),
        changes: &changes.collect::<BTreeMap<String, Change>>(),
    };
    Ok(tagpol_doc::write(&subject, format, layout))
}

/// What there is on disk in place of a file.
enum Found {
    Missing,
    /// Its text, with plain ends of lines.
    Text(String),
}

fn found(path: &Path) -> Result<Found, Failure> {
    if !path.try_exists().map_err(|error| Failure::io("read", path, &error))? {
        return Ok(Found::Missing);
    }
    Ok(Found::Text(read_text(path)?.replace("\r\n", "\n")))
}

fn write(place: &Place, files: &[File], output: &mut Output) -> Result<Exit, Failure> {
    let mut stale = Vec::new();
    for file in files {
        let path = place.path(file);
        match found(&path)? {
            Found::Text(text) if text == file.text => {}
            Found::Text(text) if !text.contains(MARK) && !text.contains(HTML_MARK) => {
                return Err(Failure::usage(format!("`{}` was not made by `tagpol doc`", path.display()))
                    .help("choose another place, or remove the file; nothing was written"));
            }
            _ => stale.push((path, file)),
        }
    }
    let folder = stale.first().and_then(|(path, _)| path.parent()).filter(|folder| *folder != Path::new(""));
    if let Some(folder) = folder {
        std::fs::create_dir_all(folder).map_err(|error| Failure::io("make the folder", folder, &error))?;
    }
    for (path, file) in &stale {
        files::write_whole(path, &file.text)?;
        output.print(&format!("wrote {}\n", harmless(&shown(path))))?;
    }
    let written = counted(stale.len(), "file", "files");
    output.print(&format!("{written} written, {} unchanged\n", files.len() - stale.len()))?;
    Ok(Exit::Success)
}

fn check(place: &Place, files: &[File], output: &mut Output) -> Result<Exit, Failure> {
    let mut stale = 0;
    for file in files {
        let path = place.path(file);
        let why = match found(&path)? {
            Found::Text(text) if text == file.text => continue,
            Found::Text(_) => "stale",
            Found::Missing => "missing",
        };
        stale += 1;
        output.print(&format!("{why} {}\n", harmless(&shown(&path))))?;
    }
    if stale == 0 {
        output.print(&format!("{} up to date\n", counted(files.len(), "file", "files")))?;
        return Ok(Exit::Success);
    }
    output.print("make it again with `tagpol doc`\n")?;
    Ok(Exit::Findings)
}
