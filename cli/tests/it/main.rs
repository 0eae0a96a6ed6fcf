//! The program as its users meet it: arguments and files in, exit code, text and files out.
//!
//! - `support`: folders to run it in
//! - `schema`: JSON compared with a JSON Schema
//! - `exit_codes`, `diagnostics`, `evaluation`, `formatting`, `output`, `projects`, `snapshots`,
//!   `compiling`: the commands
//! - `testing`: `tagpol test`; `documenting`: `tagpol doc`
//! - `stdlib`: the standard library
//! - `engines`: evaluations on an engine elsewhere
//! - `enforcing`: guards of clouds
//! - `migrating`: policies of other tools
//! - `state`, `earlier_state`, `predictions`: what a project remembers, and what a model says
//! - `suggesting`: what models learn, and what they are asked
//! - `advising`: advice, with and without a language model
//! - `goals`: goals, remedies, rates and the provider's JSON
//! - `tables`: files that policies look values up in
//! - `reports`, `page`: the formats of `eval`, and its page in a browser
//! - `bad_input`, `hostile`: inventories that nobody would wish for
//! - `jail`: what a project may read and write, and what outputs replace
//! - `sinks`: hostile texts through every format of every command, as `readers` of it see them
//! - `serving`: the server
//! - `interrupted`: Ctrl-C, full disks and folders that cannot be written; `killed`: trainings that are killed
//! - `mutated`: mutated inventories and policies
//! - `terraform`: plans, and other inventories of the clouds' own
//! - `documents`, `examples`: the code of the documentation and the examples, run
//! - `links`: links of the documentation
//! - `plain_english`: phrases that no text for users contains

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "helpers of tests, which clippy does not take for tests themselves"
)]

mod advising;
mod bad_input;
mod baselines;
mod charges;
mod comparing;
mod compiling;
mod conversing;
mod diagnostics;
mod documenting;
mod documents;
mod earlier_state;
mod enforcing;
mod engines;
mod evaluation;
mod events;
mod examples;
mod exit_codes;
mod explaining;
mod fetching;

mod formatting;
mod goals;
mod hostile;
mod incomplete;
mod interrupted;
mod jail;
mod killed;
mod limits;
mod links;
mod lints;
mod lists;
mod many_findings;
mod migrating;
mod mutated;
mod output;
mod page;
mod parameters;
mod plain_english;
mod predictions;
mod projects;
mod readers;
mod relations;
mod remediating;
mod renaming;
mod reports;
mod schema;
mod serving;
mod sinks;
mod snapshot_diff;
mod snapshots;
mod spending;
mod state;
mod stdlib;
mod suggesting;
mod support;
mod tables;
mod terraform;
mod testing;
mod vendor;
