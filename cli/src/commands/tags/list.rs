//! `tagpol tags list`

use std::io;

use chrono::{DateTime, Utc};
use tagpol_app::report::virtual_tags::{TagFormat, TagRow, TagWriter};
use tagpol_app::{AppError, VirtualTag, Workspace};

use crate::args::{SourceArgs, TagsArgs};
use crate::context::context;
use crate::failure::{Exit, Failure};
use crate::inference;
use crate::inventory::named;
use crate::output::Output;
use crate::project::{self, with_diagnostics};
use crate::state;
use crate::targets::Targets;

/// Writes the virtual tags of all resources.
pub(super) fn run(
    args: &TagsArgs,
    source: &SourceArgs,
    targets: &Targets<TagFormat>,
    now: Option<DateTime<Utc>>,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let context = context(now);
    let project = project::open(args.project.as_deref(), &context)?;
    let named = named(source)?;
    let opened = Workspace::open_tags(&project, &named.source, &state::always(&args.wait), &context);
    let workspace = with_diagnostics(opened, &project, output)?;
    inference::refresh(workspace.program(), workspace.snapshot(), workspace.options(), &context, output)?;
    targets.write(
        |format, out| {
            let mut writer = TagWriter::new(format, out)?;
            workspace.each_virtual_tag(|tag| writer.push(&row(&tag)).map_err(Stopped::Output))?;
            writer.finish()
        },
        output,
    )?;
    Ok(Exit::Success)
}

/// Why no more rows were written.
enum Stopped {
    App(AppError),
    Output(io::Error),
}

impl From<AppError> for Stopped {
    fn from(error: AppError) -> Self {
        Self::App(error)
    }
}

impl From<Stopped> for io::Error {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::App(error) => Self::other(error),
            Stopped::Output(error) => error,
        }
    }
}

fn row<'a>(tag: &VirtualTag<'a>) -> TagRow<'a> {
    TagRow {
        resource: &tag.resource.id,
        name: tag.resource.name.as_deref(),
        r#type: tag.resource.type_.as_deref(),
        provider: tag.resource.provider.as_deref(),
        account: tag.resource.account.as_deref(),
        region: tag.resource.region.as_deref(),
        tag: tag.tag,
        value: tag.value,
        source: tag.source.map(|source| source.as_str()),
        confidence: tag.confidence,
    }
}
