//! `tagpol cost`

use std::io::{self, Write};

use tagpol_app::Workspace;
use tagpol_app::evaluation::cost::{CostRequest, Costs};
use tagpol_app::report::cost::{CostFormat, csv, html, json, parquet, pretty};

use crate::args::CostArgs;
use crate::context::{RunContext, context};
use crate::failure::{Exit, Failure};
use crate::inventory::named;
use crate::output::{Output, counted};
use crate::project::{self, with_diagnostics};
use crate::state;
use crate::targets::Targets;

pub(crate) fn run(args: &CostArgs, output: &mut Output) -> Result<Exit, Failure> {
    let context = RunContext { text_limit: args.limits.text_limit(), ..context(args.now) };
    let project = project::open(args.path.as_deref(), &context)?;
    let targets = Targets::new(args.format, &args.output)?;
    let mut named = named(&args.source)?;
    targets.spare(&named.source.files)?;
    if args.by_usage_date {
        // The month of an import is that of an invoice.
        named.source.import.month = None;
    }
    let opened = Workspace::open_tags(&project, &named.source, &state::access(&args.state), &context);
    let workspace = with_diagnostics(opened, &project, output)?;
    let found = workspace.costs(&args.by, request(args)?)?;
    let found = match args.top {
        Some(lines) => found.top(lines.get()),
        None => found,
    };
    targets.write(|format, out| write(format, &found, out), output)?;
    warn_of_rejects(&found, workspace.keeps_snapshot(), output);
    let shows_notes = matches!(args.format, None | Some(CostFormat::Table | CostFormat::Html));
    if found.unknown_amounts > 0 && !shows_notes {
        let charges = counted(found.unknown_amounts, "charge has", "charges have");
        let name = found.amount.as_str();
        output.note(&format!("warning: {charges} no {name} amount: it is taken to be 0\n"));
    }
    Ok(Exit::Success)
}

fn request(args: &CostArgs) -> Result<CostRequest, Failure> {
    let month = args.source.import.month.map(|month| (month, month));
    let months = args.from.zip(args.to).or(month);
    if let Some((from, to)) = months.filter(|(from, to)| from > to) {
        return Err(Failure::usage(format!("`--from {from}` is later than `--to {to}`")));
    }
    Ok(CostRequest {
        by: Vec::new(),
        amount: args.amount.into(),
        months,
        by_usage_date: args.by_usage_date,
        period: args.granularity.map(Into::into),
        currency: args.source.import.currency.clone(),
    })
}

fn write(format: CostFormat, found: &Costs, out: &mut (dyn Write + Send)) -> io::Result<()> {
    let text = match format {
        CostFormat::Table => pretty(found),
        CostFormat::Csv => csv(found),
        CostFormat::Json => json(found)?,
        CostFormat::Html => html(found),
        CostFormat::Parquet => return parquet(found, out),
    };
    out.write_all(text.as_bytes())
}

/// A charge that could not be read is in no total.
fn warn_of_rejects(found: &Costs, is_kept: bool, output: &mut Output) {
    let command = if is_kept { "show --rejects" } else { "import" };
    let (rows, values) = (found.snapshot.rejected_rows, found.snapshot.rejected_values);
    if rows + values > 0 {
        let (rows, values) = (counted(rows, "row", "rows"), counted(values, "value", "values"));
        output.note(&format!(
            "warning: not everything could be read, and may be missing in these costs: {rows}, {values}; \
             `tagpol snapshot {command}` lists them, and `--strict` makes them an error\n"
        ));
    }
}
