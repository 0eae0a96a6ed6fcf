//! `tagpol explain-code`

use tagpol_sema::Code;

use crate::args::ExplainCodeArgs;
use crate::failure::{Exit, Failure};
use crate::output::Output;

pub(crate) fn run(args: &ExplainCodeArgs, output: &mut Output) -> Result<Exit, Failure> {
    let Some(text) = &args.code else {
        let list: String = Code::ALL.iter().map(|code| line(*code)).collect();
        output.print(&list)?;
        return Ok(Exit::Success);
    };
    let Some(code) = Code::parse(text) else {
        let failure = Failure::usage(format!("there is no code `{text}`"));
        let names = Code::LINTS.iter().filter_map(|code| code.lint_name());
        let codes = Code::ALL.iter().map(|code| code.as_str()).chain(names);
        return Err(match tagpol_syntax::similar::closest(text, codes) {
            Some(close) => {
                failure.help(format!("did you mean `{close}`? `tagpol explain-code` lists them all"))
            }
            None => failure.help("`tagpol explain-code` lists them all"),
        });
    };
    output.print(code.page())?;
    Ok(Exit::Success)
}

/// `L0001  substring-trap: a part of a name that other words contain too`
fn line(code: Code) -> String {
    let name = code.lint_name().map(|name| format!("{name}: ")).unwrap_or_default();
    format!("{}  {name}{}\n", code.as_str(), code.title())
}
