//! Random values and predicates.
//!
//! What an expression may read depends on where it stands, see [`Reads`].

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;
use tagpol_sema::program::{
    Attr, ChargeAttr, CmpOp, CompareAs, DefineId, Direction, Format, Func, NativePart, NativeTags, Pred,
    RelatedPart, RelationId, Source, TableId, TagId, TextOp, Value,
};

use super::pools;
use super::schema::{Kind, OTHER_KEYS, READING_ORDER, RELATIONS, TABLES, TAGS};

/// What an expression may read, besides attributes and native keys.
#[derive(Clone, Copy)]
pub(super) struct Reads {
    /// Virtual tags: so many of [`READING_ORDER`].
    tags: usize,
    /// Normalized native values.
    native_tags: bool,
    /// Sources of the tags it may read.
    sources: bool,
    /// Something of related resources.
    related: bool,
    /// Named predicates: so many of the program's.
    defines: u32,
}

impl Reads {
    /// How many named predicates a program has.
    pub(super) const DEFINES: u32 = 3;

    /// The tags that the second named predicate may read, and so each rule that reads it.
    const SECOND_DEFINE_TAGS: usize = 4;

    /// In a relation, about one of the two resources.
    pub(super) fn relation() -> Self {
        Self { defines: 0, ..Self::scope() }
    }

    /// In the scope of a `normalize`.
    pub(super) fn scope() -> Self {
        Self { tags: 0, native_tags: false, sources: false, related: false, defines: 1 }
    }

    /// In a rule that gives values to tags from this place of [`READING_ORDER`] on.
    pub(super) fn rule(place: usize) -> Self {
        let defines = if place < Self::SECOND_DEFINE_TAGS { 1 } else { 2 };
        Self { tags: place, native_tags: true, sources: false, related: true, defines }
    }

    /// In a policy or a waiver.
    pub(super) fn policy() -> Self {
        Self { tags: TAGS.len(), native_tags: true, sources: true, related: true, defines: Self::DEFINES }
    }

    /// In the named predicate of this index.
    pub(super) fn define(index: u32) -> Self {
        match index {
            0 => Self { defines: 0, ..Self::scope() },
            1 => Self { defines: 1, ..Self::rule(Self::SECOND_DEFINE_TAGS) },
            _ => Self { defines: index, ..Self::policy() },
        }
    }

    fn tag_ids(self) -> Vec<TagId> {
        READING_ORDER.into_iter().take(self.tags).collect()
    }

    /// The readable tags that may be compared as this kind: those of it, and plain texts.
    fn tag_ids_as(self, kind: Kind) -> Vec<TagId> {
        let fits = |id: &TagId| {
            TAGS.get(id.0 as usize).is_some_and(|tag| tag.kind == kind || tag.kind == Kind::Text)
        };
        self.tag_ids().into_iter().filter(fits).collect()
    }
}

/// Returns a native key, as written in a program.
pub(super) fn native_key() -> impl Strategy<Value = String> + Clone {
    let keys: Vec<&str> = TAGS.iter().flat_map(|tag| tag.keys).copied().collect();
    prop_oneof![8 => select(keys), 1 => select(OTHER_KEYS)].prop_map(str::to_owned)
}

/// Returns the text of a literal that is to be met by a raw or a virtual value.
pub(super) fn literal() -> impl Strategy<Value = String> + Clone {
    let raw: Vec<&str> = TAGS.iter().flat_map(|tag| tag.raw).copied().collect();
    let attrs = prop_oneof![select(pools::NAMES), select(super::inventories::ATTRS)];
    prop_oneof![4 => select(raw), 2 => attrs, 1 => select(pools::HOSTILE)].prop_map(str::to_owned)
}

fn union<T: std::fmt::Debug + 'static>(parts: Vec<(u32, BoxedStrategy<T>)>) -> BoxedStrategy<T> {
    Union::new_weighted(parts).boxed()
}

/// Returns a reference to one of the tags, if there is any.
fn tag_of(ids: Vec<TagId>) -> Option<BoxedStrategy<TagId>> {
    (!ids.is_empty()).then(|| select(ids).boxed())
}

