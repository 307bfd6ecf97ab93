//! `#[derive(Action)]`

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{DeriveInput, Field, LitStr};

use crate::charmcraft::{Action, Charmcraft};
use crate::fields::{inside_option, kebab, named};

pub(crate) fn expand(input: &DeriveInput) -> syn::Result<TokenStream> {
    let charmcraft = Charmcraft::load(input.ident.span())?;
    let given = input.attrs.iter().find(|attribute| attribute.path().is_ident("action"));
    let given: Option<LitStr> = given.map(syn::Attribute::parse_args).transpose()?;
    let (action_name, span) = match &given {
        Some(name) => (name.value(), name.span()),
        None => (kebab(&input.ident.to_string()), input.ident.span()),
    };
    let action = charmcraft.action(&action_name, span)?;
    let fields = named(input, "Action")?;
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
    quote! {
        impl ::charmwright::__private::Action for #name {
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
    let (reader, always) = action.parameter(&name, ident.span())?;
    let (method, of) = match inside_option(&field.ty) {
        Some(inside) => (quote! { optional }, inside),
        None if always => (quote! { required }, &field.ty),
        None => {
            let message = format!(
                "parameter `{name}` may be left out: make the field an `Option<…>`, or give the parameter a default in charmcraft.yaml"
            );
            return Err(syn::Error::new(field.ty.span(), message));
        }
    };
    Ok(quote_spanned! { of.span() =>
        parameters.#method(#name, ::charmwright::__private::read::#reader::<#of>)?
    })
}
