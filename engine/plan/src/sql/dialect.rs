//! What dialects of SQL write differently.
//!
//! The printer writes the plainest SQL that dialects share; whatever is asked here is a difference
//! between at least two of them.

use tagpol_sema::formats;

use super::spark;
use super::text::literal;
use crate::ir::{Function, Type};

/// A dialect of SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Dialect {
    /// DuckDB 1.5.
    #[default]
    DuckDb,
    /// Spark SQL 4, over the columns of a snapshot.
    Spark,
}

/// Words that DuckDB does not take as the name of a column or a table without quotes.
const DUCKDB_RESERVED: &[&str] = &[
    "all",
    "analyse",
    "analyze",
    "and",
    "anti",
    "any",
    "array",
    "as",
    "asc",
    "asof",
    "asymmetric",
    "at",
    "authorization",
    "binary",
    "both",
    "by",
    "case",
    "cast",
    "check",
    "collate",
    "collation",
    "column",
    "concurrently",
    "constraint",
    "create",
    "cross",
    "default",
    "deferrable",
    "desc",
    "describe",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "false",
    "fetch",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "generated",
    "glob",
    "group",
    "having",
    "ilike",
    "in",
    "initially",
    "inner",
    "intersect",
    "into",
    "is",
    "isnull",
    "join",
    "lambda",
    "lateral",
    "leading",
    "left",
    "like",
    "limit",
    "map",
    "natural",
    "not",
    "notnull",
    "null",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "outer",
    "overlaps",
    "pivot",
    "pivot_longer",
    "pivot_wider",
    "placing",
    "positional",
    "primary",
    "qualify",
    "references",
    "returning",
    "right",
    "select",
    "semi",
    "show",
    "similar",
    "some",
    "struct",
    "summarize",
    "symmetric",
    "table",
    "tablesample",
    "then",
    "to",
    "trailing",
    "true",
    "try_cast",
    "union",
    "unique",
    "unpack",
    "unpivot",
    "using",
    "variadic",
    "verbose",
    "when",
    "where",
    "window",
    "with",
];

