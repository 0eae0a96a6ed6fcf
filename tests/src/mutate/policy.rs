//! Mutations of policies that leave most of them policies.

use std::ops::Range;

use super::{NUMBERS, Random};

/// Words that can stand in each other's place.
const ALIKE: [&[&str]; 6] = [
    &["==", "!="],
    &["<", "<=", ">", ">="],
    &["and", "or"],
    &["critical", "high", "medium", "low"],
    &["contains", "starts with", "ends with", "is"],
    &["missing", "set", "present"],
];

/// Changes the text of a policy file: mostly the content of its strings and numbers, and words for others of
/// their kind; now and then any of its tokens.
pub fn policy(random: &mut Random, text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..=random.below(3) {
        text = match random.below(16) {
            0..5 => replace_string(random, &text),
            5..8 => replace_number(random, &text),
            8..11 => replace_word(random, &text),
            11..14 => move_items(random, &text),
            14 => change_tokens(random, &text),
            _ => change_characters(random, &text),
        };
    }
    text
}

/// Puts a text in the place of a range, which is one of characters.
fn put(text: &str, range: Range<usize>, new: &str) -> String {
    let before = text.get(..range.start).unwrap_or_default();
    let after = text.get(range.end..).unwrap_or_default();
    [before, new, after].concat()
}

/// Where the contents of strings on one line are.
fn strings(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = None;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match (start, c) {
            (None, '"') => start = Some(at + 1),
            (Some(_), '\n') => start = None,
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(from), '"') => {
                found.push(from..at);
                start = None;
            }
            _ => {}
        }
    }
    found
}

fn replace_string(random: &mut Random, text: &str) -> String {
    let strings = strings(text);
    if strings.is_empty() {
        return text.to_owned();
    }
    let mut content = String::new();
    for c in random.text().chars() {
        match c {
            '"' | '\\' | '{' | '}' => content.extend(['\\', c]),
            c if c.is_control() => content.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            c => content.push(c),
        }
    }
    let range = random.pick(&strings).clone();
    put(text, range, &content)
}

/// Where the words are that a test accepts; a word is letters, digits and what joins them, or signs.
fn words(text: &str, accepts: impl Fn(&str) -> bool) -> Vec<Range<usize>> {
    let kind = |c: char| match c {
        c if c.is_alphanumeric() || matches!(c, '_' | '-' | '.') => 0,
        c if c.is_whitespace() => 1,
        '<' | '>' | '=' | '!' => 2,
        _ => 3,
    };
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut before = None;
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        match found.last_mut() {
            Some(last) if before == Some(kind(c)) && kind(c) != 3 => last.end = end,
            _ => found.push(at..end),
        }
        before = Some(kind(c));
    }
    found.retain(|range| text.get(range.clone()).is_some_and(&accepts));
    found
}

fn replace_number(random: &mut Random, text: &str) -> String {
    let numbers = words(text, |word| word.starts_with(|c: char| c.is_ascii_digit()));
    if numbers.is_empty() {
        return text.to_owned();
    }
    let range = random.pick(&numbers).clone();
    // Small ones fit where days, shares and parts of dates are.
    let new = match random.below(3) {
        0 => (*random.pick(&NUMBERS)).to_owned(),
        _ => random.below(100).to_string(),
    };
    put(text, range, &new)
}

fn replace_word(random: &mut Random, text: &str) -> String {
    let known = words(text, |word| ALIKE.iter().any(|alike| alike.contains(&word)));
    if known.is_empty() {
        return text.to_owned();
    }
    let range = random.pick(&known).clone();
    let word = text.get(range.clone()).unwrap_or_default();
    let alike = ALIKE.iter().find(|alike| alike.contains(&word)).copied().unwrap_or_default();
    put(text, range, random.pick::<&str>(alike))
}

/// Changes the order of the items, or leaves one out.
fn move_items(random: &mut Random, text: &str) -> String {
    let mut items: Vec<&str> = text.split("\n\n").collect();
    let at = random.below(items.len());
    match random.below(4) {
        0 if items.len() > 2 => drop(items.remove(at)),
        _ => {
            let other = random.below(items.len());
            items.swap(at, other);
        }
    }
    items.join("\n\n")
}

fn change_tokens(random: &mut Random, text: &str) -> String {
    let tokens = words(text, |word| !word.trim().is_empty());
    if tokens.is_empty() {
        return text.to_owned();
    }
    let range = random.pick(&tokens).clone();
    let token = text.get(range.clone()).unwrap_or_default();
    let other = text.get(random.pick(&tokens).clone()).unwrap_or_default().to_owned();
    match random.below(4) {
        0 => put(text, range, ""),
        1 => put(text, range.clone(), &format!("{token} {token}")),
        2 => put(text, range.clone(), &"(".repeat(random.below(300))),
        _ => put(text, range, &other),
    }
}

fn change_characters(random: &mut Random, text: &str) -> String {
    let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    if places.is_empty() {
        return random.text();
    }
    let at = *random.pick(&places);
    put(text, at..at, &random.text())
}
