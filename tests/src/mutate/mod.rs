//! Seeded mutations. The same seed gives the same inputs on every machine.

mod bytes;
mod inventory;
mod policy;

pub use bytes::bytes;
pub use inventory::inventory;
pub use policy::policy;

/// Texts that break what handles them carelessly.
const HOSTILE: [&str; 30] = [
    "",
    " ",
    "'",
    "\"",
    "\\",
    "'); DROP TABLE resources; --",
    "a\0b",
    "line\nbreak\r\ttab",
    "\u{1b}[31mred\u{1b}[0m",
    "\u{9b}2J",
    "\u{202e}reversed",
    "\u{feff}\u{a0}",
    "\u{fffe}\u{ffff}",
    "größe 日本 🦀 e\u{301}",
    "::error::x",
    "##vso[task.complete result=Succeeded;]",
    "=HYPERLINK(1)",
    "＝1+1",
    "@user",
    "<script>alert(1)</script>",
    "]]>&<!--",
    "![x](y) [x](javascript:y)",
    "https://example.com www.example.com",
    "{owner}",
    "$1 %s %_ {}",
    "../../etc/passwd",
    ".*(a+)+$",
    "NULL",
    "2026-02-30T25:61:61Z",
    "-0",
];

/// Numbers at which arithmetic goes wrong, as they are written.
const NUMBERS: [&str; 16] = [
    "0",
    "-1",
    "0.1",
    "1e308",
    "-1e-308",
    "1e400",
    "255",
    "65536",
    "2147483648",
    "4294967295",
    "9007199254740993",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551616",
    "79228162514264337593543950336",
    "0.0000000000000000000000000001",
];

/// A generator of numbers that depend on nothing but the seed.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Starts from a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns the next number (SplitMix64).
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below another one, which is not 0.
    #[expect(clippy::cast_possible_truncation, reason = "it is below a usize")]
    pub fn below(&mut self, end: usize) -> usize {
        (self.draw() % end as u64) as usize
    }

    /// Whether something happens that happens once in so many times.
    pub fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// Returns one of some things, of which there is at least one.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// Returns a hostile text; now and then a long one.
    fn text(&mut self) -> String {
        if self.one_in(24) {
            return self.pick(&HOSTILE).repeat(3000).chars().take(20_000).collect();
        }
        let mut text = (*self.pick(&HOSTILE)).to_owned();
        if self.one_in(3) {
            text.push_str(self.pick::<&str>(&HOSTILE));
        }
        text
    }
}
