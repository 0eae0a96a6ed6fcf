//! Text to tokens, for the grammar over tokens.
//!
//! It knows what the alphabet of characters says of tokens, and nothing of what they make together. It
//! needs to agree with that alphabet where the text is in order, and may give up (with [`STRANGE`]) on
//! anything else.

/// The tokens of a text.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    /// One character of two bytes a token: see `tokens.pest`.
    pub(crate) codes: String,
    /// Where each token stands, in bytes.
    pub(crate) spans: Vec<(usize, usize)>,
    /// Where the comments stand, in bytes.
    pub(crate) comments: Vec<(usize, usize)>,
}

/// Bytes of a token in [`Tokens::codes`].
pub(crate) const CODE_LENGTH: usize = 2;

const COLON: char = '\u{80}';
const PATH_SEP: char = '\u{81}';
const COMMA: char = '\u{82}';
const EQ: char = '\u{83}';
const ARROW: char = '\u{84}';
const OPEN_BRACE: char = '\u{85}';
const CLOSE_BRACE: char = '\u{86}';
const OPEN_BRACKET: char = '\u{87}';
const CLOSE_BRACKET: char = '\u{88}';
const OPEN_PAREN: char = '\u{89}';
/// A parenthesis behind a word on the same line.
const OPEN_CALL: char = '\u{8A}';
const CLOSE_PAREN: char = '\u{8B}';
const AT_SIGN: char = '\u{8C}';
const DOT: char = '\u{8D}';
const SLASH: char = '\u{8E}';
const SIGN: char = '\u{8F}';
const STRING: char = '\u{90}';
const REGEX: char = '\u{91}';
const DATE: char = '\u{92}';
const NUMBER: char = '\u{93}';
/// A number with a unit behind it.
const AMOUNT: char = '\u{94}';
const EQUALS: char = '\u{95}';
/// Another operator that compares.
const COMPARES: char = '\u{96}';
/// What no rule takes.
const STRANGE: char = '\u{9F}';
/// A name that is not a keyword, or in backticks.
const NAME: char = '\u{100}';
/// From the code of a keyword to that of the same keyword where it begins a statement.
const TO_STATEMENT: u32 = 0x100;

/// What a keyword begins where the right word follows it on its line, so that it is not a name there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begins {
    Nothing,
    Statement,
    Item,
    /// `test "…"`
    Test,
    /// `for resource`, `for each`
    For,
    /// `set team = …`; in `owner is set until …` it is a test.
    Action,
}

