//! Reproducible pseudo-random numbers and stable hashes.

/// A generator (SplitMix64): the same seed gives the same numbers on every machine.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    /// Starts a generator.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns the next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// Returns a number from 0 to below 1.
    pub(crate) fn unit(&mut self) -> f32 {
        // An f32 represents 24 bits exactly.
        (self.next() >> 40) as f32 / (1u64 << 24) as f32
    }

    /// Returns a number from 0 to below `end`; 0 if that is 0. Not exactly uniform, which for lists of thousands is
    /// unnoticeable in 64 bits.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % (end.max(1) as u64)) as usize
    }

    /// Puts things in a random order (Fisher and Yates).
    pub(crate) fn shuffle<T>(&mut self, things: &mut [T]) {
        for at in (1..things.len()).rev() {
            things.swap(at, self.below(at + 1));
        }
    }
}

/// Hashes texts one after the other with a mark between them (FNV-1a). The hashes are part of saved models: they never
/// change, and are the same on every machine.
pub(crate) fn hash(parts: &[&str]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in parts {
        for byte in part.bytes().chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    mix(hash)
}

/// Returns the hash of a text, which is the same on every machine and in every version.
pub fn fingerprint(text: &str) -> u64 {
    hash(&[text])
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_tell_parts_apart_and_never_change() {
        assert_ne!(hash(&["ab", "c"]), hash(&["a", "bc"]));
        assert_eq!(hash(&["name", "prod"]), 11_997_975_203_874_379_706);
        assert_eq!(Random::new(1).next(), 10_451_216_379_200_822_465);
    }
}
