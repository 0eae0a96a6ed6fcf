//! One question and its answer.

use std::collections::BTreeSet;

use super::memory::{self, Turn};
use super::prompt::Parts;
use super::question::Question;
use super::reply::{Reply, Stated};
use super::tools::{self, Draft, ToolCall, ToolResult, Tools, Vocabulary};
use super::{Answer, Conversation, Event, Model, Proposal, proposal};
use crate::advice::{Origin, Rejection, Step};
use crate::check;
use crate::facts::{Fact, FactId, Facts};
use crate::filter;
use crate::prompt::{Aliases, NotAnAnswer};
use crate::sentence::{Part, Sentence};

/// Look-ups that a model may want for one question.
const ROUNDS: usize = 3;

/// Facts that a model reads if its context is too short for all.
const FEWEST: usize = 4;

/// Facts of look-ups that a model reads.
const FOUND: usize = 16;

/// A question that is being answered.
pub(super) struct Running<'c, 'r> {
    conversation: &'c mut Conversation,
    tools: &'r mut dyn Tools,
    listener: &'r mut dyn FnMut(Event<'_>),
    vocabulary: Vocabulary,
    raw: String,
    question: Question,
    /// Facts that were looked up for the question.
    found: Vec<FactId>,
    answer: Answer,
}

/// How a round with a model ended.
enum Round {
    /// It answered, or cannot.
    Done,
    /// It wants to read more.
    Again,
}

