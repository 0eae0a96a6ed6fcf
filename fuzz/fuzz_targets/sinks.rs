//! Any texts of a cloud come out of reports as data.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| tagpol_tests::properties::sinks(input));
