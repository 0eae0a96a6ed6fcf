//! The conversation of a project in the terminal, which the next one continues.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use tagpol_advise::conversation::Memory;
use tagpol_files::{read_text, write_whole};
use tagpol_project::jail_of;

use crate::Project;

/// The folder below the root of a project.
const FOLDER: &str = ".tagpol";

const FILE: &str = "conversation.json";

/// Bytes of a kept conversation.
const LONGEST: u64 = 4 << 20;

/// Returns the kept conversation; a new one if there is none, or if it cannot be read.
pub fn kept_conversation(project: &Project) -> Memory {
    let text = file(project).and_then(|file| read_text(&file, LONGEST).ok());
    text.and_then(|text| Memory::from_json(&text)).unwrap_or_default()
}

/// Keeps a conversation. That it cannot be written is not worth a failure: the next one is a new one.
pub fn keep_conversation(project: &Project, memory: &Memory) {
    let Some(file) = file(project) else { return };
    if file.parent().is_some_and(|folder| fs::create_dir_all(folder).is_ok()) {
        let _ = write_whole(&file, |out| out.write_all(memory.to_json().as_bytes()));
    }
}

/// Returns the file. None if something else is in the place of its folder, such as a link: nothing is kept then.
fn file(project: &Project) -> Option<PathBuf> {
    Some(jail_of(project.root()).folder(&project.root().join(FOLDER)).ok()?.join(FILE))
}
