//! `#[derive(Config)]`

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{DeriveInput, ExprPath, Field, LitStr};

use crate::charmcraft::Charmcraft;
use crate::fields::{inside_option, kebab, named};

pub(crate) fn expand(input: &DeriveInput) -> syn::Result<TokenStream> {
    let charmcraft = Charmcraft::load(input.ident.span())?;
    let fields = named(input, "Config")?;
    let mut reads = Vec::new();
    for field in &fields {
        reads.push(read(field, &charmcraft)?);
    }
    let name = &input.ident;
    let idents: Vec<_> = fields.iter().filter_map(|field| field.ident.as_ref()).collect();
    let watch = charmcraft.watch();
    Ok(quote! {
        #watch
        impl ::charmwright::__private::Config for #name {
            fn from_options(
                options: &::charmwright::__private::Options<'_>,
            ) -> ::core::result::Result<Self, ::std::vec::Vec<::charmwright::__private::NotYet>> {
                let mut wrong = ::std::vec::Vec::new();
                #( let #idents = ::charmwright::__private::ok_or_push(#reads, &mut wrong); )*
                match (#(#idents,)*) {
                    (#(::core::option::Option::Some(#idents),)*) => ::core::result::Result::Ok(Self { #(#idents),* }),
                    _ => ::core::result::Result::Err(wrong),
                }
            }
        }
    })
}

/// What stands in for the derived code where it cannot be made.
pub(crate) fn stub(input: &DeriveInput) -> TokenStream {
    let name = &input.ident;
    quote! {
        impl ::charmwright::__private::Config for #name {
            fn from_options(
                _: &::charmwright::__private::Options<'_>,
            ) -> ::core::result::Result<Self, ::std::vec::Vec<::charmwright::__private::NotYet>> {
                loop {}
            }
        }
    }
}

#[derive(Default)]
struct Attribute {
    name: Option<LitStr>,
    check: Option<ExprPath>,
}

fn attribute(field: &Field) -> syn::Result<Attribute> {
    let mut attribute = Attribute::default();
    for one in field.attrs.iter().filter(|one| one.path().is_ident("option")) {
        one.parse_nested_meta(|meta| {
            if meta.path.is_ident("name") {
                attribute.name = Some(meta.value()?.parse()?);
                Ok(())
            } else if meta.path.is_ident("check") {
                attribute.check = Some(meta.value()?.parse()?);
                Ok(())
            } else {
                Err(meta.error("write `#[option(name = \"…\")]` or `#[option(check = function)]`"))
            }
        })?;
    }
    Ok(attribute)
}

fn read(field: &Field, charmcraft: &Charmcraft) -> syn::Result<TokenStream> {
    let attribute = attribute(field)?;
    let (name, span) = match (&attribute.name, &field.ident) {
        (Some(name), _) => (name.value(), name.span()),
        (None, Some(ident)) => (kebab(&ident.to_string()), ident.span()),
        (None, None) => return Err(syn::Error::new(field.span(), "an option has a name")),
    };
    let reader = charmcraft.option_reader(&name, span)?;
    let check =
        attribute.check.map_or_else(|| quote! { ::core::result::Result::Ok }, |check| quote! { #check });
    let (method, of) = match inside_option(&field.ty) {
        Some(inside) => (quote! { optional }, inside),
        None => (quote! { required }, &field.ty),
    };
    Ok(quote_spanned! { of.span() =>
        options.#method(#name, ::charmwright::__private::read::#reader::<#of>, #check)
    })
}
