//! `tagpol advise --chat` and `--ask`: questions about an evaluation, in the terminal.

use std::io::{BufRead as _, IsTerminal as _};
use std::path::Path;

use tagpol_app::advising::conversation::{Answer, Conversation, Event, Memory, Model, ToolCall, Tools as _};
use tagpol_app::advising::filter;
use tagpol_app::advising::format::{AdviceFormat, AnswerWriter, answer_json, answer_text};
use tagpol_app::conversing::{ProjectTools, keep_conversation, kept_conversation};
use tagpol_app::files::write_new;
use tagpol_app::{AppError, Project, Workspace};

use super::{model, values};
use crate::args::AdviseArgs;
use crate::context::RunContext;
use crate::failure::{Exit, Failure};
use crate::output::Output;

const HELP: &str = "\
  Ask anything about the evaluation, or type
    /findings [WORDS]   open findings, such as /findings production without owner
    /explain RESOURCE   why a resource has its tags and findings
    /cost [TAG]         costs by a tag
    /diff               what changed since the snapshot before
    /framework [NAME]   answer about a framework first; without a name about all
    /save FILE          write what was proposed last to a new file
    /forget             forget the conversation
    /quit               end
";

pub(super) fn run(
    args: &AdviseArgs,
    project: &Project,
    workspace: &Workspace<'_>,
    context: &RunContext,
    settings: Option<model::ModelSettings>,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let (path, now) = (args.project_and_analysis().0, context.now);
    let reopen = || -> Result<Project, AppError> {
        let mut project = Project::open(path.as_deref())?;
        project.set_now(now);
        Ok(project)
    };
    let tools = ProjectTools::new(workspace, context, &reopen)?;
    let framework = args.framework.as_deref().map(|name| known_framework(&tools, name)).transpose()?;
    let memory = if args.chat { kept_conversation(project) } else { Memory::default() };
    let mut conversation = Conversation::new(tools.input(), memory, values(args));
    if framework.is_some() {
        conversation.set_framework(framework);
    }
    let model = settings.as_ref().map(|settings| model::answering(settings, context)).transpose()?;
    let is_json = args.format == Some(AdviceFormat::Json);
    let mut chat = Chat { conversation, tools, model, proposal: None, output, is_json };
    for question in &args.ask {
        chat.ask(question)?;
        context.cancel.check().map_err(AppError::from)?;
    }
    if args.chat {
        chat.converse(project, context)?;
    }
    Ok(Exit::Success)
}

/// A conversation in the terminal.
struct Chat<'a, M> {
    conversation: Conversation,
    tools: ProjectTools<'a>,
    model: Option<M>,
    /// What was proposed last.
    proposal: Option<String>,
    output: &'a mut Output,
    is_json: bool,
}

/// Whether a conversation goes on.
enum Next {
    Line,
    End,
}

