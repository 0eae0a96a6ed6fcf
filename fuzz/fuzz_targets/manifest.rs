//! Any text is a manifest or refused.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| tagpol_tests::properties::manifest(input));
