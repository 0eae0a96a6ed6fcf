//! Mutations that know nothing of what they change.

use super::{NUMBERS, Random};

/// Bytes that formats give a meaning to.
const TELLING: &[u8] = b"\0\t\n\r \"',:;=[]{}|\\/\x1b\x1e\x7f\x80\xbf\xc2\xed\xf4\xfe\xff019";

/// Changes some bytes of an input; `other` is one to take parts of.
pub fn bytes(random: &mut Random, input: &[u8], other: &[u8]) -> Vec<u8> {
    let mut out = input.to_vec();
    for _ in 0..=random.below(4) {
        change(random, &mut out, other);
    }
    out
}

fn change(random: &mut Random, out: &mut Vec<u8>, other: &[u8]) {
    if out.is_empty() {
        out.extend_from_slice(other);
        return;
    }
    let at = random.below(out.len());
    let end = at + random.below((out.len() - at).min(64)) + 1;
    match random.below(10) {
        0 => out[at] ^= 1 << random.below(8),
        1 => out[at] = *random.pick(TELLING),
        2 => out.insert(at, *random.pick(TELLING)),
        3 => drop(out.drain(at..end)),
        4 => out.truncate(at),
        5 => {
            let part = out[at..end].to_vec();
            out.splice(at..at, part);
        }
        6 => {
            let part = out[at..end].repeat(2 + random.below(200));
            out.splice(at..end, part);
        }
        7 => drop(out.splice(at..end, random.text().into_bytes())),
        8 => number(random, out, at),
        _ if other.is_empty() => out.reverse(),
        _ => {
            let start = random.below(other.len());
            let length = random.below((other.len() - start).min(256)) + 1;
            out.splice(at..end, other[start..start + length].iter().copied());
        }
    }
}

/// Replaces the first number behind a place.
fn number(random: &mut Random, out: &mut Vec<u8>, from: usize) {
    let Some(start) = out[from..].iter().position(u8::is_ascii_digit).map(|at| from + at) else { return };
    let end = out[start..].iter().position(|byte| !byte.is_ascii_digit()).map_or(out.len(), |at| start + at);
    out.splice(start..end, random.pick(&NUMBERS).bytes());
}