/// Returns a text that may be missing, without functions.
fn simple_text(reads: Reads) -> BoxedStrategy<Value> {
    let attr = select(
        &[Attr::Name, Attr::Id, Attr::Type, Attr::Provider, Attr::Account, Attr::Region, Attr::Source][..],
    );
    let mut parts = vec![
        (2, attr.prop_map(Value::Attr).boxed()),
        (1, select(&ChargeAttr::ALL[..]).prop_map(Value::Charge).boxed()),
        (2, native_key().prop_map(Value::Native).boxed()),
        (1, literal().prop_map(Value::Text).boxed()),
    ];
    if let Some(tag) = tag_of(reads.tag_ids()) {
        parts.push((4, tag.clone().prop_map(Value::Tag).boxed()));
        if reads.sources {
            parts.push((1, tag.prop_map(Value::SourceOf).boxed()));
        }
    }
    if reads.native_tags {
        let any_tag = select(READING_ORDER.to_vec());
        parts.push((1, any_tag.prop_map(Value::NativeTag).boxed()));
    }
    parts.push((1, meta().boxed()));
    if reads.related {
        parts.push((2, related().boxed()));
    }
    union(parts)
}

/// Returns native tags that a question is about; those of a tag where scopes of `normalize` are known.
fn native_tags(reads: Reads) -> impl Strategy<Value = NativeTags> {
    let part = select(&[NativePart::Key, NativePart::Value][..]);
    (part, 0..4_u8, select(READING_ORDER.to_vec())).prop_map(move |(part, which, tag)| NativeTags {
        part,
        of: (which > 1 && reads.native_tags).then_some(tag),
        unknown: which == 1,
    })
}

/// Returns a test of native tags as such.
fn of_native(reads: Reads) -> BoxedStrategy<Pred> {
    let keys: Vec<&str> = TAGS.iter().flat_map(|tag| tag.keys).copied().collect();
    let text = prop_oneof![select(keys).prop_map(str::to_owned), literal()];
    let literal = || text.clone().prop_map(Value::Text);
    let op = select(&[CmpOp::Eq, CmpOp::Ne][..]);
    let contains = select(&[TextOp::Contains, TextOp::StartsWith, TextOp::EndsWith][..]);
    let tests = prop_oneof![
        3 => (op, literal()).prop_map(|(op, right)| Pred::Compare {
            op,
            left: Value::Element,
            right,
            by: CompareAs::Text
        }),
        2 => (prop::collection::vec(literal(), 1..=3), any::<bool>()).prop_map(|(list, negated)| Pred::In {
            value: Value::Element,
            list,
            negated,
            by: CompareAs::Text
        }),
        1 => (contains, pools::some_of(pools::PARTS))
            .prop_map(|(op, patterns)| Pred::Text { op, value: Value::Element, patterns }),
        1 => pools::some_of(pools::GLOBS)
            .prop_map(|patterns| Pred::Text { op: TextOp::Like, value: Value::Element, patterns }),
        1 => pools::some_of(pools::WORDS)
            .prop_map(|patterns| Pred::Text { op: TextOp::HasWord, value: Value::Element, patterns }),
        1 => (pools::regex(), any::<bool>())
            .prop_map(|(regex, whole)| Pred::Matches { value: Value::Element, regex, whole }),
        1 => select(&[Format::Email, Format::Date, Format::Number, Format::Url, Format::Duration][..])
            .prop_map(|format| Pred::IsFormat(Value::Element, format)),
    ];
    (any::<bool>(), native_tags(reads), tests, any::<bool>())
        .prop_map(|(every, tags, test, negated)| {
            let test = if negated { Pred::Not(Box::new(test)) } else { test };
            Pred::OfNative { every, tags, test: Box::new(test) }
        })
        .boxed()
}

/// Returns something of a related resource.
fn related() -> impl Strategy<Value = Value> {
    let part = prop_oneof![
        4 => select(READING_ORDER.to_vec()).prop_map(RelatedPart::Tag),
        1 => select(&[Attr::Id, Attr::Name, Attr::Type, Attr::Account][..]).prop_map(RelatedPart::Attr),
    ];
    (0..RELATIONS, part).prop_map(|(relation, part)| Value::Related { relation: RelationId(relation), part })
}

