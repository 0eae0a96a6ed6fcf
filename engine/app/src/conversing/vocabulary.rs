//! What words of a person can mean in a project with an inventory.

use tagpol_advise::conversation::Vocabulary;
use tagpol_advise::filter::FilterVocabulary;
use tagpol_eval::live::{Live, Subject};
use tagpol_sema::program::{MapTarget, Pattern, Program, Tag, TagType};

use crate::{AppError, Workspace};

/// Attributes whose values words can be.
const ATTRIBUTES: [&str; 5] = ["type", "provider", "account", "region", "source"];

/// Characters of a value that words can be; longer ones are texts that nobody writes.
const LONGEST: usize = 200;

impl Workspace<'_> {
    /// Returns what words can mean: tags, attributes, and their most frequent values.
    ///
    /// # Errors
    /// [`AppError::Run`].
    pub fn vocabulary(&self) -> Result<Vocabulary, AppError> {
        let program = self.program();
        let mut live = Live::open(self.snapshot().clone(), self.options().clone())?;
        let mut values = |subject: Subject| -> Result<Vec<String>, AppError> {
            let found = live.values(program, &subject)?.top.into_iter().map(|value| value.value.text);
            Ok(found.filter(|text| text.chars().count() <= LONGEST).collect())
        };
        let mut filter = FilterVocabulary {
            currency: self.snapshot().manifest().currency.clone(),
            definitions: program.defines.iter().map(|define| define.name.clone()).collect(),
            spellings: program.tags.iter().flat_map(spellings).collect(),
            ..FilterVocabulary::default()
        };
        for tag in &program.tags {
            let mut all = declared(tag);
            for value in values(Subject::Tag(tag.name.clone()))? {
                if !all.contains(&value) {
                    all.push(value);
                }
            }
            filter.tags.push((tag.name.clone(), all));
        }
        for name in ATTRIBUTES {
            filter.attributes.push((name.to_owned(), values(Subject::Attribute(name.to_owned()))?));
        }
        Ok(Vocabulary { filter, names: names(program) })
    }
}

fn declared(tag: &Tag) -> Vec<String> {
    match &tag.ty {
        TagType::OneOf(values) => values.clone(),
        _ => Vec::new(),
    }
}

/// Returns other spellings of the values of a tag.
fn spellings(tag: &Tag) -> Vec<(String, String, String)> {
    let mut all = Vec::new();
    for arm in tag.normalizes.iter().flat_map(|normalize| &normalize.arms) {
        let MapTarget::Value(value) = &arm.target else { continue };
        for pattern in &arm.patterns {
            if let Pattern::Literal(text) = pattern {
                all.push((tag.name.clone(), text.clone(), value.clone()));
            }
        }
    }
    all
}

/// Returns what the policies name, which is not of foreign origin.
fn names(program: &Program) -> Vec<String> {
    let mut names = Vec::new();
    for tag in &program.tags {
        names.push(tag.name.clone());
        names.extend(declared(tag));
        names.extend(spellings(tag).into_iter().map(|(_, spelling, _)| spelling));
    }
    for policy in &program.policies {
        names.push(policy.name.clone());
        for check in &policy.checks {
            names.push(check.id.clone());
            names.push(format!("{}/{}", policy.name, check.id));
        }
        names.extend(policy.controls.iter().flat_map(|one| [one.framework.clone(), one.id.clone()]));
    }
    names.extend(program.defines.iter().map(|define| define.name.clone()));
    names.extend(program.goals.iter().map(|goal| goal.name.clone()));
    names.extend(program.allocations.iter().map(|allocation| allocation.name.clone()));
    names.sort();
    names.dedup();
    names
}
