//! Mistakes that do not build, and what the compiler says about them.

#[test]
fn the_compiler_says_what_is_wrong_and_what_would_be_right() {
    let mistakes = trybuild::TestCases::new();
    mistakes.pass("tests/mistakes/none.rs");
    mistakes.compile_fail("tests/mistakes/[a-m]*/*.rs");
}