/// Returns a date, or one before or after a date or a time.
fn moment(reads: Reads) -> BoxedStrategy<Value> {
    let from = prop_oneof![
        3 => Just(Value::Today),
        1 => Just(Value::Now),
        2 => date(reads),
    ];
    prop_oneof![1 => Just(Value::Today), 4 => shifted(reads, from.boxed())].boxed()
}

/// Returns values that are before or after others.
fn shifted(reads: Reads, from: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    let by = prop_oneof![3 => pools::span().prop_map(Value::Duration), 2 => duration(reads)];
    (from, any::<bool>(), by)
        .prop_map(|(from, back, by)| Value::Shift { from: Box::new(from), back, by: Box::new(by) })
        .boxed()
}

/// Returns a time.
fn time(reads: Reads) -> BoxedStrategy<Value> {
    let from = prop_oneof![3 => Just(Value::Attr(Attr::Created)), 1 => Just(Value::Now)];
    prop_oneof![2 => from.clone(), 3 => shifted(reads, from.boxed())].boxed()
}

/// Returns a length of time.
fn duration(reads: Reads) -> BoxedStrategy<Value> {
    let mut parts = vec![
        (1, Just(Value::Attr(Attr::Age)).boxed()),
        (2, pools::one_of(&["ttl", "Ttl", "lifetime"]).prop_map(Value::Native).boxed()),
    ];
    if let Some(tag) = tag_of(reads.tag_ids_as(Kind::Duration)) {
        parts.push((3, tag.prop_map(Value::Tag).boxed()));
    }
    union(parts)
}

fn meta() -> impl Strategy<Value = Value> {
    pools::one_of(pools::META_PATHS).prop_map(Value::Meta)
}

/// Returns a lookup by a text.
fn lookup(key: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    let cells = TABLES.iter().enumerate().flat_map(|(table, schema)| {
        (0..schema.columns.len()).map(move |column| (TableId(table as u32), column))
    });
    (select(cells.collect::<Vec<_>>()), key)
        .prop_map(|((table, column), key)| Value::Lookup { table, column, key: Box::new(key) })
        .boxed()
}

/// Returns a text that may be missing.
pub(super) fn text(reads: Reads) -> BoxedStrategy<Value> {
    let literal_text = || pools::mostly(pools::PARTS, pools::HOSTILE).prop_map(Value::Text);
    simple_text(reads)
        .prop_recursive(2, 6, 3, move |inner| {
            let one = (select(&[Func::Lower, Func::Upper, Func::Trim][..]), inner.clone())
                .prop_map(|(func, arg)| Value::Call(func, vec![arg]));
            let replacement = prop_oneof![3 => literal_text().boxed(), 1 => inner.clone()];
            let replace = (inner.clone(), replacement.clone(), replacement)
                .prop_map(|(text, from, to)| Value::Call(Func::Replace, vec![text, from, to]));
            let coalesce = prop::collection::vec(inner.clone(), 1..=3)
                .prop_map(|args| Value::Call(Func::Coalesce, args));
            let part = prop_oneof![2 => inner.clone(), 1 => literal_text().boxed()];
            let template = prop::collection::vec(part, 1..=3).prop_map(Value::Template);
            let extract = (inner.clone(), pools::group_regex())
                .prop_map(|(text, regex)| Value::Extract(Box::new(text), regex));
            prop_oneof![
                1 => one,
                1 => replace,
                1 => coalesce,
                1 => template,
                1 => extract,
                2 => lookup(inner.boxed()),
            ]
        })
        .boxed()
}

/// Returns a text to look into: often a name, which has words, cases and digits to find.
fn subject(reads: Reads) -> BoxedStrategy<Value> {
    prop_oneof![1 => Just(Value::Attr(Attr::Name)), 2 => text(reads)].boxed()
}

