//! Derives for charms, checked against charmcraft.yaml.
//!
//! A misspelt option, endpoint, container, action or parameter does not build, nor does a type that cannot hold
//! what charmcraft.yaml declares. The file is the nearest `charmcraft.yaml` in or above the folder of the source
//! file; the crate is built again when it changes. Use the derives through the `charmwright` crate.

#![warn(clippy::disallowed_methods)]

mod action;
mod charmcraft;
mod config;
mod fields;
mod file;
mod inputs;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Reads a struct's fields from the charm's options, `server_port` from `server-port`.
///
/// A field of type `Option<…>` may be unset; any other blocks the unit until it is set. On a field,
/// `#[option(name = "…")]` names another option and `#[option(check = function)]` passes the value through a
/// `fn(T) -> Result<T, String>` whose error follows the option's name: `must not be …`.
///
/// An empty text (`juju config app greeting=`, or `default: ""`) is unset for an `Option<…>`, whatever type is made from
/// the text; `#[option(keep_empty)]` makes it `Some("")`. A plain `String` holds the empty text.
#[proc_macro_derive(Config, attributes(option))]
pub fn derive_config(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand(config::expand(&input), &config::stub(&input))
}

/// Makes a struct the inputs of a charm.
///
/// `#[requires("…")]`, `#[provides("…")]`, `#[peers("…")]` and `#[container("…")]` name what charmcraft.yaml declares;
/// `#[notice("container", "example.com/key")]` is a `Noticed`, `#[file("container", "/path")]` a `ContainerFile`. A field without
/// an attribute is `Leadership` or a struct that derives `Config`.
///
/// An endpoint that charmcraft.yaml calls `optional: true` is an `Option<Requires<…>>`. One field stands for all
/// relations of an endpoint, and one for a container, so no two fields name the same.
#[proc_macro_derive(Inputs, attributes(requires, provides, peers, container, notice, file))]
pub fn derive_inputs(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand(inputs::expand(&input), &inputs::stub(&input))
}

/// Reads a struct's fields from an action's parameters, `show_password` from `show-password`.
///
/// The action has the struct's name, `ShowDatabase` that of `show-database`, or the one in `#[action("…")]`.
///
/// A field of type `Option<…>` may be left out. An empty text counts as left out, as with options;
/// `#[parameter(keep_empty)]` on the field makes it `Some("")`.
#[proc_macro_derive(Action, attributes(action, parameter))]
pub fn derive_action(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand(action::expand(&input), &action::stub(&input))
}

/// The derived code, or the mistake with a stub beside it, so that nothing else is told than the mistake.
fn expand(result: syn::Result<proc_macro2::TokenStream>, stub: &proc_macro2::TokenStream) -> TokenStream {
    let told = |mistake: syn::Error| {
        let mistake = mistake.into_compile_error();
        quote::quote! { #mistake #stub }
    };
    result.unwrap_or_else(told).into()
}
