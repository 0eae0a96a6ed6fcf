use tagpol_sema::program::{
    Attr, CmpOp, CompareAs, MapArm, MapTarget, Normalize, Otherwise, Pattern, Pred, Source, Tag, TagType,
    Transform, Value,
};

use super::super::Winner;
use super::{evaluate_one, loc, normalize, only_tag, program, re, re_i, row, strings, tag, text};

fn literal(text: &str) -> Pattern {
    Pattern::Literal(text.to_owned())
}

fn glob(text: &str) -> Pattern {
    Pattern::Glob(text.to_owned())
}

fn arm(patterns: Vec<Pattern>, target: Option<&str>) -> MapArm {
    let target = target.map_or(MapTarget::Missing, |t| MapTarget::Value(t.to_owned()));
    MapArm { patterns, target, loc: loc() }
}

fn environment() -> TagType {
    TagType::OneOf(strings(&["production", "staging", "development"]))
}

/// What a tag of this type makes of a raw value under its own name.
fn normalised(ty: TagType, raw: &str) -> Option<String> {
    only_tag(tag("t", ty), &[("t", raw)]).value
}

fn with_arms(ty: TagType, arms: Vec<MapArm>) -> Tag {
    Tag { normalizes: vec![Normalize { arms, ..normalize(&["t"]) }], ..tag("t", ty) }
}

#[test]
fn values_are_tidied_and_those_that_are_not_valid_are_kept() {
    let code = || TagType::Matching(re("[A-Z]{3}-[0-9]{3}"));
    let cases = [
        (TagType::Text, " a b\u{a0}", "a b"),
        (TagType::Text, "\u{feff}we\u{ad}b\u{200b} ", "web"),
        (TagType::Text, "data\u{a0}team", "data team"),
        (TagType::Text, "cafe\u{301}", "caf\u{e9}"),
        (code(), " ABC-123 ", "ABC-123"),
        (code(), " abc-123 ", "abc-123"),
        (code(), "ABC-1234", "ABC-1234"),
        (TagType::Matching(re_i("[A-Z]+")), " abc ", "abc"),
        (environment(), " STAGING\u{feff}", "staging"),
        (environment(), " Stage", "Stage"),
        (environment(), "stag\u{200b}ing\u{a0}", "staging"),
        (TagType::Email, "\u{2003}Jane@Company.com\n", "Jane@Company.com"),
        (TagType::Email, " jane ", "jane"),
        (TagType::Date, " 2026-09-01 ", "2026-09-01"),
        (TagType::Date, " 2026-09-31 ", "2026-09-31"),
        (TagType::Number, " +1.50 ", "+1.50"),
        (TagType::Number, " 1e3 ", "1e3"),
        (TagType::Bool, " TRUE ", "true"),
        (TagType::Bool, "False", "false"),
        (TagType::Bool, " yes ", "yes"),
        (TagType::Url, " https://a.example/x ", "https://a.example/x"),
        (TagType::Url, " ftp://a ", "ftp://a"),
    ];
    for (ty, raw, expected) in cases {
        assert_eq!(normalised(ty.clone(), raw).as_deref(), Some(expected), "{ty:?} {raw:?}");
    }
}

#[test]
fn a_blank_value_is_missing_unless_a_map_has_the_empty_text() {
    let types = [TagType::Text, environment(), TagType::Matching(re(".*")), TagType::Bool];
    for raw in ["", "  ", "\t\n", "\u{a0}", "\u{200b}", "\u{feff}\u{ad} "] {
        for ty in &types {
            assert_eq!(normalised(ty.clone(), raw), None, "{ty:?} {raw:?}");
        }
        let any = arm(vec![glob("*"), Pattern::Regex(re(".*"))], Some("any"));
        let mapped = |last: &[MapArm]| {
            let arms = [std::slice::from_ref(&any), last].concat();
            only_tag(with_arms(TagType::Text, arms), &[("t", raw)]).value
        };
        assert_eq!(mapped(&[]), None, "{raw:?}");
        assert_eq!(
            mapped(&[arm(vec![literal("x"), literal("")], Some("nobody"))]).as_deref(),
            Some("nobody")
        );
    }
    let groups = with_arms(TagType::Text, vec![arm(vec![Pattern::Regex(re("x( )?"))], Some("$1"))]);
    assert_eq!(only_tag(groups, &[("t", "x")]).value, None);
}

