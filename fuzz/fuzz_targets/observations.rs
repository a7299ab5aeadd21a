#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| syncookie_properties::saved::check(bytes));
