use charmwright::prelude::*;

#[derive(Inputs)]
struct Charm<T> {
    options: T,
}

#[derive(Config)]
struct Options<'a> {
    greeting: &'a str,
}

#[derive(Action)]
struct ShowDatabase<const WIDTH: usize> {
    show_password: bool,
}

fn reconcile<T>(charm: &Charm<T>, _: &Desired) -> Result<(), NotYet>
where
    Charm<T>: Send,
{
    let _ = &charm.options;
    Ok(())
}

fn main() {}