#[test]
fn otherwise_missing_drops_what_is_not_valid() {
    let strict = |ty| Tag {
        normalizes: vec![Normalize { otherwise: Otherwise::Missing, ..normalize(&["t"]) }],
        ..tag("t", ty)
    };
    let matching = TagType::Matching(re("[a-z]*"));
    for (ty, raw, expected) in [
        (environment(), "stage", None),
        (environment(), " Staging", Some("staging")),
        (environment(), "", None),
        (matching.clone(), "", None),
        (matching, "abc", Some("abc")),
        (TagType::OneOf(strings(&["x"])), "   ", None),
        (TagType::Text, "   ", None),
    ] {
        let found = only_tag(strict(ty.clone()), &[("t", raw)]);
        assert_eq!(found.value.as_deref(), expected, "{ty:?} {raw:?}");
    }
}

#[test]
fn keys_are_compared_regardless_of_case_and_separators() {
    for key in [
        "cost-center",
        "CostCenter",
        "COST_CENTER",
        " cost.center",
        "cost center\u{a0}",
        "cost:center",
        "cost/center",
        "cost\u{200b}center",
    ] {
        let found = only_tag(tag("cost-center", TagType::Text), &[(key, "v")]);
        assert_eq!(found.value.as_deref(), Some("v"), "{key}");
        assert_eq!(found.winner, Some(Winner::Native { key: key.to_owned() }));
        assert_eq!(found.source, Some(Source::Native));
    }
    let found = only_tag(tag("cost-center", TagType::Text), &[("cost+center", "v"), ("costs", "w")]);
    assert_eq!((found.value, found.source, found.winner), (None, None, None));
    let found = only_tag(tag("tr\u{e4}ger", TagType::Text), &[("Tra\u{308}ger", "v")]);
    assert_eq!(found.value.as_deref(), Some("v"));
}