/// The keywords, in the order of the alphabet.
const KEYWORDS: [(char, &str, Begins); 88] = [
    ('\u{101}', "after", Begins::Nothing),
    ('\u{102}', "allocate", Begins::Item),
    ('\u{103}', "allow", Begins::Nothing),
    ('\u{A0}', "and", Begins::Nothing),
    ('\u{14A}', "any", Begins::Nothing),
    ('\u{104}', "apply", Begins::Statement),
    ('\u{105}', "at", Begins::Statement),
    ('\u{106}', "because", Begins::Statement),
    ('\u{107}', "by", Begins::Nothing),
    ('\u{151}', "charges", Begins::Nothing),
    ('\u{108}', "contains", Begins::Nothing),
    ('\u{109}', "control", Begins::Statement),
    ('\u{10A}', "coverage", Begins::Statement),
    ('\u{10B}', "default", Begins::Statement),
    ('\u{10C}', "define", Begins::Item),
    ('\u{14F}', "each", Begins::Nothing),
    ('\u{A1}', "else", Begins::Nothing),
    ('\u{10D}', "ends", Begins::Nothing),
    ('\u{10E}', "escalate", Begins::Statement),
    ('\u{10F}', "every", Begins::Nothing),
    ('\u{110}', "example", Begins::Statement),
    ('\u{111}', "except", Begins::Nothing),
    ('\u{112}', "exempt", Begins::Item),
    ('\u{113}', "expect", Begins::Statement),
    ('\u{114}', "false", Begins::Nothing),
    ('\u{115}', "fill", Begins::Action),
    ('\u{116}', "for", Begins::For),
    ('\u{117}', "forbid", Begins::Statement),
    ('\u{118}', "from", Begins::Nothing),
    ('\u{119}', "given", Begins::Statement),
    ('\u{11A}', "goal", Begins::Item),
    ('\u{11B}', "grace", Begins::Statement),
    ('\u{11C}', "has", Begins::Nothing),
    ('\u{11D}', "importance", Begins::Statement),
    ('\u{A2}', "in", Begins::Nothing),
    ('\u{11E}', "infer", Begins::Item),
    ('\u{A3}', "is", Begins::Nothing),
    ('\u{11F}', "key", Begins::Nothing),
    ('\u{120}', "keys", Begins::Statement),
    ('\u{121}', "last", Begins::Nothing),
    ('\u{122}', "least", Begins::Nothing),
    ('\u{123}', "like", Begins::Nothing),
    ('\u{148}', "list", Begins::Item),
    ('\u{124}', "map", Begins::Statement),
    ('\u{125}', "matches", Begins::Nothing),
    ('\u{126}', "matching", Begins::Nothing),
    ('\u{149}', "meta", Begins::Nothing),
    ('\u{150}', "most", Begins::Nothing),
    ('\u{14B}', "native", Begins::Nothing),
    ('\u{127}', "next", Begins::Nothing),
    ('\u{128}', "no", Begins::Nothing),
    ('\u{129}', "normalize", Begins::Item),
    ('\u{A4}', "not", Begins::Nothing),
    ('\u{12A}', "of", Begins::Nothing),
    ('\u{12B}', "one", Begins::Nothing),
    ('\u{A5}', "or", Begins::Nothing),
    ('\u{12C}', "otherwise", Begins::Statement),
    ('\u{12D}', "policy", Begins::Item),
    ('\u{12E}', "priority", Begins::Nothing),
    ('\u{14C}', "relation", Begins::Item),
    ('\u{12F}', "remediate", Begins::Statement),
    ('\u{130}', "require", Begins::Statement),
    ('\u{131}', "resource", Begins::Nothing),
    ('\u{132}', "rule", Begins::Item),
    ('\u{133}', "set", Begins::Action),
    ('\u{134}', "severity", Begins::Statement),
    ('\u{135}', "split", Begins::Statement),
    ('\u{136}', "starts", Begins::Nothing),
    ('\u{137}', "suggest", Begins::Statement),
    ('\u{138}', "table", Begins::Item),
    ('\u{139}', "tag", Begins::Item),
    ('\u{13A}', "tags", Begins::Nothing),
    ('\u{13B}', "test", Begins::Test),
    ('\u{13C}', "text", Begins::Nothing),
    ('\u{13D}', "to", Begins::Nothing),
    ('\u{13E}', "transform", Begins::Statement),
    ('\u{13F}', "true", Begins::Nothing),
    ('\u{14D}', "unknown", Begins::Nothing),
    ('\u{140}', "until", Begins::Statement),
    ('\u{141}', "use", Begins::Item),
    ('\u{14E}', "value", Begins::Nothing),
    ('\u{142}', "violation", Begins::Nothing),
    ('\u{143}', "when", Begins::Statement),
    ('\u{144}', "where", Begins::Nothing),
    ('\u{145}', "with", Begins::Nothing),
    ('\u{146}', "within", Begins::Nothing),
    ('\u{147}', "word", Begins::Nothing),
    ('\u{152}', "write", Begins::Statement),
];

