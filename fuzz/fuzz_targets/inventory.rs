//! Any inventory is read in full or refused.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| tagpol_tests::properties::inventory(input));