fn number(reads: Reads) -> BoxedStrategy<Value> {
    let length = text(reads).prop_map(|text| Value::Call(Func::Length, vec![text]));
    let mut parts = vec![
        (2, pools::number().prop_map(Value::Number).boxed()),
        (1, native_tags(reads).prop_map(Value::CountNative).boxed()),
        (2, pools::one_of(&["order", "Order", "rank"]).prop_map(Value::Native).boxed()),
        (2, length.boxed()),
    ];
    parts.push((1, lookup(simple_text(reads))));
    parts.push((1, meta().boxed()));
    if let Some(tag) = tag_of(reads.tag_ids_as(Kind::Number)) {
        parts.push((4, tag.prop_map(Value::Tag).boxed()));
    }
    if let Some(tag) = tag_of(reads.tag_ids()).filter(|_| reads.sources) {
        parts.push((2, tag.prop_map(Value::ConfidenceOf).boxed()));
    }
    union(parts)
}

fn date(reads: Reads) -> BoxedStrategy<Value> {
    let mut parts = vec![
        (1, pools::day().prop_map(Value::Date).boxed()),
        (2, pools::one_of(&["review-date", "reviewed"]).prop_map(Value::Native).boxed()),
        (2, Just(Value::Attr(Attr::Created)).boxed()),
    ];
    parts.push((1, lookup(simple_text(reads))));
    if let Some(tag) = tag_of(reads.tag_ids_as(Kind::Date)) {
        parts.push((4, tag.prop_map(Value::Tag).boxed()));
    }
    union(parts)
}

/// Returns values to compare in each of the ways, and literals to compare them with.
fn comparable(reads: Reads) -> Vec<(u32, CompareAs, BoxedStrategy<Value>, BoxedStrategy<Value>)> {
    let literal_text = prop_oneof![
        8 => literal().prop_map(Value::Text),
        1 => select(Source::ALL.to_vec()).prop_map(|s| Value::Text(s.as_str().to_owned())),
        1 => any::<bool>().prop_map(Value::Bool),
    ];
    let cost = Just(Value::Attr(Attr::MonthlyCost));
    vec![
        (4, CompareAs::Text, text(reads), literal_text.boxed()),
        (2, CompareAs::Number, number(reads), pools::number().prop_map(Value::Number).boxed()),
        (1, CompareAs::Money, cost.boxed(), pools::money().boxed()),
        (2, CompareAs::Date, date(reads), pools::day().prop_map(Value::Date).boxed()),
        (2, CompareAs::Duration, duration(reads), pools::span().prop_map(Value::Duration).boxed()),
    ]
}

fn comparison(reads: Reads) -> BoxedStrategy<Pred> {
    let op = select(&[CmpOp::Eq, CmpOp::Ne, CmpOp::Lt, CmpOp::Le, CmpOp::Gt, CmpOp::Ge][..]);
    let moments = [
        (1, CompareAs::Date, date(reads), moment(reads)),
        (1, CompareAs::Time, time(reads), prop_oneof![Just(Value::Now), time(reads)].boxed()),
    ];
    let parts = comparable(reads).into_iter().chain(moments).map(|(weight, by, value, literal)| {
        let right = prop_oneof![4 => literal, 1 => value.clone()];
        let sides = (op.clone(), value, right, prop::bool::weighted(0.2));
        let compare = sides.prop_map(move |(op, left, right, swap)| {
            let (left, right) = if swap { (right, left) } else { (left, right) };
            Pred::Compare { op, left, right, by }
        });
        (weight, compare.boxed())
    });
    union(parts.collect())
}

fn membership(reads: Reads) -> BoxedStrategy<Pred> {
    let parts = comparable(reads).into_iter().map(|(weight, by, value, literal)| {
        let is_in = (value, prop::collection::vec(literal, 1..=4), any::<bool>())
            .prop_map(move |(value, list, negated)| Pred::In { value, list, negated, by });
        (weight, is_in.boxed())
    });
    union(parts.collect())
}

/// Returns `value in TABLE` or `value not in TABLE`, as the checker makes them.
fn table_membership(reads: Reads) -> BoxedStrategy<Pred> {
    (select(&[0, 1][..]), text(reads), any::<bool>())
        .prop_map(|(table, key, negated)| {
            let column = TABLES[table].key;
            let row = Value::Lookup { table: TableId(table as u32), column, key: Box::new(key.clone()) };
            match negated {
                false => Pred::IsSet(row),
                true => Pred::And(vec![Pred::IsSet(key), Pred::Not(Box::new(Pred::IsSet(row)))]),
            }
        })
        .boxed()
}

