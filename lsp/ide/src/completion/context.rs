//! Where the cursor is: in which block, and behind what in its statement.

use super::lexer::{Kind, Lexeme, OpenEnd, is_word_char, lex};

/// The block that the cursor is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Block {
    File,
    /// Of an item, by its keyword.
    Item(&'static str),
    Given,
    Tags,
    Meta,
    Shares,
    UseList,
}

/// Where the cursor is.
#[derive(Debug)]
pub(super) struct Context<'t> {
    pub(super) block: Block,
    /// The words of the statement before the one at the cursor.
    pub(super) before: Vec<Lexeme<'t>>,
    /// The words of the whole item before the cursor.
    pub(super) item: Vec<Lexeme<'t>>,
    /// Where the word at the cursor begins.
    pub(super) start: usize,
    /// The text that is not closed before the cursor, where the cursor is in one.
    pub(super) in_text: bool,
    /// Within the braces of a template, its text from the brace to the word: `resource.`.
    pub(super) template: Option<&'t str>,
    /// Whether nothing but white space stands before the word on its line.
    pub(super) begins_line: bool,
    /// The first words of the statements of the block, before the cursor and after it.
    pub(super) written: Vec<&'t str>,
}

/// The keywords that items begin with, in the order in which a project is written.
pub(super) const ITEMS: [&str; 14] = [
    "tag",
    "normalize",
    "define",
    "rule",
    "policy",
    "test",
    "exempt",
    "use",
    "table",
    "list",
    "relation",
    "goal",
    "allocate",
    "infer",
];

/// Returns the keywords that statements of a block begin with, in the order in which they are written.
pub(super) fn statements(block: Block) -> &'static [&'static str] {
    match block {
        Block::File => &ITEMS,
        Block::Item("tag") => &["importance", "default", "example"],
        Block::Item("normalize") => &["keys", "write", "map", "transform", "otherwise"],
        Block::Item("rule") => &["when", "fill", "set"],
        Block::Item("policy") => {
            &["severity", "for", "require", "forbid", "grace", "escalate", "control", "remediate"]
        }
        Block::Item("exempt") => &["for", "until", "because"],
        Block::Item("test") => &["given", "expect", "at"],
        Block::Item("infer") => &["apply", "suggest"],
        Block::Item("goal") => &["coverage", "at", "for", "severity"],
        Block::Item("allocate") => &["from", "to", "split"],
        Block::Given => &[
            "name",
            "type",
            "tags",
            "account",
            "provider",
            "region",
            "monthly-cost",
            "created",
            "meta",
            "id",
            "source",
        ],
        _ => &[],
    }
}

/// Finds out where an offset of a text is. None within comments and regular expressions, where nothing
/// is completed.
pub(super) fn context(text: &str, offset: usize) -> Option<Context<'_>> {
    let before = text.get(..offset)?;
    let chunk_start = item_start(before);
    let chunk = before.get(chunk_start..)?;
    let word = chunk
        .rfind(|c: char| !is_word_char(c))
        .map_or(0, |at| at + chunk.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8));
    let lexed = lex(chunk);
    let in_text = match lexed.open {
        Some((OpenEnd::Text, at)) => Some(at + 1),
        Some(_) => return None,
        None => None,
    };
    let start = in_text.unwrap_or(word);
    let mut item = lexed.lexemes;
    item.retain(|lexeme| lexeme.end() <= start && (in_text.is_none() || lexeme.at + 1 < start));
    let Enclosing { block, first, mut written } = enclosing(&item);
    written.extend(written_after(block, text.get(offset..).unwrap_or_default()));
    let mut before = item.get(first..).unwrap_or_default().to_vec();
    let template = in_text.and_then(|from| open_template(chunk.get(from..)?));
    let start = if template.is_some() { word } else { start };
    let line = chunk.get(..start).and_then(|text| text.rsplit('\n').next()).unwrap_or_default();
    let begins_line = in_text.is_none() && line.trim().is_empty();
    // Between items a line that begins at the margin is a new item, unless the one before wants more.
    if block == Block::File
        && begins_line
        && line.is_empty()
        && before.last().is_none_or(|last| !wants_more(last))
    {
        before.clear();
    }
    let (start, in_text) = (chunk_start + start, in_text.is_some());
    Some(Context { block, before, item, start, in_text, template, begins_line, written })
}

/// The text of a literal behind its last brace, up to the word at its end; None if no brace is open.
fn open_template(text: &str) -> Option<&str> {
    let open = text.rfind('{')?;
    let is_escaped = text.get(..open)?.ends_with('\\');
    let inner = text.get(open + 1..)?;
    let path = inner.trim_end_matches(is_word_char);
    let is_open = inner.chars().all(|c| is_word_char(c) || c == '.');
    (is_open && !is_escaped).then_some(path)
}

/// The first words of the statements that follow the cursor in its block.
fn written_after(block: Block, text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    if block == Block::File {
        return found;
    }
    let mut depth = 0_usize;
    for word in lex(text).lexemes {
        match word.text {
            "{" => depth += 1,
            "}" if depth == 0 => break,
            "}" => depth -= 1,
            text if depth == 0 && word.begins_line && statements(block).contains(&text) => found.push(text),
            _ => {}
        }
    }
    found
}

/// The first byte of the last line that an item plainly begins on.
fn item_start(before: &str) -> usize {
    let mut end = before.len();
    loop {
        let start = before.get(..end).and_then(|text| text.rfind('\n')).map_or(0, |at| at + 1);
        let line = before.get(start..).unwrap_or_default();
        let word = line.split(|c: char| !is_word_char(c)).next().unwrap_or_default();
        // The word at the cursor itself may be the beginning of anything.
        let is_whole = start + word.len() < before.len();
        if start == 0 || line.starts_with('@') || (is_whole && ITEMS.contains(&word)) {
            return start;
        }
        end = start - 1;
    }
}

