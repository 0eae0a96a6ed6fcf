//! Documentation before it has a format.

use tagpol_sema::program::Severity;

/// All pages of a documentation; the first is the overview.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Name of the project.
    pub title: String,
    /// In the order in which they are read.
    pub pages: Vec<Page>,
}

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Which.
    pub topic: Topic,
    /// Its content, without its heading.
    pub blocks: Vec<Block>,
}

/// What a page is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are clear")]
pub enum Topic {
    Overview,
    Tags,
    Rules,
    Policies,
    Controls,
    Goals,
    Tests,
}

impl Topic {
    /// Returns the name of its file, without an extension.
    pub fn file(self) -> &'static str {
        match self {
            Self::Overview => "index",
            Self::Tags => "tags",
            Self::Rules => "rules",
            Self::Policies => "policies",
            Self::Controls => "controls",
            Self::Goals => "goals",
            Self::Tests => "tests",
        }
    }

    /// Returns its heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Tags => "Tags",
            Self::Rules => "Rules",
            Self::Policies => "Policies",
            Self::Controls => "Controls",
            Self::Goals => "Goals",
            Self::Tests => "Tests",
        }
    }
}

/// A part of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A heading between items of a page.
    Section(&'static str),
    /// The heading of an item, which links lead to.
    Item(Anchor),
    /// Prose.
    Paragraph(Text),
    /// A list without an order.
    List(Vec<Text>),
    /// A list in an order that means something.
    Steps(Vec<Text>),
    /// Properties of an item.
    Facts(Vec<(&'static str, Text)>),
    /// A table; each row has as many cells as the head.
    Table(Vec<&'static str>, Vec<Vec<Text>>),
    /// Code on lines of its own.
    Code(String),
}

/// Text on one line.
pub type Text = Vec<Span>;

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Span {
    /// As it is.
    Plain(String),
    /// A piece of the language, or a name.
    Code(String),
    /// Emphasised.
    Strong(String),
    /// The name of an item, and the way to it.
    Link(Anchor),
    /// A severity or an importance.
    Level(Severity),
    /// The way to a page, and what it is called here.
    Page(Topic, String),
}

/// The heading of an item.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Anchor {
    /// What it is.
    pub kind: Kind,
    /// Its name.
    pub name: String,
}

/// What has a heading of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are those of the language")]
pub enum Kind {
    Tag,
    Rule,
    Define,
    Table,
    Policy,
    Framework,
    Goal,
    Allocation,
}

impl Kind {
    /// Returns the word before the name in its heading.
    pub fn word(self) -> &'static str {
        match self {
            Self::Tag => "Tag",
            Self::Rule => "Rule",
            Self::Define => "Predicate",
            Self::Table => "Table",
            Self::Policy => "Policy",
            Self::Framework => "Framework",
            Self::Goal => "Goal",
            Self::Allocation => "Allocation",
        }
    }
}

impl Anchor {
    /// Returns the page it is on.
    pub fn topic(&self) -> Topic {
        match self.kind {
            Kind::Tag => Topic::Tags,
            Kind::Rule | Kind::Define | Kind::Table => Topic::Rules,
            Kind::Policy => Topic::Policies,
            Kind::Framework => Topic::Controls,
            Kind::Goal | Kind::Allocation => Topic::Goals,
        }
    }

    /// Returns its id. Markdown renderers make the same of the heading `Tag owner`, since a name of
    /// the language has no letter that they would change.
    pub fn id(&self) -> String {
        format!("{}-{}", self.kind.word(), self.name).to_lowercase()
    }
}

/// Returns a text on one line; what is left of control characters and the like is for the formats to escape.
pub(crate) fn one_line(text: &str) -> String {
    text.replace(['\n', '\r', '\t'], " ")
}
