//! Deferring what may not be deferred does not build, and the compiler says why.

#[test]
fn the_compiler_says_why_an_event_cannot_wait() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/deferring/what_may_wait.rs");
    cases.compile_fail("tests/deferring/not_*.rs");
}
