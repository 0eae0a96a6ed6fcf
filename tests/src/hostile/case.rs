//! What a run is given: a policy file and an inventory, one of them mutated.

use std::path::Path;

use super::Result;
use crate::mutate::{self, Random};
use crate::seeds;

/// The policy that mutated inventories are evaluated with: every kind of attribute, and texts in texts.
const POLICIES: &str = r#"tag owner: email
tag env: one of [prod, dev]
tag team: text

normalize env {
  keys "env", "environment", "stage"
  map "production", "PROD" -> prod
}

rule team-of-name {
  when resource.name has word ["web"]
  fill team = "web"
}

policy owned {
  severity high
  for resource where env == prod or resource.monthly-cost > 3 USD
  require owner else "an owner is needed"
}

policy placed {
  severity low
  require placed: resource.region is set
  require team
}
"#;

/// What is mutated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Inventory,
    Policy,
}

impl Kind {
    pub(super) fn plural(self) -> &'static str {
        match self {
            Self::Inventory => "inventories",
            Self::Policy => "policies",
        }
    }
}

/// Files that a run reads.
pub(super) struct Case {
    /// The file that was mutated.
    pub(super) seed: String,
    pub(super) policy: Vec<u8>,
    pub(super) inventory: Vec<u8>,
    /// Name of the inventory, whose extension breaks ties between formats.
    pub(super) inventory_name: String,
    /// Names and contents of the tables of the policies.
    pub(super) tables: Files,
}

/// Names and contents.
pub(super) type Files = Vec<(String, Vec<u8>)>;

/// Name of the policy file.
pub(super) const POLICY: &str = "policy.tagpol";

impl Case {
    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        std::fs::write(folder.join(POLICY), &self.policy)?;
        std::fs::write(folder.join(&self.inventory_name), &self.inventory)?;
        for (name, content) in &self.tables {
            std::fs::write(folder.join(name), content)?;
        }
        Ok(())
    }

    /// Whether a run gets a file of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        name == POLICY || name == self.inventory_name || self.tables.iter().any(|(table, _)| table == name)
    }
}

/// Files that cases are made of.
pub(super) struct Corpus {
    kind: Kind,
    /// What cases begin with.
    files: Files,
    tables: Files,
}

/// Folders with inventories.
const INVENTORIES: [&str; 3] = ["engine/inventory/tests/fixtures", "tests/seeds", "examples"];
const EXTENSIONS: [&str; 4] = ["json", "ndjson", "csv", "tfstate"];

/// Files in them that are not inventories, and a folder.
const OTHERS: [&str; 2] = ["rejects.ndjson", "table.csv"];
const SNAPSHOT: &str = "snapshot_v1";

/// Folders whose policies are a project.
const PROJECTS: [&str; 3] = ["examples/quickstart/policies", "examples/shop/policies", "tests/it/real"];

impl Corpus {
    pub(super) fn of(kind: Kind) -> Result<Self> {
        let (mut files, mut tables) = (Vec::new(), Vec::new());
        match kind {
            Kind::Inventory => {
                for folder in INVENTORIES {
                    add_inventories(&seeds::root().join(folder), &mut files)?;
                }
            }
            Kind::Policy => {
                files.push((POLICY.to_owned(), POLICIES.as_bytes().to_vec()));
                for folder in PROJECTS {
                    let path = seeds::root().join(folder);
                    files.push((folder.to_owned(), files_of(&path, &["tagpol"])?.1));
                    tables.extend(files_of(&path, &["csv", "tsv"])?.0);
                }
            }
        }
        files.sort();
        Ok(Self { kind, files, tables })
    }

    /// Makes a case.
    pub(super) fn case(&self, random: &mut Random) -> Case {
        let (name, content) = random.pick::<(String, Vec<u8>)>(&self.files);
        match self.kind {
            Kind::Inventory => Case {
                seed: name.clone(),
                policy: POLICIES.into(),
                inventory: mutate::inventory(random, content),
                inventory_name: name.clone(),
                tables: Vec::new(),
            },
            Kind::Policy => Case {
                seed: name.clone(),
                policy: mutate::policy(random, &String::from_utf8_lossy(content)).into_bytes(),
                inventory: include_bytes!("../../../examples/quickstart/inventory.ndjson").to_vec(),
                inventory_name: "inventory.ndjson".to_owned(),
                tables: self.tables.clone(),
            },
        }
    }
}

fn add_inventories(folder: &Path, files: &mut Files) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        if path.is_dir() {
            if !name.starts_with('.') && name != SNAPSHOT {
                add_inventories(&path, files)?;
            }
        } else if EXTENSIONS.contains(&extension) && !OTHERS.contains(&name.as_str()) {
            files.push((name, std::fs::read(path)?));
        }
    }
    Ok(())
}

/// The files of a folder with some extensions, each by itself, and all as one.
fn files_of(folder: &Path, extensions: &[&str]) -> Result<(Files, Vec<u8>)> {
    let entries: std::io::Result<Vec<_>> = std::fs::read_dir(folder)?.collect();
    let mut paths: Vec<_> = entries?.iter().map(std::fs::DirEntry::path).collect();
    paths.retain(|path| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        extension.is_some_and(|extension| extensions.contains(&extension))
    });
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        files.push((name, std::fs::read(path)?));
    }
    let contents: Vec<&[u8]> = files.iter().map(|(_, content)| content.as_slice()).collect();
    let all = contents.join(&b"\n\n"[..]);
    Ok((files, all))
}