impl Dialect {
    /// Returns what a session must be like, for people.
    pub(super) fn requirement(self) -> &'static str {
        match self {
            Self::DuckDb => "",
            Self::Spark => "; spark.sql.session.timeZone must be UTC",
        }
    }

    /// Returns the quote of identifiers.
    pub(super) fn quote(self) -> &'static str {
        match self {
            Self::DuckDb => "\"",
            Self::Spark => "`",
        }
    }

    /// Whether the word, in lower case, needs quotes to be an identifier.
    pub(super) fn is_reserved(self, word: &str) -> bool {
        match self {
            Self::DuckDb => DUCKDB_RESERVED.contains(&word),
            Self::Spark => DUCKDB_RESERVED.contains(&word) || spark::is_reserved(word),
        }
    }

    /// Returns what stands for the character in a literal, where it is not itself.
    pub(super) fn escaped(self, c: char) -> Option<&'static str> {
        match (self, c) {
            (Self::DuckDb, '\'') => Some("''"),
            (Self::DuckDb, _) => None,
            (Self::Spark, c) => spark::escaped(c),
        }
    }

    /// Returns what stands in a literal for a character that cannot be seen. None: it is an expression of its own.
    pub(super) fn numbered(self, c: char) -> Option<String> {
        match self {
            Self::DuckDb => None,
            Self::Spark => Some(spark::numbered(c)),
        }
    }

    /// Returns an expression for a text of one character, by its number.
    pub(super) fn character(self, c: char) -> String {
        format!("chr({})", u32::from(c))
    }

    /// Returns the name of a type.
    pub(super) fn type_name(self, ty: Type) -> &'static str {
        match (self, ty) {
            (Self::DuckDb, Type::Text) => "VARCHAR",
            (Self::DuckDb, Type::Bool) => "BOOLEAN",
            (Self::DuckDb, Type::Integer) => "INTEGER",
            (Self::DuckDb, Type::Code) => "TINYINT",
            (Self::DuckDb, Type::Number) => "DOUBLE",
            (Self::DuckDb, Type::Money) => "DECIMAL(38, 12)",
            (Self::DuckDb, Type::Date) => "DATE",
            (Self::DuckDb, Type::Time) => "TIMESTAMP",
            (Self::DuckDb, Type::Duration) => "BIGINT",
            (Self::DuckDb, Type::Bits) => "UINTEGER",
            (Self::Spark, ty) => spark::type_name(ty),
        }
    }

    /// Whether rows that are kept for the session are computed each time they are read.
    pub(super) fn computes_again(self) -> bool {
        matches!(self, Self::Spark)
    }

    /// Returns the start of a statement that keeps a query's rows for the session, or gives the query a name.
    pub(super) fn keep_rows(self, name: &str) -> String {
        match self {
            Self::DuckDb => format!("CREATE OR REPLACE TEMP TABLE {name} AS"),
            Self::Spark => self.name_query(name),
        }
    }

    /// Returns the statement that forgets what [`Self::keep_rows`] has kept.
    pub(super) fn forget_rows(self, name: &str) -> String {
        match self {
            Self::DuckDb => format!("DROP TABLE {name}"),
            Self::Spark => format!("DROP VIEW {name}"),
        }
    }

    /// Returns the start of a statement that keeps a query's rows for all sessions, in the file of a database.
    pub(super) fn keep_in_file(self, table: &str) -> String {
        match self {
            Self::DuckDb | Self::Spark => format!("CREATE TABLE {table} AS"),
        }
    }

    /// Returns the start of a statement that gives a query a name for all sessions.
    pub(super) fn name_for_all(self, name: &str) -> String {
        match self {
            Self::DuckDb | Self::Spark => format!("CREATE OR REPLACE VIEW {name} AS"),
        }
    }

    /// Returns a map or a list as JSON text.
    pub(super) fn json_text(self, value: &str) -> String {
        match self {
            Self::DuckDb => format!("CAST(to_json({value}) AS VARCHAR)"),
            Self::Spark => format!("to_json({value})"),
        }
    }

    /// Returns 16 hexadecimal digits that follow from a text.
    pub(super) fn digest(self, text: &str) -> String {
        match self {
            Self::DuckDb | Self::Spark => format!("substr(md5({text}), 1, 16)"),
        }
    }

    /// Returns texts in lower case, a line each; those that are NULL are left out.
    pub(super) fn lower_lines(self, texts: &[String]) -> String {
        match self {
            Self::DuckDb => format!("lower(concat_ws(chr(10), {}))", texts.join(", ")),
            Self::Spark => {
                let lines = format!(r"concat_ws('\n', {})", texts.join(", "));
                spark::call(Function::Lower, &[lines])
            }
        }
    }

    /// Returns the items of a list of rows with fields as rows; each item is NULL or has the fields.
    pub(super) fn unnested_rows(self, rows: &[String]) -> String {
        match self {
            Self::DuckDb => format!("unnest([{}])", rows.join(", ")),
            Self::Spark => format!("explode(array({}))", rows.join(", ")),
        }
    }

    /// Returns numbers as rows; those that are NULL are left out.
    pub(super) fn numbers_as_rows(self, numbers: &[String]) -> String {
        match self {
            Self::DuckDb => format!("unnest(list_filter([{}], lambda n: n IS NOT NULL))", numbers.join(", ")),
            Self::Spark => format!("explode(filter(array({}), n -> n IS NOT NULL))", numbers.join(", ")),
        }
    }

    /// Returns the end of a selection of totals for each `value`, none of no rows.
    pub(super) fn groups_of(self, value: &str) -> String {
        match self {
            Self::DuckDb => "\nGROUP BY ALL\nHAVING count(*) > 0\nORDER BY ALL".to_owned(),
            Self::Spark => format!("\nGROUP BY {value}\nORDER BY value NULLS LAST"),
        }
    }

    /// Returns a condition as it stands after `WHERE`. Sail moves conditions into the reading of files, where those with
    /// functions of lists fail; it leaves a condition where it is that may not be the same each time.
    pub(super) fn row_filter(self, condition: &str) -> String {
        match self {
            Self::DuckDb => condition.to_owned(),
            Self::Spark => format!("CASE WHEN rand() >= 0 THEN {condition} END"),
        }
    }

    /// Returns the name of the type of a total: whole numbers may be as large as a count.
    pub(super) fn count_type(self, ty: Type) -> &'static str {
        match ty {
            Type::Integer => "BIGINT",
            other => self.type_name(other),
        }
    }

    /// Returns a row with fields.
    pub(super) fn row_of(self, fields: &[(&str, String)]) -> String {
        match self {
            Self::DuckDb => {
                let fields: Vec<String> =
                    fields.iter().map(|(name, value)| format!("'{name}': {value}")).collect();
                format!("{{{}}}", fields.join(", "))
            }
            Self::Spark => {
                let fields: Vec<String> =
                    fields.iter().map(|(name, value)| format!("'{name}', {value}")).collect();
                format!("named_struct({})", fields.join(", "))
            }
        }
    }

    /// Returns the start of a statement that gives a query a name for the session.
    pub(super) fn name_query(self, name: &str) -> String {
        match self {
            Self::DuckDb | Self::Spark => format!("CREATE OR REPLACE TEMP VIEW {name} AS"),
        }
    }

    /// Returns the start of a named query that is run once, however often it is read.
    pub(super) fn computed_once(self, name: &str) -> String {
        match self {
            Self::DuckDb => format!("{name} AS MATERIALIZED"),
            Self::Spark => format!("{name} AS"),
        }
    }

    /// Returns the statements that keep answers by the values of a column: of each answer a map, and
    /// what it is where the value is missing. `layers` end in the relation `last`, which has a row for
    /// each value of `key` and one for NULL.
    ///
    /// DuckDB calls a function with one argument that is not a constant once for each entry of a
    /// dictionary page. The maps are constants where they are read.
    pub(super) fn keep_answers(self, key: &str, layers: &str, answers: &[Answer], last: &str) -> Vec<String> {
        match self {
            Self::DuckDb => {
                let kept = answers.iter().flat_map(|Answer { name, strict }| {
                    let entries =
                        format!("list({{'k': {key}, 'v': {name}}}) FILTER (WHERE {key} IS NOT NULL)");
                    let map = (given(name), format!("map_from_entries({entries})"));
                    let missing = (missing(name), format!("max({name}) FILTER (WHERE {key} IS NULL)"));
                    [map].into_iter().chain((!strict).then_some(missing))
                });
                let kept: Vec<(String, String)> = kept.collect();
                let columns: Vec<String> =
                    kept.iter().map(|(name, value)| format!("{value} AS {name}")).collect();
                let columns = columns.join(",\n  ");
                let keep =
                    format!("{}\n{layers}\nSELECT\n  {columns}\nFROM {last}", self.keep_rows("judged"));
                let set = |(name, _): &(String, String)| {
                    format!("SET VARIABLE {name} = (SELECT {name} FROM judged)")
                };
                [keep].into_iter().chain(kept.iter().map(set)).collect()
            }
            // A plan with dictionaries is refused for this dialect.
            Self::Spark => Vec::new(),
        }
    }

    /// Returns the answer that [`Self::keep_answers`] has kept for a value.
    pub(super) fn answer(self, name: &str, key: &str) -> String {
        match self {
            Self::DuckDb => format!("getvariable({})[{key}]", literal(&given(name), self)),
            Self::Spark => spark::refused("this engine has no dictionaries"),
        }
    }

    /// Returns the answer that [`Self::keep_answers`] has kept for a missing value.
    pub(super) fn answer_of_missing(self, name: &str) -> String {
        match self {
            Self::DuckDb => format!("getvariable({})", literal(&missing(name), self)),
            Self::Spark => spark::refused("this engine has no dictionaries"),
        }
    }

    /// Returns a field of the JSON in the column `meta` as text: the member of exactly that name,
    /// else what the names between the dots lead to.
    pub(super) fn json_field(self, path: &str) -> String {
        let step = |name: &str| format!("/{}", name.replace('~', "~0").replace('/', "~1"));
        match self {
            Self::DuckDb => {
                let at = |pointer: &str| format!("json_extract_string(meta, {})", literal(pointer, self));
                let whole = at(&step(path));
                if !path.contains('.') {
                    return whole;
                }
                let steps: String = path.split('.').map(step).collect();
                format!("coalesce({whole}, {})", at(&steps))
            }
            // Its paths pass through lists, find no names with dots, and format numbers anew.
            Self::Spark => spark::refused("fields of `meta` are not offered"),
        }
    }

    /// Returns whether a list of texts has this one.
    pub(super) fn list_contains(self, list: &str, text: &str) -> String {
        match self {
            Self::DuckDb => format!("list_contains({list}, {})", literal(text, self)),
            Self::Spark => format!("array_contains({list}, {})", literal(text, self)),
        }
    }

    /// Returns the value of a key of the snapshot's `tags`.
    pub(super) fn map_value(self, key: &str) -> String {
        match self {
            Self::DuckDb | Self::Spark => format!("tags[{}]", literal(key, self)),
        }
    }

    /// Returns the keys and the values of a map as rows, each of both with its place in the map.
    pub(super) fn map_entries(self, map: &str) -> [String; 2] {
        match self {
            Self::DuckDb => [format!("unnest(map_keys({map}))"), format!("unnest(map_values({map}))")],
            // A selection can have one list as rows.
            Self::Spark => [format!("explode(map_keys({map}))"), format!("explode(map_values({map}))")],
        }
    }

    /// Returns the items of a list as rows.
    pub(super) fn list_items(self, list: &str) -> String {
        match self {
            Self::DuckDb => format!("unnest({list})"),
            Self::Spark => format!("explode({list})"),
        }
    }

    /// Returns how similar two texts are, from 0 to 1; names that begin alike are more similar.
    pub(super) fn similarity(self, one: &str, other: &str) -> String {
        match self {
            Self::DuckDb => format!("jaro_winkler_similarity({one}, {other})"),
            Self::Spark => spark::refused("this engine does not compare how similar texts are"),
        }
    }

    /// Returns a time from its microseconds since 1970.
    pub(super) fn time_of_micros(self, micros: &str) -> String {
        match self {
            Self::DuckDb => format!("make_timestamp({micros})"),
            Self::Spark => format!("CAST(timestamp_micros({micros}) AS TIMESTAMP_NTZ)"),
        }
    }

    /// Returns the end of a selection that keeps the first rows of each group, in an order.
    pub(super) fn first_rows_of(self, group: &str, order: &str, most: usize) -> String {
        match self {
            Self::DuckDb | Self::Spark => {
                format!(" QUALIFY row_number() OVER (PARTITION BY {group} ORDER BY {order}) <= {most}")
            }
        }
    }

    /// Returns the number of entries of the snapshot's `tags` of which a condition holds.
    pub(super) fn count_tags(self, condition: &str) -> String {
        match self {
            Self::DuckDb => format!(
                "CAST(coalesce(len(list_filter(map_entries(tags), lambda tag: {condition})), 0) AS INTEGER)"
            ),
            Self::Spark => spark::count_tags(condition),
        }
    }

    /// Returns the key of the entry that [`Self::count_tags`] tests.
    pub(super) fn tested_key(self) -> &'static str {
        match self {
            Self::DuckDb | Self::Spark => "tag.key",
        }
    }

    /// Returns its value.
    pub(super) fn tested_value(self) -> &'static str {
        match self {
            Self::DuckDb | Self::Spark => "tag.value",
        }
    }

    /// Returns whether a text matches a regular expression.
    pub(super) fn matches(self, text: &str, pattern: &str, ignore_case: bool, whole: bool) -> String {
        if self == Self::Spark {
            return spark::matches(text, pattern, ignore_case, whole);
        }
        let function = if whole { "regexp_full_match" } else { "regexp_matches" };
        let options = if ignore_case { ", 'i'" } else { "" };
        if !whole && has_inner_anchor(pattern) {
            // DuckDB 1.5 reads `a$b` as "contains `ab`"; a group keeps its optimizer from doing so.
            return format!("{function}({text}, {}{options})", literal(&format!("({pattern})"), self));
        }
        format!("{function}({text}, {}{options})", literal(pattern, self))
    }

    /// Returns a group of the first match of a regular expression.
    pub(super) fn group(self, text: &str, pattern: &str, ignore_case: bool, group: usize) -> String {
        if self == Self::Spark {
            return spark::group(text, pattern, ignore_case, group);
        }
        let options = if ignore_case { ", 'i'" } else { "" };
        format!("regexp_extract({text}, {}, {group}{options})", literal(pattern, self))
    }

    /// Returns the call of a function; there are as many arguments as it takes.
    pub(super) fn call(self, function: Function, args: &[String]) -> String {
        if self == Self::Spark {
            return spark::call(function, args);
        }
        let first = args.first().map_or("", String::as_str);
        let name = match function {
            Function::ToNumber => return format!("CAST({first} AS DOUBLE)"),
            Function::ToText => return format!("CAST({first} AS VARCHAR)"),
            Function::ToInteger => return format!("CAST({first} AS INTEGER)"),
            Function::ToCode => return format!("CAST({first} AS TINYINT)"),
            Function::DayOf => return format!("CAST({first} AS DATE)"),
            Function::TimeBetween => {
                let to = args.get(1).map_or("", String::as_str);
                return format!("epoch_us({to}) - epoch_us({first})");
            }
            Function::BytesReplaced => return bytes_replaced(args),
            Function::ToTime => return format!("CAST({first} AS TIMESTAMP)"),
            Function::Back => return format!("-({first})"),
            Function::AddTime => {
                let by = args.get(1).map_or("", String::as_str);
                let moved = format!("{first} + to_microseconds({by})");
                // These two pass over NULL.
                return format!(
                    "CASE WHEN {moved} IS NOT NULL \
                     THEN least(greatest({moved}, TIMESTAMP '0001-01-01'), TIMESTAMP '9999-12-31') END"
                );
            }
            Function::Bytes => return bytes_of(args, &|text| format!("strlen({text})")),
            Function::Lower => "lower",
            Function::Upper => "upper",
            Function::Length => "length",
            Function::Replace => "replace",
            Function::Contains => "contains",
            Function::StartsWith => "starts_with",
            Function::EndsWith => "ends_with",
            Function::Concat => "concat",
            Function::Trim => "tagpol_trim",
            Function::Tidy => "tagpol_tidy",
            Function::IsVisible => "tagpol_is_visible",
            Function::Compose => "nfc_normalize",
            Function::Words => "tagpol_words",
            Function::IsEmail => "tagpol_is_email",
            Function::IsUrl => "tagpol_is_url",
            Function::IsNumber => "tagpol_is_number",
            Function::IsDuration => "tagpol_is_duration",
            Function::ParseDuration => "tagpol_duration",
            Function::ParseNumber => "tagpol_number",
            Function::ParseDate => "tagpol_date",
        };
        format!("{name}({})", args.join(", "))
    }

    /// Returns the value of an expression in the only row that a query in a query may have.
    pub(super) fn single_value(self, value: &str) -> String {
        match self {
            Self::DuckDb => value.to_owned(),
            // Spark takes no query that could have several rows.
            Self::Spark => format!("max({value})"),
        }
    }

    /// Returns a constant of a type, from its digits.
    pub(super) fn number(self, digits: &str, ty: Type) -> String {
        match (self, ty) {
            (Self::Spark, Type::Money) => format!("CAST('{digits}' AS {})", self.type_name(ty)),
            // An exponent makes it a double, read from its decimal digits.
            (_, Type::Number) => format!("{digits}e0"),
            _ => digits.to_owned(),
        }
    }

    /// Returns a time, from its digits.
    pub(super) fn time(self, digits: &str) -> String {
        format!("{} '{digits}'", self.type_name(Type::Time))
    }

    /// Returns the statement that defines a function that the dialect has not. None: it has it, or it is written out.
    pub(super) fn definition(self, function: Function) -> Option<String> {
        if self == Self::Spark {
            return None;
        }
        let full = |pattern: &str| self.matches("s", pattern, false, true);
        let body = match function {
            // Trimming by a list of characters is many times slower.
            Function::Trim => {
                let white = class(formats::WHITE_SPACE);
                let ends = literal(&format!("^[{white}]+|[{white}]+$"), self);
                format!("regexp_replace(s, {ends}, '', 'g')")
            }
            Function::Tidy => {
                let (white, invisible) = (class(formats::WHITE_SPACE), class(formats::INVISIBLE));
                let ends = format!("^[{white}{invisible}]+|[{white}{invisible}]+$|[{invisible}]+");
                let spaces = literal(&format!("[{}]", class(formats::SPACES)), self);
                let visible = format!("regexp_replace(s, {}, '', 'g')", literal(&ends, self));
                format!("nullif(nfc_normalize(regexp_replace({visible}, {spaces}, ' ', 'g')), '')")
            }
            Function::IsVisible => {
                let blank = [formats::WHITE_SPACE, formats::INVISIBLE].map(class).concat();
                self.matches("s", &format!("[^{blank}]"), false, false)
            }
            Function::Words => WORDS.to_owned(),
            Function::IsEmail => full(formats::EMAIL),
            Function::IsUrl => full(formats::URL),
            Function::IsNumber => full(formats::NUMBER),
            Function::ParseNumber => {
                format!("CASE WHEN {} THEN TRY_CAST(s AS DOUBLE) END", full(formats::NUMBER))
            }
            Function::IsDuration => self.matches("s", formats::DURATION, true, true),
            Function::ParseDuration => {
                let units =
                    formats::DURATION_UNITS.map(|(unit, length)| format!(" WHEN '{unit}' THEN {length}"));
                let unit = format!("CASE lower(regexp_extract(s, '[a-zA-Z]')){} END", units.concat());
                format!(
                    "CASE WHEN {} THEN CAST(CAST(regexp_extract(s, '^[0-9.]+') AS DECIMAL(18, 6)) * {unit} AS BIGINT) END",
                    self.matches("s", formats::DURATION, true, true)
                )
            }
            // DuckDB's calendar has a year 0000, that of the language has not.
            Function::ParseDate => format!(
                "CASE WHEN {} AND s >= '0001' THEN TRY_CAST(s AS DATE) END",
                full(formats::DATE_SHAPE)
            ),
            _ => return None,
        };
        let call = self.call(function, &["s".to_owned()]);
        Some(format!("CREATE OR REPLACE TEMP MACRO {call} AS\n  {body}"))
    }
}

