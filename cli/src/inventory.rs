//! Which resources a command works on.

use std::io;
use std::path::{Path, PathBuf};

use tagpol_app::files::Scratch;
use tagpol_app::inventory::{ImportSettings, InventorySource};

use crate::args::{ImportArgs, SourceArgs};
use crate::failure::Failure;
use crate::files::{self, write_whole_with};

/// What stands for standard input.
const STANDARD_INPUT: &str = "-";

/// What the command line names, with standard input in a temporary file.
pub(crate) struct NamedSource {
    pub(crate) source: InventorySource,
    _standard_input: Option<Scratch>,
}

/// Returns what the command line names. Standard input, `-`, can be named once: it is read to its end.
pub(crate) fn named(args: &SourceArgs) -> Result<NamedSource, Failure> {
    let mut source = InventorySource {
        files: args.inventory.clone(),
        terraform: args.terraform.clone(),
        snapshot: args.snapshot.clone(),
        import: (&args.import).into(),
    };
    let is_standard_input = |path: &&mut PathBuf| path.as_os_str() == STANDARD_INPUT;
    let mut named = source.files.iter_mut().chain(&mut source.terraform).filter(is_standard_input);
    let Some(path) = named.next() else { return Ok(NamedSource { source, _standard_input: None }) };
    if named.next().is_some() {
        return Err(Failure::usage("standard input, `-`, is named twice").help("write one of them to a file"));
    }
    *path = PathBuf::from(tagpol_app::inventory::STANDARD_INPUT);
    let folder = files::scratch()?;
    let file = folder.path().join("standard-input");
    read_standard_input(&file)?;
    source.import.standard_input = Some(file);
    Ok(NamedSource { source, _standard_input: Some(folder) })
}

/// Returns files of which one may be standard input, which is read to its end.
pub(crate) fn named_files(files: &[PathBuf]) -> Result<NamedSource, Failure> {
    let import = ImportArgs { inventory_format: None, month: None, currency: None, strict: false };
    let args = SourceArgs { inventory: files.to_vec(), snapshot: None, terraform: None, import };
    named(&args)
}

fn read_standard_input(into: &Path) -> Result<(), Failure> {
    write_whole_with(into, |file| io::copy(&mut io::stdin().lock(), file).map(drop))
}

impl From<&ImportArgs> for ImportSettings {
    fn from(args: &ImportArgs) -> Self {
        Self {
            format: args.inventory_format,
            month: args.month,
            strict: args.strict,
            currency: args.currency.clone(),
            ..Self::default()
        }
    }
}