/// Words that no unit is called.
const NO_UNITS: [&str; 50] = [
    "account",
    "after",
    "and",
    "apply",
    "at",
    "because",
    "by",
    "control",
    "coverage",
    "created",
    "default",
    "else",
    "escalate",
    "example",
    "expect",
    "fill",
    "for",
    "forbid",
    "from",
    "given",
    "grace",
    "id",
    "importance",
    "in",
    "is",
    "key",
    "keys",
    "map",
    "meta",
    "monthly-cost",
    "name",
    "not",
    "or",
    "otherwise",
    "provider",
    "region",
    "remediate",
    "require",
    "set",
    "severity",
    "source",
    "split",
    "suggest",
    "tags",
    "to",
    "transform",
    "type",
    "until",
    "when",
    "write",
];

/// Splits a text into tokens.
pub(crate) fn lex(text: &str) -> Tokens {
    let mut lexer = Lexer { text, at: 0, is_called: false, is_operand: true, tokens: Tokens::default() };
    lexer.tokens.codes.reserve(text.len() / 2);
    lexer.tokens.spans.reserve(text.len() / 4);
    while lexer.at < text.len() {
        lexer.step();
    }
    lexer.tokens
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    /// Whether a `(` here follows a word on its line.
    is_called: bool,
    /// Whether a `/` here begins a regular expression and divides no `policy/check`.
    is_operand: bool,
    tokens: Tokens,
}