/// An answer that is kept by the values of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    /// Name of its column, which is made of safe characters.
    pub(super) name: String,
    /// Whether it is NULL if the value is.
    pub(super) strict: bool,
}

/// Returns the number of bytes of texts, as a tree of sums: databases give up on deep ones.
pub(super) fn bytes_of(args: &[String], bytes: &impl Fn(&str) -> String) -> String {
    match args {
        [] => "0".to_owned(),
        few if few.len() <= 16 => few.iter().map(|text| bytes(text)).collect::<Vec<_>>().join(" + "),
        many => {
            let (left, right) = many.split_at(many.len() / 2);
            format!("({}) + ({})", bytes_of(left, bytes), bytes_of(right, bytes))
        }
    }
}

/// Returns the number of bytes of a text after `replace`: occurrences are counted by taking them out.
fn bytes_replaced(args: &[String]) -> String {
    let [text, from, to] = args else { return "0".to_owned() };
    let taken_out = format!("strlen({text}) - strlen(replace({text}, {from}, ''))");
    format!("strlen({text}) + ({taken_out}) // greatest(strlen({from}), 1) * (strlen({to}) - strlen({from}))")
}

/// Returns the name under which the map of an answer is kept.
fn given(name: &str) -> String {
    format!("given_{name}")
}

