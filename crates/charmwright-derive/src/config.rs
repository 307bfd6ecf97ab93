//! `#[derive(Config)]`

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{DeriveInput, ExprPath, Field, LitStr, Meta, Token};

use crate::charmcraft::{Charmcraft, Reader};
use crate::fields::{Derive, inside_option, kebab, named, once};

const DERIVE: Derive = Derive {
    name: "Config",
    example: "struct Options { server_port: Port }",
    on_fields: &["option"],
    on_struct: &[],
};
/// What an attribute of an option can say.
const FORMS: &str =
    "write `#[option(name = \"server-port\")]`, `#[option(check = function)]` or `#[option(keep_empty)]`";

pub(crate) fn expand(input: &DeriveInput) -> syn::Result<TokenStream> {
    let charmcraft = Charmcraft::load(input.ident.span())?;
    let fields = named(input, &DERIVE)?;
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
    let (parameters, arguments, bounds) = input.generics.split_for_impl();
    quote! {
        impl #parameters ::charmwright::__private::Config for #name #arguments #bounds {
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
    keep_empty: Option<Span>,
}

fn attribute(field: &Field) -> syn::Result<Attribute> {
    let mut attribute = Attribute::default();
    for one in field.attrs.iter().filter(|one| one.path().is_ident("option")) {
        if !matches!(one.meta, Meta::List(_)) {
            return Err(syn::Error::new(one.span(), FORMS));
        }
        one.parse_nested_meta(|meta| {
            if meta.path.is_ident("name") {
                once(one, attribute.name.is_some())?;
                attribute.name = Some(meta.value()?.parse()?);
            } else if meta.path.is_ident("check") {
                once(one, attribute.check.is_some())?;
                attribute.check = Some(meta.value()?.parse()?);
            } else if meta.path.is_ident("keep_empty") && !meta.input.peek(Token![=]) {
                attribute.keep_empty = Some(meta.path.span());
            } else {
                return Err(meta.error(FORMS));
            }
            Ok(())
        })
        .map_err(|error| told(&error, one.span()))?;
    }
    Ok(attribute)
}

/// What syn says of an attribute that it cannot parse names no form that would be right.
fn told(error: &syn::Error, span: Span) -> syn::Error {
    let said = error.to_string();
    if said == FORMS || said.starts_with("this attribute") {
        error.clone()
    } else {
        syn::Error::new(span, FORMS)
    }
}

fn read(field: &Field, charmcraft: &Charmcraft) -> syn::Result<TokenStream> {
    let attribute = attribute(field)?;
    let (name, span) = match (&attribute.name, &field.ident) {
        (Some(name), _) => (name.value(), name.span()),
        (None, Some(ident)) => (kebab(&ident.to_string()), ident.span()),
        (None, None) => return Err(syn::Error::new(field.span(), "an option has a name")),
    };
    let Reader { function, text, .. } = charmcraft.option(&name, span)?;
    let check =
        attribute.check.map_or_else(|| quote! { ::core::result::Result::Ok }, |check| quote! { #check });
    let inside = inside_option(&field.ty);
    if let Some(span) = attribute.keep_empty {
        check_keep_empty("option", &name, &function, inside.is_some(), span)?;
    }
    let (method, of) = match inside {
        Some(inside) if text && attribute.keep_empty.is_none() => (quote! { unless_empty }, inside),
        Some(inside) => (quote! { optional }, inside),
        None => (quote! { required }, &field.ty),
    };
    Ok(quote_spanned! { of.span() =>
        options.#method(#name, ::charmwright::__private::read::#function::<#of>, #check)
    })
}

/// `keep_empty` is for an `Option<…>` that is made from any text; elsewhere it would change nothing.
pub(crate) fn check_keep_empty(
    kind: &str,
    name: &str,
    function: &Ident,
    in_option: bool,
    span: Span,
) -> syn::Result<()> {
    let message = if function != "string" {
        format!(
            "{kind} `{name}` is of type `{function}` in charmcraft.yaml, which no empty text is; drop `keep_empty`"
        )
    } else if in_option {
        return Ok(());
    } else {
        "a field that is no `Option<…>` holds the empty text anyway; drop `keep_empty`".to_owned()
    };
    Err(syn::Error::new(span, message))
}
