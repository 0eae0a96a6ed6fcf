//! Questions about an evaluation, and answers that state only what was computed.
//!
//! ```text
//! question -- question --> what to look up, and the facts that matter
//! look-ups -- tools --> more facts
//! facts + question + memory -- prompt --> a model -- reply --> statements that cite facts, a look-up, or a proposal
//! statements -- check --> steps that state nothing that their facts lack
//! ```
//!
//! In: an [`AdviceInput`], a [`Memory`], [`Tools`], and a [`Model`] if there is one. Out: an [`Answer`], and [`Event`]s while
//! it is made. Promises that an answer ends, that it states nothing that its facts lack whoever worded it, that a proposal is
//! shown only after it was checked and measured, and that a model reads foreign texts as aliases unless they are shared.
//! Knows no terminal, no network, no clock and no database. Without a model, and if a model fails, the facts themselves are
//! the answer.

mod memory;
mod prompt;
mod proposal;
mod question;
mod reply;
mod tools;
mod turn;

pub use crate::check::is_plain;
pub use memory::{Memory, Text, Turn};
pub use tools::{
    Draft, FoundChange, FoundChanges, FoundCost, FoundCosts, FoundFinding, FoundFindings, FoundResource,
    FoundTag, LISTED, Measured, ToolCall, ToolResult, Tools, Vocabulary,
};

use serde_json::Value;

use crate::advice::{Rejection, Step};
use crate::facts::{FactId, Facts};
use crate::input::AdviceInput;
use crate::prompt::{Prompt, Values};
use crate::sentence::Part;

use question::Question;

/// A model that is asked.
pub trait Model {
    /// Asks it. `progress` is called with the text so far.
    ///
    /// # Errors
    /// [`ModelFailure`].
    fn ask(
        &mut self,
        prompt: &Prompt,
        schema: Value,
        progress: &mut dyn FnMut(&str),
    ) -> Result<ModelReply, ModelFailure>;
}

/// What is asked in a build without language models. There is none.
#[derive(Debug)]
pub enum NoModel {}

impl Model for NoModel {
    fn ask(&mut self, _: &Prompt, _: Value, _: &mut dyn FnMut(&str)) -> Result<ModelReply, ModelFailure> {
        match *self {}
    }
}

/// What a model answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelReply {
    /// The text, which is foreign.
    pub text: String,
    /// The model, as `openai gpt-x`.
    pub model: String,
}

/// Why a model gave no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelFailure {
    /// The reason for people, with nothing of what the model sent.
    pub reason: String,
    /// Whether a shorter question can have an answer.
    pub is_too_long: bool,
}

/// What happens while an answer is made, in the order in which it happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'a> {
    /// Something is looked up.
    Call(&'a ToolCall),
    /// The next part of a statement that a model is writing, checked: nothing that follows changes it. Parts of words are
    /// the continuation of words before them.
    Part(&'a Part),
    /// The statement that was being written was rejected: what was shown of it is to be forgotten.
    Withdrawn,
    /// A statement is complete. It replaces the parts that were shown of it.
    Step(&'a Step),
    /// The answer begins again, or the model has none: all its statements so far are to be forgotten.
    Restarted,
    /// Something is proposed.
    Proposal(&'a Proposal),
}

/// Items of the language that were proposed, checked and measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The items, formatted; a text of the language.
    pub text: String,
    /// What they would change, as facts.
    pub facts: Vec<FactId>,
    /// Whether a model wrote them.
    pub is_of_model: bool,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// Its statements.
    pub steps: Vec<Step>,
    /// What is proposed. None: nothing.
    pub proposal: Option<Proposal>,
    /// Why a proposal is not shown. None: there is none, or it is shown.
    pub rejected_proposal: Option<String>,
    /// What was looked up.
    pub calls: Vec<ToolCall>,
    /// Statements of a model that cite nothing that could be shown in their place, with the reason.
    pub left_out: Vec<Rejection>,
    /// Words of the question or of a model that a look-up did not understand, or why it found nothing.
    pub notes: Vec<&'static str>,
    /// The model that worded statements. None: none did.
    pub model: Option<String>,
    /// Why no model answered, or why its answer ends early. None: none was asked, or it answered.
    pub without_model: Option<String>,
}

impl Answer {
    /// Returns the facts that it cites, in the order of their numbers.
    pub fn cited(&self) -> Vec<FactId> {
        let of_proposal = self.proposal.iter().flat_map(|proposal| &proposal.facts);
        let mut ids: Vec<FactId> =
            self.steps.iter().flat_map(|step| &step.facts).chain(of_proposal).copied().collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}

/// A conversation about one evaluation.
#[derive(Debug, Clone)]
pub struct Conversation {
    /// Only what facts of look-ups need: the currency.
    input: AdviceInput,
    facts: Facts,
    memory: Memory,
    values: Values,
    before: Option<Question>,
}

impl Conversation {
    /// Begins or continues a conversation. The facts are those of the evaluation; the memory can be of another one.
    pub fn new(input: &AdviceInput, memory: Memory, values: Values) -> Self {
        let facts = Facts::new(input);
        let input = AdviceInput { currency: input.currency.clone(), ..AdviceInput::default() };
        Self { input, facts, memory, values, before: None }
    }

    /// Returns all facts so far.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Returns what is to be kept to continue it later.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Lets answers be about a framework first, or about all alike.
    pub fn set_framework(&mut self, framework: Option<String>) {
        self.memory.framework = framework;
    }

    /// Forgets all turns.
    pub fn forget(&mut self) {
        self.memory.forget();
        self.before = None;
    }

    /// Answers a question. Without a model, and if it fails, the facts that matter are the answer.
    pub fn ask(
        &mut self,
        text: &str,
        tools: &mut dyn Tools,
        model: Option<&mut dyn Model>,
        listener: &mut dyn FnMut(Event<'_>),
    ) -> Answer {
        turn::Running::new(self, text, tools, listener).answer(model)
    }

    /// Looks something up as a person asks for it, without a question.
    pub fn call(&mut self, call: ToolCall, tools: &mut dyn Tools) -> Answer {
        let mut answer = Answer::default();
        let result = tools.call(&call);
        if let ToolResult::Nothing(reason) = result {
            answer.notes.push(reason);
        }
        let ids = tools::add_facts(&mut self.facts, &self.input, &result);
        answer.steps = turn::templates(&self.facts, &ids);
        answer.calls.push(call);
        answer
    }
}
