//! `#[derive(Action)]`

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{DeriveInput, Field, LitStr};

use crate::charmcraft::{Action, Charmcraft, Reader};
use crate::config::check_keep_empty;
use crate::fields::{Derive, inside_option, kebab, named, once, one_text};

const DERIVE: Derive = Derive {
    name: "Action",
    example: "struct ShowDatabase { show_password: bool }",
    on_fields: &["parameter"],
    on_struct: &["action"],
};

pub(crate) fn expand(input: &DeriveInput) -> syn::Result<TokenStream> {
    let charmcraft = Charmcraft::load(input.ident.span())?;
    let mut given: Option<LitStr> = None;
    for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("action")) {
        once(attribute, given.is_some())?;
        given = Some(one_text(attribute, "#[action(\"show-database\")]")?);
    }
    let fields = named(input, &DERIVE)?;
    let (action_name, span) = match &given {
        Some(name) => (name.value(), name.span()),
        None => (kebab(&input.ident.to_string()), input.ident.span()),
    };
    let action = charmcraft.action(&action_name, span)?;
    let mut reads = Vec::new();
    for field in &fields {
        reads.push(read(field, action)?);
    }
    let name = &input.ident;
    let idents: Vec<_> = fields.iter().filter_map(|field| field.ident.as_ref()).collect();
    let watch = charmcraft.watch();
    Ok(quote! {
        #watch
        impl ::charmwright::__private::Action for #name {
            const NAME: &'static str = #action_name;

            fn from_parameters(
                parameters: &::charmwright::__private::Parameters,
            ) -> ::core::result::Result<Self, ::charmwright::__private::ActionFailed> {
                ::core::result::Result::Ok(Self { #(#idents: #reads),* })
            }
        }
    })
}

/// What stands in for the derived code where it cannot be made.
pub(crate) fn stub(input: &DeriveInput) -> TokenStream {
    let name = &input.ident;
    let (parameters, arguments, bounds) = input.generics.split_for_impl();
    quote! {
        impl #parameters ::charmwright::__private::Action for #name #arguments #bounds {
            const NAME: &'static str = "";

            fn from_parameters(
                _: &::charmwright::__private::Parameters,
            ) -> ::core::result::Result<Self, ::charmwright::__private::ActionFailed> {
                loop {}
            }
        }
    }
}

fn read(field: &Field, action: &Action) -> syn::Result<TokenStream> {
    let ident =
        field.ident.as_ref().ok_or_else(|| syn::Error::new(field.span(), "a parameter has a name"))?;
    let name = kebab(&ident.to_string());
    let Reader { function, text, always } = action.parameter(&name, ident.span())?;
    let inside = inside_option(&field.ty);
    let keep_empty = keep_empty(field)?;
    if let Some(span) = keep_empty {
        check_keep_empty("parameter", &name, &function, inside.is_some(), span)?;
    }
    let of = inside.unwrap_or(&field.ty);
    let read = quote_spanned! { of.span() => ::charmwright::__private::read::#function::<#of> };
    if inside.is_some() {
        Ok(if text && keep_empty.is_none() {
            quote_spanned! { of.span() =>
                parameters.optional(#name, ::charmwright::__private::read::unless_empty(#read))?.flatten()
            }
        } else {
            quote_spanned! { of.span() => parameters.optional(#name, #read)? }
        })
    } else if always {
        Ok(quote_spanned! { of.span() => parameters.required(#name, #read)? })
    } else {
        let message = format!(
            "parameter `{name}` may be left out: make the field an `Option<…>`, or give the parameter a default in charmcraft.yaml"
        );
        Err(syn::Error::new(field.ty.span(), message))
    }
}

/// Where the field says `#[parameter(keep_empty)]`.
fn keep_empty(field: &Field) -> syn::Result<Option<Span>> {
    let mut keep_empty = None;
    for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("parameter")) {
        once(attribute, keep_empty.is_some())?;
        let word: Option<Ident> = attribute.parse_args().ok();
        if word.is_none_or(|word| word != "keep_empty") {
            return Err(syn::Error::new(attribute.span(), "write `#[parameter(keep_empty)]`"));
        }
        keep_empty = Some(attribute.span());
    }
    Ok(keep_empty)
}
