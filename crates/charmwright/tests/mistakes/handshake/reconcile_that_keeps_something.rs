use charmwright::prelude::*;

fn program(greeting: String) {
    let _ = charm(move |_: &(), _: &Desired| {
        drop(greeting.len());
        Ok(())
    });
}

fn main() {}
