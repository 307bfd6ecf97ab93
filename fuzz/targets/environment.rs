//! The environment of `dispatch`: lines of `NAME=value`.

#![no_main]

use charmwright_event::Context;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let variables = text.lines().filter_map(|line| line.split_once('='));
    match Context::from_variables(variables) {
        Ok(context) => {
            let name = context.event.name();
            assert!(!name.is_empty());
            let _ = (context.event.goal(), format!("{context:?}"));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