impl Lexer<'_> {
    /// The byte at some distance; zero behind the end.
    fn peek(&self, ahead: usize) -> u8 {
        byte(self.text, self.at + ahead)
    }

    /// Moves over one token, comment or character of white space.
    fn step(&mut self) {
        match self.peek(0) {
            b' ' | b'\t' => self.at += 1,
            b'\n' | b'\r' => {
                self.at += 1;
                self.is_called = false;
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.word(),
            b'"' => self.quoted(b'"', STRING),
            b'0'..=b'9' => self.number(),
            b'-' if self.peek(1).is_ascii_digit() => self.number(),
            b'/' if self.peek(1) == b'/' => self.comment(),
            b'/' if !self.is_operand => self.push(SLASH, 1),
            b'/' if self.peek(1) != b'*' => self.quoted(b'/', REGEX),
            b'`' => self.backticked(),
            _ => self.sign(),
        }
    }

    fn push(&mut self, code: char, length: usize) {
        self.tokens.codes.push(code);
        self.tokens.spans.push((self.at, self.at + length));
        self.at += length;
        (self.is_called, self.is_operand) = (false, true);
    }

    fn word(&mut self) {
        let length = word_length(self.text, self.at);
        let word = self.text.get(self.at..self.at + length).unwrap_or_default();
        let keyword = keyword(word);
        let code = keyword.map_or(NAME, |(code, begins)| match begins {
            Begins::Nothing => code,
            _ if begins.is_there(self.text, self.at + length) => statement(code),
            _ => code,
        });
        self.push(code, length);
        self.is_called = true;
        self.is_operand = keyword.is_some() && BEFORE_REGEX.contains(&word);
    }

    /// Reads `` `in` ``, after which a slash divides as after a word; but no call has such a name.
    fn backticked(&mut self) {
        match backticked_length(self.text, self.at) {
            Some(length) => self.push(NAME, length),
            None => self.push(STRANGE, 1),
        }
        self.is_operand = false;
    }

    /// Reads a string or a regular expression.
    fn quoted(&mut self, delimiter: u8, code: char) {
        let Some(length) = quoted_length(self.text, self.at, delimiter) else {
            return self.push(STRANGE, 1);
        };
        let flags = match code {
            REGEX => (0..).take_while(|i| self.peek(length + i).is_ascii_alphabetic()).count(),
            _ => 0,
        };
        self.push(code, length + flags);
    }

    fn number(&mut self) {
        let (code, length) = match date_length(self.text, self.at) {
            Some(length) => (DATE, length),
            None => {
                let length = number_length(self.text, self.at);
                (if has_unit(self.text, self.at + length) { AMOUNT } else { NUMBER }, length)
            }
        };
        self.push(code, length);
    }

    fn comment(&mut self) {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let length = rest.iter().position(|b| matches!(b, b'\n' | b'\r')).unwrap_or(rest.len());
        self.tokens.comments.push((self.at, self.at + length));
        self.at += length;
    }

    /// Moves over white space that is not a blank.
    fn skip(&mut self, length: usize) {
        self.at += length;
        self.is_called = false;
    }

    fn char_length(&self) -> usize {
        self.text.get(self.at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
    }

    fn sign(&mut self) {
        let (code, length) = match (self.peek(0), self.peek(1), self.peek(2)) {
            (b',', ..) => (COMMA, 1),
            (b'{', ..) => (OPEN_BRACE, 1),
            (b'}', ..) => (CLOSE_BRACE, 1),
            (b'[', ..) => (OPEN_BRACKET, 1),
            (b']', ..) => (CLOSE_BRACKET, 1),
            (b'(', ..) if self.is_called => (OPEN_CALL, 1),
            (b'(', ..) => (OPEN_PAREN, 1),
            (b')', ..) => (CLOSE_PAREN, 1),
            (b':', b':', _) => (PATH_SEP, 2),
            (b':', ..) => (COLON, 1),
            (b'.', ..) => (DOT, 1),
            (b'@', ..) => (AT_SIGN, 1),
            (b'-', b'>', _) => (ARROW, 2),
            (b'+' | b'-', ..) => (SIGN, 1),
            (b'=', b'=', b'=') | (b'!', b'=', b'=') | (b'<', b'>', _) | (b'=', b'~', _) => (STRANGE, 1),
            (b'=', b'=', _) => (EQUALS, 2),
            (b'!' | b'<' | b'>', b'=', _) => (COMPARES, 2),
            (b'<' | b'>', ..) => (COMPARES, 1),
            (b'=', ..) => (EQ, 1),
            // White space that no editor shows.
            (0xC2, 0xA0, _) => return self.skip(2),
            (0xEF, 0xBB, 0xBF) => return self.skip(3),
            _ => (STRANGE, self.char_length()),
        };
        self.push(code, length);
    }
}

/// The words after which a regular expression may stand.
const BEFORE_REGEX: [&str; 7] = ["contains", "like", "map", "matches", "matching", "with", "word"];

fn byte(text: &str, at: usize) -> u8 {
    text.as_bytes().get(at).copied().unwrap_or_default()
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Length of the word that begins there: letters, digits, `_`, and `-` between them.
fn word_length(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes().get(at..).unwrap_or_default();
    let mut length = 0;
    while let Some(&next) = bytes.get(length) {
        let is_part =
            is_word(next) || next == b'-' && bytes.get(length + 1).is_some_and(|&after| is_word(after));
        if !is_part {
            break;
        }
        length += 1;
    }
    length
}

/// Length of a word in backticks that begins there.
fn backticked_length(text: &str, at: usize) -> Option<usize> {
    let is_name = byte(text, at) == b'`' && begins_word(byte(text, at + 1));
    let length = is_name.then(|| word_length(text, at + 1))?;
    (byte(text, at + 1 + length) == b'`').then_some(length + 2)
}

fn begins_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

/// Length of what stands between two delimiters on one line, with them; a backslash takes the next
/// character with it.
fn quoted_length(text: &str, at: usize, delimiter: u8) -> Option<usize> {
    let mut bytes = text.as_bytes().get(at..)?.iter().enumerate().skip(1);
    while let Some((length, &byte)) = bytes.next() {
        match byte {
            b'\n' | b'\r' => return None,
            b'\\' => drop(bytes.next().filter(|&(_, escaped)| !matches!(escaped, b'\n' | b'\r'))?),
            byte if byte == delimiter => return Some(length + 1),
            _ => {}
        }
    }
    None
}

/// Length of a date that begins there: `2027-03-31`, and no digit behind it.
fn date_length(text: &str, at: usize) -> Option<usize> {
    let shape = b"dddd-dd-dd";
    let is_there = shape.iter().enumerate().all(|(i, &sign)| {
        let byte = byte(text, at + i);
        if sign == b'd' { byte.is_ascii_digit() } else { byte == sign }
    });
    (is_there && !byte(text, at + shape.len()).is_ascii_digit()).then_some(shape.len())
}

/// Length of a number that begins there: `3`, `-0.5`, `90%`.
fn number_length(text: &str, at: usize) -> usize {
    let mut length = 1 + digits(text, at + 1);
    if byte(text, at + length) == b'.' && byte(text, at + length + 1).is_ascii_digit() {
        length += 1 + digits(text, at + length + 1);
    }
    length + usize::from(byte(text, at + length) == b'%')
}

fn digits(text: &str, at: usize) -> usize {
    (at..).take_while(|&at| byte(text, at).is_ascii_digit()).count()
}

fn blanks(text: &str, at: usize) -> usize {
    (at..).take_while(|&at| matches!(byte(text, at), b' ' | b'\t')).count()
}

/// The word that begins there, or an empty text.
fn word_at(text: &str, at: usize) -> &str {
    let length = if begins_word(byte(text, at)) { word_length(text, at) } else { 0 };
    text.get(at..at + length).unwrap_or_default()
}

/// Whether a unit follows on the same line: a word that could be nothing else.
fn has_unit(text: &str, at: usize) -> bool {
    let word = word_at(text, at + blanks(text, at));
    !word.is_empty() && !NO_UNITS.contains(&word)
}

/// The words that go on with a condition after a name, be it called `tag` or `rule`.
const INFIX: [&str; 13] = [
    "and", "contains", "else", "ends", "has", "in", "is", "like", "matches", "not", "or", "starts", "within",
];

impl Begins {
    /// Whether it begins here, with what stands behind the keyword.
    fn is_there(self, text: &str, behind: usize) -> bool {
        let at = behind + blanks(text, behind);
        let (next, word) = (byte(text, at), word_at(text, at));
        let goes_on = at == behind || INFIX.contains(&word);
        match self {
            Self::Nothing => false,
            Self::Statement => !goes_on && (!word.is_empty() || next == b'"' || next.is_ascii_digit()),
            // The name may be one that nothing may be called, like `tag Größe`.
            Self::Item => {
                !goes_on && (!word.is_empty() || next >= 0xC3 || backticked_length(text, at).is_some())
            }
            Self::Test => !goes_on && next == b'"',
            Self::For => !goes_on && matches!(word, "resource" | "each" | "charges"),
            Self::Action => {
                let end = at + word.len();
                !goes_on && !word.is_empty() && byte(text, end + blanks(text, end)) == b'='
            }
        }
    }
}

/// The code of a keyword where it begins a statement.
fn statement(code: char) -> char {
    char::from_u32(u32::from(code) + TO_STATEMENT).unwrap_or(STRANGE)
}

/// The code of a keyword, and what it may begin.
fn keyword(word: &str) -> Option<(char, Begins)> {
    let letter = usize::from(word.bytes().next()?.wrapping_sub(b'a'));
    let (&start, &end) = (FIRST.get(letter)?, FIRST.get(letter + 1)?);
    let (code, _, begins) = KEYWORDS.get(start..end)?.iter().find(|(_, known, _)| *known == word)?;
    Some((*code, *begins))
}

/// For each letter the first keyword that begins with it or with a later one.
#[expect(clippy::indexing_slicing, reason = "an index that is wrong does not compile")]
const FIRST: [usize; 27] = {
    let mut first = [KEYWORDS.len(); 27];
    let mut i = KEYWORDS.len();
    let mut letter = 26;
    while letter > 0 {
        letter -= 1;
        while i > 0 && KEYWORDS[i - 1].1.as_bytes()[0] >= b'a' + letter as u8 {
            i -= 1;
        }
        first[letter] = i;
    }
    first
};
