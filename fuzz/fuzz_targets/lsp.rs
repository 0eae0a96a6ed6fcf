//! The language server answers after any messages, and ends with any bytes.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| tagpol_tests::properties::lsp(input));