/// The block at the end of some words.
struct Enclosing<'t> {
    block: Block,
    /// The index of the first word of its last statement.
    first: usize,
    /// The first words of its statements.
    written: Vec<&'t str>,
}

/// Returns the block at the end of some words.
fn enclosing<'t>(words: &[Lexeme<'t>]) -> Enclosing<'t> {
    let mut blocks: Vec<(Block, Vec<&'t str>)> = Vec::new();
    let mut brackets = 0_usize;
    let mut first = 0;
    let mut previous: Option<&Lexeme<'_>> = None;
    for (i, word) in words.iter().enumerate() {
        let block = blocks.last().map_or(Block::File, |(block, _)| *block);
        match word.text {
            "{" if word.kind == Kind::Punct => {
                blocks.push((opened(block, words.get(first..i).unwrap_or_default()), Vec::new()));
                first = i + 1;
                brackets = 0;
            }
            "}" if word.kind == Kind::Punct => {
                blocks.pop();
                first = i + 1;
                brackets = 0;
            }
            "[" | "(" if word.kind == Kind::Punct => brackets += 1,
            "]" | ")" if word.kind == Kind::Punct => brackets = brackets.saturating_sub(1),
            _ if brackets == 0 && begins_statement(block, word, previous) => {
                first = i;
                blocks.iter_mut().last().into_iter().for_each(|(_, written)| written.push(word.text));
            }
            _ => {}
        }
        previous = Some(word);
    }
    let (block, written) = blocks.pop().unwrap_or((Block::File, Vec::new()));
    Enclosing { block, first, written }
}

/// The block that the brace behind a statement opens.
fn opened(block: Block, statement: &[Lexeme<'_>]) -> Block {
    let first = statement.iter().find(|word| !word.is("@")).map_or("", |word| word.text);
    match (block, first) {
        (Block::Item("test"), "given") => Block::Given,
        (Block::Given, "tags") => Block::Tags,
        (Block::Given, "meta") => Block::Meta,
        (Block::Item("allocate"), "split") => Block::Shares,
        (Block::File, _) if statement.iter().any(|word| word.is("use")) => Block::UseList,
        (Block::File, _) => {
            let keyword = statement.iter().find_map(|word| ITEMS.iter().find(|item| word.is(item)));
            keyword.map_or(Block::File, |keyword| Block::Item(keyword))
        }
        (other, _) => other,
    }
}

/// Whether a word begins a statement: it is the keyword of one, and the word before wants no operand.
fn begins_statement(block: Block, word: &Lexeme<'_>, previous: Option<&Lexeme<'_>>) -> bool {
    if word.kind != Kind::Word || !statements(block).contains(&word.text) {
        return false;
    }
    let Some(previous) = previous else { return true };
    if word.begins_line {
        return true;
    }
    !wants_more(previous)
}

/// Whether a statement cannot end behind a word.
fn wants_more(word: &Lexeme<'_>) -> bool {
    let is_open = word.kind == Kind::Punct && !matches!(word.text, "{" | "}" | "]" | ")");
    let is_prefix = word.kind == Kind::Word
        && matches!(
            word.text,
            "and"
                | "or"
                | "not"
                | "in"
                | "is"
                | "set"
                | "fill"
                | "require"
                | "forbid"
                | "when"
                | "where"
                | "normalize"
                | "remediate"
                | "expect"
                | "from"
                | "to"
                | "every"
                | "severity"
                | "importance"
        );
    is_open || is_prefix
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The block and the statement before the cursor `$0`.
    fn at(text: &str) -> String {
        let offset = text.find("$0").unwrap();
        let Some(context) = context(text, offset) else { return "nothing".to_owned() };
        let words: Vec<&str> = context.before.iter().map(|word| word.text).collect();
        format!("{:?}: {}", context.block, words.join(" "))
    }

    #[test]
    fn blocks_and_statements() {
        for (text, expected) in [
            ("$0", "File: "),
            ("tag a: text\npo$0", "File: "),
            ("tag a: $0", "File: tag a :"),
            ("tag a: text {\n  imp$0", "Item(\"tag\"): "),
            ("policy p {\n  severity high\n  require a == $0\n}", "Item(\"policy\"): require a =="),
            (
                "policy p { severity high  for resource where b and $0",
                "Item(\"policy\"): for resource where b and",
            ),
            ("policy p {\n  require a in [b, $0]", "Item(\"policy\"): require a in [ b ,"),
            ("test \"x\" {\n  given g { name \"a\"  $0", "Given: name \"a\""),
            ("test \"x\" {\n  given { tags { a: \"b\" }  $0", "Given: "),
            ("test \"x\" {\n  given { name \"a\" }\n  expect $0", "Item(\"test\"): expect"),
            ("use std::taxonomy::{$0", "UseList: "),
            ("@allow($0", "File: @ allow ("),
            ("define a = b\nrule r {\n  fill a = $0", "Item(\"rule\"): fill a ="),
            ("rule r {\n  fill a = \"b\" // $0", "nothing"),
            ("rule r {\n  when a matches /b$0", "nothing"),
        ] {
            assert_eq!(at(text), expected, "{text}");
        }
    }

    #[test]
    fn in_texts() {
        let context = context("define a = native[\"Ow", 21).unwrap();
        assert!(context.in_text);
        assert_eq!(context.start, 19);
        assert_eq!(context.before.last().unwrap().text, "[");
    }
}
