//! `tagpol explain-code`

use tagpol_sema::Code;

use crate::args::ExplainCodeArgs;
use crate::failure::{Exit, Failure};
use crate::output::Output;

pub(crate) fn run(args: &ExplainCodeArgs, output: &mut Output) -> Result<Exit, Failure> {
    let Some(text) = &args.code else {
        let list: String =
            Code::ALL.iter().map(|code| format!("{}  {}\n", code.as_str(), code.title())).collect();
        output.print(&list)?;
        return Ok(Exit::Success);
    };
    let Some(code) = Code::parse(text) else {
        let failure = Failure::usage(format!("there is no code `{text}`"));
        let codes = Code::ALL.iter().map(|code| code.as_str());
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
