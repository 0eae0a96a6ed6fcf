use tagpol_sema::program::{
    Attr, CmpOp, CompareAs, NativePart, NativeTags, Pred, Program, RelatedPart, Relation, RelationId,
    RelationKey, TagId, TagType, TextOp, Value,
};

use super::super::{Options, Row, evaluate, related};
use super::{fill, holds_in, loc, program, row, rule, set, tag, text, text_program};

fn named(id: &str, name: &str, tags: &[(&str, &str)]) -> Row {
    Row { id: id.to_owned(), name: Some(name.to_owned()), ..row(tags) }
}

fn of_t() -> Value {
    Value::Related { relation: RelationId(0), part: RelatedPart::Tag(TagId(0)) }
}

/// The tag `t`, which is filled from the related resource that these sides find.
fn filled_by(other: Value, this: Value) -> Program {
    let mut program = program(vec![tag("t", TagType::Text)]);
    program.relations = vec![Relation {
        name: "r".to_owned(),
        doc: String::new(),
        keys: vec![RelationKey { other, this }],
        other: vec![is_set("kind")],
        this: Vec::new(),
        loc: loc(),
    }];
    program.rules = vec![rule("r", 0, None, vec![fill(0, of_t())])];
    program
}

fn is_set(key: &str) -> Pred {
    Pred::IsSet(Value::Native(key.to_owned()))
}

fn values(program: &Program, rows: &[Row]) -> Vec<Option<String>> {
    let results = evaluate(program, rows, &Options::default());
    results.into_iter().map(|mut row| row.tags.remove(0).value).collect()
}

fn by_name() -> Program {
    filled_by(Value::Attr(Attr::Name), Value::Attr(Attr::Name))
}

#[test]
fn of_several_the_first_by_id_counts() {
    let rows = [
        named("c", "x", &[]),
        named("b", "x", &[("kind", "k"), ("t", "second")]),
        named("a", "x", &[("kind", "k"), ("t", "first")]),
        named("d", "y", &[]),
    ];
    let found = values(&by_name(), &rows);
    assert_eq!(found[0].as_deref(), Some("first"));
    assert_eq!(found[3], None);
    let related = related(&by_name(), &rows, &Options::default());
    assert_eq!(related.found[&(RelationId(0), "c".to_owned())].candidates, 2);
}

#[test]
fn a_related_value_is_what_the_other_has_by_itself() {
    // `a` finds itself, and would otherwise fill from itself; `b` finds `a`.
    let mut program = by_name();
    program.rules.insert(0, rule("own", -1, Some(is_set("own")), vec![fill(0, text("by itself"))]));
    let rows = [named("a", "x", &[("kind", "k"), ("own", "o")]), named("b", "x", &[])];
    assert_eq!(values(&program, &rows), [Some("by itself".to_owned()), Some("by itself".to_owned())]);
    // Two hops are not made: `b` finds `a`, which has a value only from the resource that it finds.
    program.rules.remove(0);
    let rows = [
        named("a", "x", &[("kind", "k")]),
        named("b", "x", &[]),
        named("c", "y", &[("kind", "k"), ("t", "v")]),
    ];
    assert_eq!(values(&program, &rows), [None, None, Some("v".to_owned())]);
}

#[test]
fn a_rule_that_sets_reads_the_other_value_too() {
    let mut program = by_name();
    program.rules = vec![rule("r", 0, None, vec![set(0, of_t())])];
    let rows = [named("a", "x", &[("kind", "k"), ("t", "a")]), named("b", "x", &[("t", "b")])];
    assert_eq!(values(&program, &rows), [Some("a".to_owned()), Some("a".to_owned())]);
}

#[test]
fn ids_compare_as_the_clouds_compare_them() {
    let program = filled_by(Value::Attr(Attr::Id), Value::Native("of".to_owned()));
    for (id, of, is_found) in [
        ("vol-1", "vol-1", true),
        ("vol-1", "VOL-1", false),
        ("arn:aws:ec2:eu-west-1:1:instance/i-1", "i-1", true),
        ("arn:aws:ec2:eu-west-1:1:instance/i-1", "arn:aws:ec2:eu-west-1:1:instance/i-1", true),
        ("arn:aws:ec2:eu-west-1:1:instance/i-1", "instance/i-1", false),
        ("/subscriptions/A/resourceGroups/G", "/SUBSCRIPTIONS/a/resourcegroups/g", true),
        ("/subscriptions/A/resourceGroups/G", "G", false),
    ] {
        let rows = [named(id, "x", &[("kind", "k"), ("t", "v")]), named("this", "y", &[("of", of)])];
        assert_eq!(values(&program, &rows)[1].is_some(), is_found, "{id} {of}");
    }
}

#[test]
fn native_tags_without_those_of_the_cloud() {
    let native = |part, of, unknown| NativeTags { part, of, unknown };
    let keys = native(NativePart::Key, None, false);
    let count = |tags: NativeTags, row: &Row, expected: usize| {
        let (left, right) = (Value::CountNative(tags), Value::Number(expected.into()));
        let pred = Pred::Compare { op: CmpOp::Eq, left, right, by: CompareAs::Number };
        assert!(holds_in(text_program(), pred, row), "{tags:?} {row:?}");
    };
    let system = row(&[("aws:x", "1"), ("AWS:y", "1"), ("hidden-title", "1"), ("goog-gke-node", "")]);
    let people = row(&[("aws:x", "1"), ("T", "v"), ("t", "w"), ("other", "")]);
    count(keys, &system, 0);
    count(keys, &people, 3);
    count(native(NativePart::Key, Some(TagId(0)), false), &people, 2);
    count(native(NativePart::Key, None, true), &people, 1);
    let test = |op, text: &str| Pred::Text { op, value: Value::Element, patterns: vec![text.to_owned()] };
    let of = |every, tags, test| Pred::OfNative { every, tags, test: Box::new(test) };
    for (pred, expected) in [
        (of(false, keys, test(TextOp::Contains, "the")), true),
        (of(false, keys, test(TextOp::Contains, "aws")), false),
        (of(true, native(NativePart::Key, Some(TagId(0)), false), test(TextOp::Like, "T")), false),
        (of(false, native(NativePart::Value, None, false), test(TextOp::Like, "w")), true),
        (of(true, native(NativePart::Value, None, true), test(TextOp::Like, "")), true),
    ] {
        assert_eq!(holds_in(text_program(), pred.clone(), &people), expected, "{pred:?}");
    }
    assert!(holds_in(text_program(), of(true, keys, test(TextOp::Like, "x")), &system), "of none");
    assert!(!holds_in(text_program(), of(false, keys, test(TextOp::Like, "*")), &system), "of none");
}