impl<M: Model> Chat<'_, M> {
    /// Answers the lines of standard input, and keeps the conversation after each.
    fn converse(&mut self, project: &Project, context: &RunContext) -> Result<(), Failure> {
        let is_watched = std::io::stdin().is_terminal();
        let mut lines = std::io::stdin().lock().lines();
        let turns = self.conversation.memory().turns().count();
        if is_watched {
            let kept =
                if turns > 0 { ", which goes on from the last one; /forget begins a new one" } else { "" };
            self.output.print(&format!(
                "a conversation about the evaluation{kept}; /help shows what can be typed\n"
            ))?;
        }
        loop {
            if is_watched {
                self.output.print("> ")?;
            }
            let Some(Ok(line)) = lines.next() else { break };
            if let Next::End = self.line(line.trim())? {
                break;
            }
            context.cancel.check().map_err(AppError::from)?;
            keep_conversation(project, self.conversation.memory());
        }
        Ok(())
    }

    fn line(&mut self, line: &str) -> Result<Next, Failure> {
        let (command, argument) = match line.split_once(' ') {
            Some((command, argument)) => (command, argument.trim()),
            None => (line, ""),
        };
        match command {
            "" => {}
            "/quit" | "/exit" => return Ok(Next::End),
            "/help" => self.output.print(HELP)?,
            "/forget" => {
                self.conversation.forget();
                self.output.print("  forgotten\n")?;
            }
            "/framework" => self.set_framework(argument)?,
            "/save" => self.save(Path::new(argument))?,
            "/findings" if argument.is_empty() => self.call(ToolCall::Findings { condition: None })?,
            "/findings" => match filter::read(argument, &self.tools.vocabulary().filter).condition {
                Some(condition) => self.call(ToolCall::Findings { condition: Some(condition) })?,
                None => self.output.print("  none of the words is a tag, an attribute or a value\n")?,
            },
            "/explain" => self.call(ToolCall::Explain { resource: argument.to_owned() })?,
            "/cost" => {
                let by = Some(argument.to_owned()).filter(|by| !by.is_empty());
                self.call(ToolCall::Cost { by })?;
            }
            "/diff" => self.call(ToolCall::Diff)?,
            command if command.starts_with('/') => self.output.print(HELP)?,
            _ => self.ask(line)?,
        }
        Ok(Next::Line)
    }

    /// Answers a question, and shows the answer while it is made.
    fn ask(&mut self, question: &str) -> Result<(), Failure> {
        let (mut writer, mut failed) = (AnswerWriter::default(), None);
        let (output, is_json) = (&mut *self.output, self.is_json);
        let mut listener = |event: Event<'_>| {
            if let Some(text) = writer.event(event).filter(|_| !is_json && failed.is_none()) {
                failed = output.print(&text).err();
            }
        };
        let model = self.model.as_mut().map(|model| model as &mut dyn Model);
        let answer = self.conversation.ask(question, &mut self.tools, model, &mut listener);
        if let Some(failure) = failed {
            return Err(failure);
        }
        self.take_over(&answer);
        let facts = self.conversation.facts();
        match self.is_json {
            true => self.output.print_exactly(answer_json(question, &answer, facts)),
            false => self.output.print(&writer.end(&answer, facts)),
        }
    }

    fn call(&mut self, call: ToolCall) -> Result<(), Failure> {
        let answer = self.conversation.call(call, &mut self.tools);
        self.output.print(&answer_text(&answer, self.conversation.facts()))
    }

    fn take_over(&mut self, answer: &Answer) {
        if let Some(proposal) = &answer.proposal {
            self.proposal = Some(proposal.text.clone());
        }
    }

    fn set_framework(&mut self, name: &str) -> Result<(), Failure> {
        if name.is_empty() {
            self.conversation.set_framework(None);
            return self.output.print("  all frameworks alike\n");
        }
        match known_framework(&self.tools, name) {
            Ok(name) => {
                self.output.print(&format!("  {name} first\n"))?;
                self.conversation.set_framework(Some(name));
                Ok(())
            }
            Err(failure) => self.output.print(&format!("  {}\n", failure.message)),
        }
    }

    /// Writes what was proposed last to a new file.
    fn save(&mut self, path: &Path) -> Result<(), Failure> {
        let Some(text) = &self.proposal else { return self.output.print("  nothing was proposed yet\n") };
        if path.extension().is_none_or(|extension| extension != "tagpol") {
            return self.output.print("  name a file that ends in .tagpol\n");
        }
        match write_new(path, text) {
            Ok(()) => self.output.print(&format!("  wrote `{}`\n", path.display())),
            Err(error) => self.output.print(&format!("  {error}\n")),
        }
    }
}

/// Returns a framework as the policies write it.
fn known_framework(tools: &ProjectTools<'_>, name: &str) -> Result<String, Failure> {
    let known = tools.frameworks();
    let found = known.iter().find(|framework| framework.eq_ignore_ascii_case(name));
    found.map(|framework| (*framework).to_owned()).ok_or_else(|| {
        let names = known.iter().copied().collect::<Vec<_>>().join(", ");
        let message = format!("no policy supports a control of the framework `{name}`");
        match names.as_str() {
            "" => {
                Failure::usage(message).help("write `control NAME \"ID\"` into the policies that support one")
            }
            names => Failure::usage(message).help(format!("the policies support {names}")),
        }
    })
}