/// Returns the name under which an answer where the value is missing is kept.
fn missing(name: &str) -> String {
    format!("missing_{name}")
}

/// Returns what a class of a regular expression has between its brackets for some characters.
fn class(chars: &str) -> String {
    let codes: Vec<u32> = chars.chars().map(u32::from).collect();
    let mut class = String::new();
    for run in codes.chunk_by(|a, b| a + 1 == *b) {
        match run {
            [first, .., last] => class += &format!(r"\x{{{first:x}}}-\x{{{last:x}}}"),
            [only] => class += &format!(r"\x{{{only:x}}}"),
            [] => {}
        }
    }
    class
}

/// Whether a `^` stands anywhere but first, or a `$` anywhere but last; those that are escaped or in a
/// class count too.
fn has_inner_anchor(pattern: &str) -> bool {
    pattern.strip_prefix('^').unwrap_or(pattern).contains('^')
        || pattern.strip_suffix('$').unwrap_or(pattern).contains('$')
}

/// [`formats::words`] with a space before, between and after the words: a space at each change of
/// case that starts a word, then one for each run of what is in no word.
const WORDS: &str = r"' ' || regexp_replace(
    lower(regexp_replace(
      regexp_replace(s, '([a-z])([A-Z])', '\1 \2', 'g'),
      '([A-Z])([A-Z][a-z])', '\1 \2', 'g')),
    '[^a-z\x{80}-\x{10FFFF}]+', ' ', 'g') || ' '";