#[test]
fn earlier_keys_win_then_the_spelling_as_written_then_the_bytes() {
    type Native<'a> = &'a [(&'a str, &'a str)];
    let t = || Tag { normalizes: vec![normalize(&["Env", "stage", "t"])], ..tag("t", TagType::Text) };
    let cases: [(Native<'_>, &str, bool); 7] = [
        (&[("t", "own"), ("stage", "s"), ("Env", "e")], "e", true),
        (&[("t", "own"), ("STAGE", "s")], "s", true),
        (&[("env", "lower"), ("ENV", "upper"), ("Env", "written")], "written", true),
        (&[("env", "lower"), ("E-N-V", "dashes"), ("ENV", "upper")], "dashes", true),
        (&[("env", "same"), ("stage", " same ")], "same", false),
        (&[("env", "one")], "one", false),
        // Two spellings of a later key differ, and both from the winner.
        (&[("Env", "e"), ("Stage", "e"), ("stage", "x")], "e", true),
    ];
    for (native, value, conflict) in cases {
        let found = only_tag(t(), native);
        assert_eq!(found.value.as_deref(), Some(value), "{native:?}");
        assert_eq!(found.conflict, conflict, "{native:?}");
    }
}

#[test]
fn a_key_that_gives_nothing_passes_on_to_the_next_and_is_no_conflict() {
    let junk = arm(vec![literal("n/a"), literal("")], None);
    let keys = normalize(&["env", "t"]);
    let t = Tag { normalizes: vec![Normalize { arms: vec![junk], ..keys }], ..tag("t", TagType::Text) };
    let found = only_tag(t.clone(), &[("env", " N/A "), ("t", "x")]);
    assert_eq!((found.value.as_deref(), found.conflict), (Some("x"), false));
    let found = only_tag(t.clone(), &[("env", "x"), ("t", "  ")]);
    assert_eq!((found.value.as_deref(), found.conflict), (Some("x"), false));
    assert_eq!(only_tag(t, &[("env", "n/a"), ("t", "")]).value, None);
}

#[test]
fn arms_compare_the_trimmed_value_regardless_of_case() {
    let t = with_arms(
        environment(),
        vec![
            arm(
                vec![literal("Prd"), literal("live"), Pattern::Regex(re("production-[0-9]+"))],
                Some("production"),
            ),
            arm(vec![glob("DEV*"), glob("t?st")], Some("development")),
            arm(vec![literal("none"), literal("staging")], None),
            arm(vec![literal("prd")], Some("staging")),
        ],
    );
    let cases = [
        ("prd", Some("production")),
        (" LIVE ", Some("production")),
        ("Production-01", Some("production")),
        ("production-", Some("production-")),
        ("xproduction-1", Some("xproduction-1")),
        ("dev", Some("development")),
        ("Dev\nbox", Some("development")),
        ("tÉst", Some("development")),
        ("test", Some("development")),
        ("tst", Some("tst")),
        ("teest", Some("teest")),
        ("NONE", None),
        // An arm comes before the enumeration's own members.
        ("Staging", None),
        ("Production", Some("production")),
    ];
    for (raw, expected) in cases {
        assert_eq!(only_tag(t.clone(), &[("t", raw)]).value.as_deref(), expected, "{raw}");
    }
}

#[test]
fn targets_take_the_groups_of_the_expression_that_matched() {
    let email = r"(\w+)\.(\w+)(x)?";
    let cases = [
        (Pattern::Regex(re(email)), "$1.$2@company.com", "Jane.DOE", "Jane.DOE@company.com"),
        (Pattern::Regex(re(email)), "$0|$3|$9", " a.b ", "a.b||"),
        (Pattern::Regex(re(email)), "$$1 $x $", "a.b", "$1 $x $"),
        (Pattern::Regex(re("(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)")), "$10", "ABCDEFGHIJ", "A0"),
        (glob("a*"), "$0 $$", "ab", "$0 $$"),
        (literal("a"), "$1", "A", "$1"),
    ];
    for (pattern, target, raw, expected) in cases {
        let t = with_arms(TagType::Text, vec![arm(vec![pattern], Some(target))]);
        assert_eq!(only_tag(t, &[("t", raw)]).value.as_deref(), Some(expected), "{target}");
    }
}

#[test]
fn the_value_of_an_arm_is_final_even_where_it_is_not_valid() {
    let mut t = with_arms(environment(), vec![arm(vec![literal("x")], Some(" Elsewhere "))]);
    t.normalizes[0].otherwise = Otherwise::Missing;
    t.normalizes[0].transforms = vec![Transform::Lower];
    assert_eq!(only_tag(t, &[("t", "X")]).value.as_deref(), Some(" Elsewhere "));
}

#[test]
fn transforms_apply_only_to_what_they_make_valid() {
    let transformed = |ty, transforms: Vec<Transform>, raw: &str| {
        let t = Tag { normalizes: vec![Normalize { transforms, ..normalize(&["t"]) }], ..tag("t", ty) };
        only_tag(t, &[("t", raw)]).value.unwrap()
    };
    let code = || TagType::Matching(re("[A-Z]+"));
    assert_eq!(transformed(code(), vec![Transform::Upper], " abc "), "ABC");
    assert_eq!(transformed(code(), vec![Transform::Upper, Transform::Lower], " AbC "), "AbC");
    assert_eq!(transformed(code(), vec![Transform::Lower, Transform::Upper], "a1 "), "a1");
    assert_eq!(transformed(TagType::Text, vec![Transform::Lower], " ÀB "), "àb");
    assert_eq!(transformed(TagType::Text, vec![Transform::Trim], "\u{b}a "), "a");
}

#[test]
fn every_normalize_whose_scope_holds_adds_its_keys_and_the_implicit_one_stands_in() {
    let scoped = |provider: &str, keys: &[&str], to: &str| Normalize {
        scope: Some(Pred::Compare {
            op: CmpOp::Eq,
            left: Value::Attr(Attr::Provider),
            right: text(provider),
            by: CompareAs::Text,
        }),
        arms: vec![arm(vec![literal("x")], Some(to))],
        ..normalize(keys)
    };
    let t = Tag {
        normalizes: vec![
            scoped("aws", &["a", "t"], "from-aws"),
            scoped("gcp", &["b", "t"], "from-gcp"),
            Normalize {
                scope: Some(Pred::IsSet(Value::Native("both".to_owned()))),
                ..scoped("", &["b", "t"], "from-both")
            },
        ],
        ..tag("t", TagType::Text)
    };
    let value = |provider: Option<&str>, native: &[(&str, &str)]| {
        let mut resource = row(native);
        resource.provider = provider.map(str::to_owned);
        let found = evaluate_one(&program(vec![t.clone()]), &resource).tags.remove(0);
        (found.value, found.conflict)
    };
    let some = |text: &str, conflict| (Some(text.to_owned()), conflict);
    assert_eq!(value(Some("aws"), &[("a", "x"), ("b", "y")]), some("from-aws", false));
    assert_eq!(value(Some("gcp"), &[("a", "x"), ("b", "x")]), some("from-gcp", false));
    // No scope holds: the tag's own name, and no arms.
    assert_eq!(value(None, &[("a", "x"), ("b", "x"), ("t", "x")]), some("x", false));
    assert_eq!(value(None, &[("a", "x")]), (None, false));
    // Two hold: the keys of the first come before those of the second.
    let both = [("both", "x"), ("b", "x"), ("t", "x")];
    assert_eq!(value(Some("aws"), &both), some("from-aws", true));
    assert_eq!(value(Some("gcp"), &[("both", "x"), ("b", "x")]), some("from-gcp", false));
}

#[test]
fn the_first_member_that_is_the_value_regardless_of_case_is_taken() {
    let ty = TagType::OneOf(strings(&["ÉTÉ", "été", "hiver"]));
    assert_eq!(normalised(ty.clone(), "Été").as_deref(), Some("ÉTÉ"));
    assert_eq!(normalised(ty, "HIVER").as_deref(), Some("hiver"));
}
