//! Models that answer at random: with numbers, names, addresses and commands of their own, with those of other
//! facts, with foreign texts, and with what is not an answer at all.
//!
//! `TAGPOL_LIARS=1000 cargo test -p tagpol-advise liars` runs more inventories than the gate has time for.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;
use tagpol_advise::prompt::{Aliases, apply};
use tagpol_advise::{Advice, AdviceInput, Analysis, FactId};

use crate::inputs::{HOSTILE, input};
use crate::oracle::unsupported;

/// A lie, before it is known what it is about.
#[derive(Debug, Clone)]
enum Piece {
    Plain(&'static str),
    Text(String),
    /// A part of the fact with this number, as a model reads it.
    Atom(usize),
    /// A foreign text, as it is.
    Value(usize),
}

fn piece() -> BoxedStrategy<Piece> {
    let plain = [
        "Set",
        "the",
        "tag",
        "on",
        "resources",
        "first",
        "of",
        "and",
        "fix",
        ".",
        ",",
        ":",
        "(",
        ")",
        "it",
        "in",
        "-",
        "V1",
        "V2",
        "V99",
        "F1",
        "12",
        "47.7%",
        "1,204",
        "100",
        "USD",
        "seven",
        "all",
        "no",
        "delete",
        "critical",
        "`owner`",
        "`rm -rf /`",
        "https://evil.example",
        "www.evil.example",
        "prod-db",
        "tagpol remediate apply",
        "\n",
        "\u{202e}",
        "\u{1b}[2J",
        "::error::",
        "`",
        "\"",
        "'",
    ];
    prop_oneof![
        6 => prop::sample::select(plain.to_vec()).prop_map(Piece::Plain),
        1 => any::<String>().prop_map(Piece::Text),
        1 => prop::sample::select(HOSTILE.to_vec()).prop_map(Piece::Plain),
        6 => any::<usize>().prop_map(Piece::Atom),
        1 => any::<usize>().prop_map(Piece::Value),
    ]
    .boxed()
}

#[derive(Debug, Clone)]
struct Lie {
    /// The step of the section whose facts it cites, and other facts.
    step: usize,
    cited: Vec<u32>,
    pieces: Vec<(Piece, bool)>,
    /// Whether it is the honest text with one piece in it.
    in_template: Option<usize>,
}

fn lie() -> BoxedStrategy<Lie> {
    let pieces = vec((piece(), prop::bool::weighted(0.9)), 0..12);
    (any::<usize>(), vec(0_u32..40, 0..2), pieces, prop::option::of(any::<usize>()))
        .prop_map(|(step, cited, pieces, in_template)| Lie { step, cited, pieces, in_template })
        .boxed()
}

fn text(advice: &Advice, lie: &Lie, template: &str) -> String {
    let atoms: Vec<_> = advice.facts.all().iter().flat_map(|fact| fact.atoms()).collect();
    let shown = |piece: &Piece| match piece {
        Piece::Plain(text) => (*text).to_owned(),
        Piece::Text(text) => text.clone(),
        Piece::Atom(number) | Piece::Value(number) => {
            let part = atoms[number % atoms.len()];
            tagpol_advise::sentence::Sentence(vec![part.clone()]).to_string()
        }
    };
    let mut text = String::new();
    for (piece, spaced) in &lie.pieces {
        text.push_str(&shown(piece));
        text.push_str(if *spaced { " " } else { "" });
    }
    match lie.in_template {
        Some(place) => {
            let places: Vec<usize> = template.char_indices().map(|(at, _)| at).collect();
            let (before, after) =
                template.split_at(places.get(place % places.len().max(1)).copied().unwrap_or(0));
            format!("{before}{text}{after}")
        }
        None => text,
    }
}

/// Lets a liar word the advice about an input, and judges the result.
fn judge(input: &AdviceInput, lies: &[Lie], garbage: &str) -> Result<(), TestCaseError> {
    let mut advice = Advice::new(input, &Analysis::ALL);
    let aliases = Aliases::of(advice.facts.all());
    let facts = advice.facts.clone();
    for at in 0..advice.sections.len() {
        let before = advice.sections[at].clone();
        let mut steps = Vec::new();
        for lie in lies.iter().filter(|_| !before.steps.is_empty()) {
            let step = &before.steps[lie.step % before.steps.len()];
            let cited = step.facts.iter().copied().chain(lie.cited.iter().map(|number| FactId(*number)));
            let cited: Vec<String> = cited.map(|id| id.to_string()).collect();
            let text = text(&advice, lie, &step.sentence.to_string());
            steps.push(json!({"facts": cited, "text": text}));
        }
        let answer = json!({"steps": steps}).to_string();
        let section = &mut advice.sections[at];
        apply(section, &facts, &aliases, &answer).unwrap();
        prop_assert_eq!(section.steps.len(), before.steps.len(), "no step is lost");
        let mut unchanged = before.clone();
        if apply(&mut unchanged, &facts, &aliases, garbage).is_err() {
            prop_assert_eq!(unchanged, before);
        }
    }
    prop_assert_eq!(unsupported(&advice), Vec::<String>::new());
    Ok(())
}

fn cases() -> u32 {
    std::env::var("TAGPOL_LIARS").ok().and_then(|cases| cases.parse().ok()).unwrap_or(48)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn liars_add_nothing(input in input(), lies in vec(lie(), 1..12), garbage in any::<String>()) {
        judge(&input, &lies, &garbage)?;
    }
}
