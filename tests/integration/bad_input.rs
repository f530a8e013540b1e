//! Being written by the test helper since 12:50 (not in main.rs yet; arrives here compiled and passing).