impl<'c, 'r> Running<'c, 'r> {
    pub(super) fn new(
        conversation: &'c mut Conversation,
        text: &str,
        tools: &'r mut dyn Tools,
        listener: &'r mut dyn FnMut(Event<'_>),
    ) -> Self {
        let vocabulary = tools.vocabulary();
        let question = Question::new(text, &vocabulary);
        let (raw, answer) = (text.to_owned(), Answer::default());
        Self { conversation, tools, listener, vocabulary, raw, question, found: Vec::new(), answer }
    }

    pub(super) fn answer(mut self, model: Option<&mut dyn Model>) -> Answer {
        for call in self.question.calls(&self.vocabulary) {
            self.call(call);
        }
        if let Some(model) = model {
            self.with_model(model);
        }
        if self.answer.proposal.is_none()
            && let Some(text) = proposal::policy(&self.question, &self.raw, &self.vocabulary)
        {
            self.propose(&text, false);
        }
        if self.answer.proposal.is_none() && !self.is_answered() {
            self.without_model();
        }
        self.remember();
        self.answer
    }

    /// Looks something up.
    fn call(&mut self, call: ToolCall) {
        (self.listener)(Event::Call(&call));
        let result = self.tools.call(&call);
        if let ToolResult::Nothing(reason) = result {
            self.answer.notes.push(reason);
        }
        let conversation = &mut *self.conversation;
        self.found.extend(tools::add_facts(&mut conversation.facts, &conversation.input, &result));
        self.answer.calls.push(call);
    }

    /// Whether a statement of a model was accepted, about what was looked up if anything was.
    fn is_answered(&self) -> bool {
        let is_about =
            |step: &Step| self.found.is_empty() || step.facts.iter().any(|id| self.found.contains(id));
        self.answer.steps.iter().any(|step| step.origin == Origin::Model && is_about(step))
    }

    /// Answers with the facts that matter, as far as they are not there yet.
    fn without_model(&mut self) {
        let ids = if self.answer.calls.is_empty() { self.relevant(false) } else { self.found.clone() };
        for step in templates(&self.conversation.facts, &ids) {
            if self.answer.steps.iter().any(|other| other.sentence == step.sentence) {
                continue;
            }
            (self.listener)(Event::Step(&step));
            self.answer.steps.push(step);
        }
    }

    fn relevant(&self, is_for_model: bool) -> Vec<FactId> {
        let conversation = &*self.conversation;
        let framework = conversation.memory.framework.as_deref();
        self.question.relevant(&conversation.facts, framework, conversation.before.as_ref(), is_for_model)
    }

    /// Asks a model, looks up what it wants, and asks again.
    fn with_model(&mut self, model: &mut dyn Model) {
        let mut is_short = false;
        for round in 0..=ROUNDS {
            match self.round(model, round < ROUNDS, &mut is_short) {
                Round::Done => break,
                Round::Again => {}
            }
        }
        if self.answer.model.is_some() && self.answer.steps.is_empty() && self.answer.proposal.is_none() {
            self.answer.without_model =
                self.answer.model.take().map(|name| format!("{name}: it stated no fact"));
        }
    }

    fn round(&mut self, model: &mut dyn Model, has_tools: bool, is_short: &mut bool) -> Round {
        let shown = self.shown(*is_short);
        let aliases = self.aliases();
        let conversation = &*self.conversation;
        let parts = Parts {
            facts: &conversation.facts,
            shown: &shown,
            aliases: &aliases,
            question: &self.question.text,
            memory: (!*is_short).then_some(&conversation.memory),
            framework: conversation.memory.framework.as_deref(),
            notes: &self.answer.notes,
            values: conversation.values,
        };
        let listener = &mut *self.listener;
        let mut statements = Statements::new(&conversation.facts, &shown, &aliases);
        let mut progress = |text: &str| statements.read(text, listener);
        let reply = match model.ask(&parts.prompt(), Reply::schema(&shown, has_tools), &mut progress) {
            Ok(reply) => reply,
            Err(failure) if failure.is_too_long && !*is_short => {
                statements.restart(listener);
                *is_short = true;
                return Round::Again;
            }
            Err(failure) => {
                // What is complete of a half answer was checked like all others.
                statements.withdraw(listener);
                let Statements { steps, left_out, .. } = statements;
                (self.answer.steps, self.answer.left_out) = (steps, left_out);
                self.answer.without_model = Some(failure.reason);
                return Round::Done;
            }
        };
        let Some(parsed) = Reply::parse(&reply.text) else {
            statements.restart(listener);
            self.answer.without_model = Some(format!("{}: {NotAnAnswer}", reply.model));
            return Round::Done;
        };
        self.answer.model = Some(reply.model);
        if parsed.wants_tool() && has_tools {
            statements.restart(listener);
            let call = self.wanted(&parsed, &aliases);
            match call.filter(|call| !self.answer.calls.contains(call)) {
                Some(call) => self.call(call),
                None => self.answer.notes.push("the look-up was not understood, or is among the facts"),
            }
            return Round::Again;
        }
        statements.read(&reply.text, listener);
        statements.finish(&parsed.statements, listener);
        let Statements { steps, left_out, .. } = statements;
        self.answer.steps = steps;
        self.answer.left_out = left_out;
        if !parsed.patch.trim().is_empty() {
            self.propose_of_model(&parsed.patch, &shown, &aliases);
        }
        Round::Done
    }

    /// Returns the facts that the model reads: what was looked up, and what matters.
    fn shown(&self, is_short: bool) -> Vec<FactId> {
        let mut shown: Vec<FactId> = self.found.iter().copied().take(FOUND).collect();
        shown.extend(self.relevant(true));
        let mut seen = BTreeSet::new();
        shown.retain(|id| seen.insert(*id));
        if is_short {
            shown.truncate(FEWEST);
        }
        shown
    }

    /// Numbers all foreign texts that the model can read or write.
    fn aliases(&self) -> Aliases {
        let mut aliases = Aliases::of(self.conversation.facts.all());
        let turns = self.conversation.memory.turns();
        let of_turns = turns.flat_map(|turn| turn.question.iter().chain(turn.answer.iter().flatten()));
        for text in of_turns.chain(&self.question.text) {
            if let memory::Text::Value(value) = text {
                aliases.add(value);
            }
        }
        aliases
    }

    /// Returns the look-up that a model wants. None if it cannot be understood.
    fn wanted(&self, reply: &Reply, aliases: &Aliases) -> Option<ToolCall> {
        let argument = with_values(&reply.argument, aliases);
        let argument = argument.trim();
        match reply.tool.as_str() {
            "findings" if argument.is_empty() => Some(ToolCall::Findings { condition: None }),
            "findings" => {
                let condition = filter::read(argument, &self.vocabulary.filter).condition?;
                Some(ToolCall::Findings { condition: Some(condition) })
            }
            "explain" => {
                let resource = argument.split_whitespace().next()?.to_owned();
                Some(ToolCall::Explain { resource })
            }
            "cost" => Some(ToolCall::Cost { by: Some(argument.to_owned()).filter(|by| !by.is_empty()) }),
            "diff" => Some(ToolCall::Diff),
            _ => None,
        }
    }

    fn propose_of_model(&mut self, text: &str, shown: &[FactId], aliases: &Aliases) {
        let facts = shown.iter().filter_map(|id| self.conversation.facts.get(*id));
        let of_facts = facts.flat_map(|fact| fact.atoms()).filter(|part| !matches!(part, Part::Value(_)));
        let numbers: BTreeSet<String> = of_facts
            .flat_map(|part| numbers(&part.plain()))
            .chain(self.question.text.iter().flat_map(|text| match text {
                memory::Text::Words(text) | memory::Text::Value(text) => numbers(text),
            }))
            .collect();
        let has_number = |number: &str| numbers.contains(number);
        let value_of = |alias: &str| aliases.value_of(alias).map(str::to_owned);
        let measured = self.tools.measure(&Draft { text, value_of: &value_of, has_number: &has_number });
        self.take_over(measured, true);
    }

    /// Proposes items that follow from the words of the question.
    fn propose(&mut self, text: &str, is_of_model: bool) {
        let draft = Draft { text, value_of: &|_| None, has_number: &|_| true };
        let measured = self.tools.measure(&draft);
        self.take_over(measured, is_of_model);
    }

    fn take_over(&mut self, measured: Result<tools::Measured, String>, is_of_model: bool) {
        match measured {
            Ok(measured) => {
                let facts = tools::add_measure(&mut self.conversation.facts, &measured.changes);
                let proposal = Proposal { text: measured.text, facts, is_of_model };
                (self.listener)(Event::Proposal(&proposal));
                self.answer.proposal = Some(proposal);
                self.answer.rejected_proposal = None;
            }
            Err(reason) => self.answer.rejected_proposal = Some(reason),
        }
    }

    fn remember(&mut self) {
        let question = std::mem::take(&mut self.question);
        let answer = self.answer.steps.iter().map(|step| memory::texts(&step.sentence)).collect();
        let proposal = self.answer.proposal.as_ref().map(|proposal| memory::short(&proposal.text));
        self.conversation.memory.add(Turn { question: question.text.clone(), answer, proposal });
        self.conversation.before = Some(question);
    }
}

