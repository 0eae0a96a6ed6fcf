//! What the command line or a file asks to decide.

use std::collections::HashMap;

use tagpol_app::state::{Action, Change, StateReader};
use tagpol_sema::program::Program;
use tagpol_sema::{Validity, describe};
use tagpol_syntax::similar::closest;

use crate::diagnostics::one_line;
use crate::failure::Failure;

/// Something that somebody asks to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) action: Action,
    pub(super) resource: String,
    pub(super) tag: String,
    /// None: for a confirmation or a refusal, the value that the model suggests.
    pub(super) value: Option<String>,
    pub(super) note: Option<String>,
    /// Where it was read, if in a file.
    pub(super) place: Option<String>,
}

impl Request {
    /// Reads `TAG=VALUE` or `TAG`, as the action wants it.
    pub(super) fn parse(
        action: Action,
        resource: &str,
        text: &str,
        note: Option<&str>,
    ) -> Result<Self, Failure> {
        let (tag, value) = match text.split_once('=') {
            Some((tag, value)) => (tag, Some(value.to_owned())),
            None => (text, None),
        };
        match (action, &value) {
            (Action::Set, None) => {
                let tag = one_line(tag);
                return Err(
                    Failure::usage(format!("`{tag}` has no value")).help(format!("write `{tag}=VALUE`"))
                );
            }
            (Action::Unset, Some(_)) => {
                let failure = Failure::usage(format!("`{}` is not a tag", one_line(text)));
                return Err(failure.help(format!("specify only the tag: `{}`", one_line(tag))));
            }
            _ => {}
        }
        let (resource, tag) = (resource.to_owned(), tag.trim().to_owned());
        Ok(Self { action, resource, tag, value, note: note.map(str::to_owned), place: None })
    }

    /// Checks the tag, and that the value is one of its type.
    pub(super) fn check(&self, program: &Program) -> Result<(), Failure> {
        if self.resource.is_empty() {
            return Err(self.failure("the id of the resource is empty".to_owned()));
        }
        let Some(tag) = program.tags.iter().find(|tag| tag.name == self.tag) else {
            // What a tag was decided to be can be taken back when it is not declared any more.
            if self.action == Action::Unset {
                return Ok(());
            }
            let failure = self.failure(format!("there is no tag `{}`", one_line(&self.tag)));
            let names = program.tags.iter().map(|tag| tag.name.as_str());
            return Err(failure.closest(closest(&self.tag, names)));
        };
        let invalid = |value: &&String| self.action != Action::Reject && !Validity::of(&tag.ty).holds(value);
        match &self.value {
            Some(value) if value.is_empty() => {
                Err(self.failure(format!("the value of `{}` is empty", tag.name)))
            }
            Some(value) if invalid(&value) => Err(self
                .failure(format!("`{}` is not a value of `{}`", one_line(value), tag.name))
                .help(format!("it must be {}", describe(&tag.ty)))),
            _ => Ok(()),
        }
    }

    fn failure(&self, message: String) -> Failure {
        let failure = Failure::usage(message);
        match &self.place {
            Some(place) => failure.at(place.clone()),
            None => failure,
        }
    }

    fn change(&self, value: Option<String>) -> Change {
        Change {
            action: self.action,
            resource: self.resource.clone(),
            tag: self.tag.clone(),
            value,
            note: self.note.clone(),
        }
    }
}

/// Checks that no tag of a resource is named twice on a command line.
pub(super) fn check_once(requests: &[Request]) -> Result<(), Failure> {
    let typed = || requests.iter().filter(|request| request.place.is_none());
    let again = typed().enumerate().find(|(at, request)| {
        typed().take(*at).any(|earlier| earlier.tag == request.tag && earlier.value != request.value)
    });
    match again {
        Some((_, request)) => {
            Err(Failure::usage(format!("`{}` is given two values", one_line(&request.tag)))
                .help("specify each tag once"))
        }
        None => Ok(()),
    }
}

/// Fills in the values that the model suggests.
pub(super) fn changes(requests: &[Request], state: &mut dyn StateReader) -> Result<Vec<Change>, Failure> {
    let asks = |request: &Request| {
        request.value.is_none() && matches!(request.action, Action::Confirm | Action::Reject)
    };
    let mut suggested = HashMap::new();
    if requests.iter().any(asks) {
        for prediction in state.all_predictions()? {
            suggested.insert((prediction.resource, prediction.tag), prediction.value);
        }
    }
    let change = |request: &Request| {
        if !asks(request) {
            return Ok(request.change(request.value.clone()));
        }
        let key = (request.resource.clone(), request.tag.clone());
        let value = suggested.get(&key).cloned().ok_or_else(|| {
            let (tag, resource) = (&request.tag, one_line(&request.resource));
            request
                .failure(format!("there is no suggestion for `{tag}` of `{resource}`"))
                .help(format!("write the value: `{tag}=VALUE`"))
        });
        Ok(request.change(Some(value?)))
    };
    requests.iter().map(change).collect()
}
