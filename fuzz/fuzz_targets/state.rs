//! Any file is a state store or refused.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| tagpol_tests::properties::state(input));
