//! Any file of events is applied, or refused.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| tagpol_tests::properties::events(input));