/// Returns facts as statements of this program.
pub(super) fn templates(facts: &Facts, ids: &[FactId]) -> Vec<Step> {
    let step = |fact: &Fact| Step {
        facts: vec![fact.id],
        sentence: fact.sentence.clone(),
        origin: Origin::Template,
    };
    ids.iter().filter_map(|id| facts.get(*id)).map(step).collect()
}

/// Replaces the aliases of a text by what they stand for.
fn with_values(text: &str, aliases: &Aliases) -> String {
    let word = |word: &str| {
        let core = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        aliases.value_of(core).map_or_else(|| word.to_owned(), |value| word.replacen(core, value, 1))
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// Returns the numbers in a text, without the commas of thousands.
fn numbers(text: &str) -> Vec<String> {
    let text = text.replace(',', "");
    let numbers =
        text.split(|c: char| !c.is_ascii_digit() && c != '.').map(|number| number.trim_matches('.'));
    numbers.filter(|number| !number.is_empty()).map(str::to_owned).collect()
}

/// The statements of an answer, while it is being written.
struct Statements<'a> {
    facts: &'a Facts,
    shown: &'a [FactId],
    aliases: &'a Aliases,
    /// The answer so far.
    text: String,
    /// Statements that are complete.
    complete: usize,
    /// What was shown of the statement that is being written.
    sentence: Sentence,
    steps: Vec<Step>,
    left_out: Vec<Rejection>,
}

impl<'a> Statements<'a> {
    fn new(facts: &'a Facts, shown: &'a [FactId], aliases: &'a Aliases) -> Self {
        Self {
            facts,
            shown,
            aliases,
            text: String::new(),
            complete: 0,
            sentence: Sentence::default(),
            steps: Vec::new(),
            left_out: Vec::new(),
        }
    }

    /// Forgets all: the answer begins again, or is none.
    fn restart(&mut self, listener: &mut dyn FnMut(Event<'_>)) {
        if !self.steps.is_empty() || !self.sentence.0.is_empty() {
            listener(Event::Restarted);
        }
        *self = Self::new(self.facts, self.shown, self.aliases);
    }

    /// Forgets what was shown of the statement that is being written.
    fn withdraw(&mut self, listener: &mut dyn FnMut(Event<'_>)) {
        if !std::mem::take(&mut self.sentence).0.is_empty() {
            listener(Event::Withdrawn);
        }
    }

    /// Reads an answer as far as it is written.
    fn read(&mut self, text: &str, listener: &mut dyn FnMut(Event<'_>)) {
        if !text.starts_with(&self.text) {
            // A stream broke off, and the model was asked again.
            self.restart(listener);
        }
        self.text = text.to_owned();
        let Some((reply, is_open)) = Reply::parse_beginning(text) else { return };
        if reply.wants_tool() {
            return;
        }
        let complete = reply.statements.len().saturating_sub(usize::from(is_open));
        while self.complete < complete {
            let Some(stated) = reply.statements.get(self.complete) else { return };
            self.state(stated, listener);
        }
        let Some(stated) = reply.statements.get(self.complete) else { return };
        let Some((_, facts)) = self.cited(stated) else { return };
        let certain = check::read_beginning(&stated.text, &facts, self.aliases);
        for part in news(&self.sentence, &certain) {
            listener(Event::Part(&part));
        }
        self.sentence = certain;
    }

    /// Reads the statements of the whole answer that are not read yet.
    fn finish(&mut self, all: &[Stated], listener: &mut dyn FnMut(Event<'_>)) {
        while let Some(stated) = all.get(self.complete) {
            self.state(stated, listener);
        }
    }

    /// Returns the facts that a statement cites. None if there are none, or others.
    fn cited(&self, stated: &Stated) -> Option<(Vec<FactId>, Vec<&'a Fact>)> {
        let ids =
            stated.cited().filter(|ids| !ids.is_empty() && ids.iter().all(|id| self.shown.contains(id)))?;
        let facts = ids.iter().filter_map(|id| self.facts.get(*id)).collect();
        Some((ids, facts))
    }

    /// Takes over a complete statement as far as its facts support it; otherwise the facts themselves are shown.
    fn state(&mut self, stated: &Stated, listener: &mut dyn FnMut(Event<'_>)) {
        self.complete += 1;
        let read =
            match self.cited(stated) {
                Some((ids, facts)) => check::read(&stated.text, &facts, &[], self.aliases)
                    .map(|sentence| Step { facts: ids, sentence, origin: Origin::Model }),
                None => Err(Rejection::UnknownFact),
            };
        let steps = match read {
            // Small models repeat themselves.
            Ok(step) if self.steps.iter().any(|other| other.sentence == step.sentence) => {
                self.withdraw(listener);
                Vec::new()
            }
            Ok(step) => vec![step],
            Err(reason) => {
                self.withdraw(listener);
                self.replacement(stated, reason)
            }
        };
        self.sentence = Sentence::default();
        for step in steps {
            listener(Event::Step(&step));
            self.steps.push(step);
        }
    }

    /// Returns the facts that a rejected statement cites, if they are not among the statements yet.
    fn replacement(&mut self, stated: &Stated, reason: Rejection) -> Vec<Step> {
        let cited = stated.facts.iter().filter_map(|text| FactId::parse(text));
        let ids: BTreeSet<FactId> = cited.filter(|id| self.shown.contains(id)).collect();
        let mut steps = templates(self.facts, &ids.into_iter().collect::<Vec<_>>());
        steps.retain(|step| !self.steps.iter().any(|other| other.sentence == step.sentence));
        steps.iter_mut().for_each(|step| step.origin = Origin::Replaced(reason));
        if steps.is_empty() {
            self.left_out.push(reason);
        }
        steps
    }
}

/// Returns the parts of a sentence that are not in its beginning.
fn news(before: &Sentence, after: &Sentence) -> Vec<Part> {
    let mut parts = Vec::new();
    for (at, part) in after.0.iter().enumerate() {
        match (before.0.get(at), part) {
            (None, part) => parts.push(part.clone()),
            (Some(Part::Words(old)), Part::Words(new)) if new.len() > old.len() => {
                let more = new.strip_prefix(old.as_ref()).unwrap_or_default().to_owned();
                parts.push(Part::Words(more.into()));
            }
            _ => {}
        }
    }
    parts
}