fn text_test(reads: Reads) -> BoxedStrategy<Pred> {
    let contains = select(&[TextOp::Contains, TextOp::StartsWith, TextOp::EndsWith][..]);
    let test = prop_oneof![
        3 => (contains, pools::some_of(pools::PARTS)),
        1 => (Just(TextOp::Like), pools::some_of(pools::GLOBS)),
        2 => (Just(TextOp::HasWord), pools::some_of(pools::WORDS)),
    ];
    let literal =
        (subject(reads), test).prop_map(|(value, (op, patterns))| Pred::Text { op, value, patterns });
    prop_oneof![2 => literal, 1 => computed_text_test(reads)].boxed()
}

/// Returns a test against a text of the same resource: another value, the same one or a part of it, or a
/// text that is often within names.
fn computed_text_test(reads: Reads) -> BoxedStrategy<Pred> {
    let op = select(&[TextOp::Contains, TextOp::StartsWith, TextOp::EndsWith][..]);
    let sides = (subject(reads), subject(reads), pools::one_of(pools::PARTS), 0..6_u8);
    (op, sides)
        .prop_map(|(op, (value, other, part, form))| {
            let text = |text: &str| Value::Text(text.to_owned());
            let operand = match form {
                0 => other,
                1 => value.clone(),
                2 => Value::Call(Func::Replace, vec![value.clone(), Value::Text(part), text("")]),
                3 => Value::Call(Func::Coalesce, vec![other, Value::Text(part)]),
                _ => Value::Call(Func::Lower, vec![Value::Text(part)]),
            };
            Pred::ComputedText { op, value, operand }
        })
        .boxed()
}

/// Returns a value of any kind, to ask whether there is one.
fn anything(reads: Reads) -> BoxedStrategy<Value> {
    let attr = select(&[Attr::Created, Attr::Age, Attr::MonthlyCost][..]).prop_map(Value::Attr);
    prop_oneof![8 => text(reads), 2 => attr, 1 => moment(reads)].boxed()
}

fn simple_pred(reads: Reads) -> BoxedStrategy<Pred> {
    let formats = [Format::Email, Format::Date, Format::Number, Format::Url, Format::Duration];
    let format = select(formats.to_vec());
    let direction = select(&[Direction::Last, Direction::Next][..]);
    let mut parts = vec![
        (1, any::<bool>().prop_map(Pred::Const).boxed()),
        (2, anything(reads).prop_map(Pred::IsSet).boxed()),
        (2, anything(reads).prop_map(Pred::IsMissing).boxed()),
        (2, anything(reads).prop_map(Pred::IsUnknown).boxed()),
        (1, (text(reads), format).prop_map(|(value, format)| Pred::IsFormat(value, format)).boxed()),
        (8, comparison(reads)),
        (3, membership(reads)),
        (1, table_membership(reads)),
        (4, text_test(reads)),
        (2, of_native(reads)),
        (
            3,
            (subject(reads), pools::regex(), any::<bool>())
                .prop_map(|(value, regex, whole)| Pred::Matches { value, regex, whole })
                .boxed(),
        ),
        (
            2,
            (date(reads), direction, pools::span())
                .prop_map(|(value, direction, span)| Pred::Within { value, direction, span })
                .boxed(),
        ),
    ];
    if let Some(tag) = tag_of(reads.tag_ids()) {
        parts.push((3, tag.prop_map(Pred::IsValid).boxed()));
    }
    if reads.defines > 0 {
        parts.push((2, (0..reads.defines).prop_map(|d| Pred::Named(DefineId(d))).boxed()));
    }
    union(parts)
}

/// Returns a predicate.
pub(super) fn pred(reads: Reads) -> BoxedStrategy<Pred> {
    simple_pred(reads)
        .prop_recursive(3, 8, 3, |inner| {
            let several = || prop::collection::vec(inner.clone(), 0..=3);
            prop_oneof![
                several().prop_map(Pred::And),
                several().prop_map(Pred::Or),
                inner.clone().prop_map(|pred| Pred::Not(Box::new(pred))),
            ]
        })
        .boxed()
}
