//! `tagpol cost`

use std::path::Path;

use tagpol_eval::Options;
use tagpol_eval::cost::{Costs, Dimension, costs, dimension};
use tagpol_report::cost::{csv, json, parquet, pretty};
use tagpol_sema::program::Program;
use tagpol_syntax::similar::closest;

use super::clock;
use crate::args::{CostArgs, CostFormat};
use crate::failure::{Exit, Failure};
use crate::files::{write_whole, write_whole_with};
use crate::inventory::{self, Opened};
use crate::output::{Output, counted};
use crate::project::Project;
use crate::state;

pub(crate) fn run(args: &CostArgs, output: &mut Output) -> Result<Exit, Failure> {
    let mut project = Project::load(args.path.as_deref())?;
    let now = clock(args.now);
    project.set_now(now);
    let program = project.program(output)?;
    let by = dimensions(program, &args.by)?;
    let opened = inventory::open(&project, &args.source, now, output)?;
    check_month(args, &opened)?;
    let (rates, state) = (project.manifest.rates.clone(), state::of(&project, &args.state)?);
    let options = Options { rates, state, text_limit: args.limits.text_limit(), ..Options::at(now) };
    let found = costs(program, &opened.snapshot, &options, &by)?;
    if found.snapshot.currency.is_none() && found.total() == 0 {
        return Err(Failure::engine("the inventory tells no cost")
            .help("name a bill with `--inventory`; a list tells costs in `monthly_cost`"));
    }
    write(args, &found, output)?;
    tell_rejects(&found, output);
    Ok(Exit::Success)
}

/// A charge that could not be read is in no total.
fn tell_rejects(found: &Costs, output: &mut Output) {
    let (rows, values) = (found.snapshot.rejected_rows, found.snapshot.rejected_values);
    if rows + values > 0 {
        let number = |count: u64, one, many| counted(usize::try_from(count).unwrap_or(usize::MAX), one, many);
        let (rows, values) = (number(rows, "row", "rows"), number(values, "value", "values"));
        output.note(&format!(
            "warning: not everything could be read, and may be missing in these costs: {rows}, {values}; \
             `tagpol snapshot import` lists them, and `--strict` makes them an error\n"
        ));
    }
}

fn dimensions(program: &Program, names: &[String]) -> Result<Vec<Dimension>, Failure> {
    let mut found: Vec<Dimension> = Vec::new();
    for name in names {
        let one = dimension(program, name).map_err(|names| {
            let failure = Failure::usage(format!("there is no tag or attribute `{name}`"));
            match closest(name, names.iter().map(String::as_str)) {
                Some(close) => failure.help(format!("did you mean `{close}`?")),
                None => failure.help(format!("there are {}", names.join(", "))),
            }
        })?;
        if !found.contains(&one) {
            found.push(one);
        }
    }
    Ok(found)
}

/// A snapshot has the costs of one month, which was chosen when it was imported.
fn check_month(args: &CostArgs, opened: &Opened) -> Result<(), Failure> {
    let month = opened.snapshot.manifest().month.as_ref().map(|month| month.month);
    match (args.source.import.month, month) {
        (Some(asked), Some(month)) if asked != month => Err(Failure::usage(format!(
            "the snapshot has the costs of {month}, not of {asked}"
        ))
        .help("import the bill again: `tagpol snapshot import --month`, or name it with `--inventory`")),
        _ => Ok(()),
    }
}

fn write(args: &CostArgs, found: &Costs, output: &mut Output) -> Result<(), Failure> {
    let text = match args.format.unwrap_or_else(|| format_of(args.output.as_deref())) {
        CostFormat::Table => return output.deliver(&pretty(found), args.output.as_deref()),
        CostFormat::Csv => csv(found),
        CostFormat::Json => json(found).map_err(|error| Failure::engine(error.to_string()))?,
        CostFormat::Parquet => return write_parquet(args.output.as_deref(), found),
    };
    match &args.output {
        None => output.print_exactly(&text),
        Some(path) => write_whole(path, &text),
    }
}

/// The usual format of a file's extension.
fn format_of(path: Option<&Path>) -> CostFormat {
    match path.and_then(Path::extension).and_then(|extension| extension.to_str()) {
        Some("csv") => CostFormat::Csv,
        Some("json") => CostFormat::Json,
        Some("parquet") => CostFormat::Parquet,
        _ => CostFormat::Table,
    }
}

fn write_parquet(path: Option<&Path>, found: &Costs) -> Result<(), Failure> {
    let path = path.ok_or_else(|| {
        Failure::usage("Parquet is nothing for a terminal").help("name a file with `--output`")
    })?;
    write_whole_with(path, |file| parquet(found, file))
}
