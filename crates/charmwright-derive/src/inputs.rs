//! `#[derive(Inputs)]`

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, DeriveInput, Field, LitStr, Token, Type};

use crate::charmcraft::{Charmcraft, Role};
use crate::fields::named;

pub(crate) fn expand(input: &DeriveInput) -> syn::Result<TokenStream> {
    let charmcraft = Charmcraft::load(input.ident.span())?;
    let mut inputs = Vec::new();
    for field in named(input, "Inputs")? {
        inputs.push(Input::new(field, &charmcraft)?);
    }
    let name = &input.ident;
    let watch = charmcraft.watch();
    let declare = inputs.iter().map(Input::declare);
    let checks = inputs.iter().map(Input::check);
    let (plain, named): (Vec<&Input<'_>>, Vec<&Input<'_>>) =
        inputs.iter().partition(|input| matches!(input.kind, Kind::Plain));
    let plain_names: Vec<_> = plain.iter().map(|input| input.ident).collect();
    let plain_types: Vec<_> = plain.iter().map(|input| input.of).collect();
    let named_names: Vec<_> = named.iter().map(|input| input.ident).collect();
    let named_reads = named.iter().map(|input| input.collect());
    let required: Vec<_> = named
        .iter()
        .filter(|input| matches!(input.kind, Kind::Requires(..)))
        .map(|input| input.ident)
        .collect();
    let charm = charmcraft.name().map(|name| quote! { declaration.charm(#name); });
    Ok(quote! {
        #watch
        #(#checks)*
        impl ::charmwright::__private::Inputs for #name {
            fn declare(declaration: &mut ::charmwright::__private::Declaration) {
                #charm
                #(#declare)*
            }

            fn collect(
                snapshot: &::charmwright::__private::Snapshot,
            ) -> ::core::result::Result<Self, ::std::vec::Vec<::charmwright::__private::NotYet>> {
                let mut missing = ::std::vec::Vec::new();
                #( let #plain_names = ::charmwright::__private::ok_or_extend(
                    <#plain_types as ::charmwright::__private::Input>::collect(snapshot),
                    &mut missing,
                ); )*
                #( let #named_names = #named_reads; )*
                match (#(#plain_names,)*) {
                    (#(::core::option::Option::Some(#plain_names),)*) if missing.is_empty() => {
                        ::core::result::Result::Ok(Self { #(#plain_names,)* #(#named_names,)* })
                    }
                    #[allow(unreachable_patterns, reason = "a charm may have no such input")]
                    _ => {
                        #( missing.extend(::charmwright::__private::RequiresInput::missing(&#required)); )*
                        ::core::result::Result::Err(missing)
                    }
                }
            }

            fn missing(&self) -> ::std::vec::Vec<::charmwright::__private::NotYet> {
                let mut missing = ::std::vec::Vec::new();
                #( missing.extend(::charmwright::__private::RequiresInput::missing(&self.#required)); )*
                missing
            }
        }
    })
}

/// What stands in for the derived code where it cannot be made.
pub(crate) fn stub(input: &DeriveInput) -> TokenStream {
    let name = &input.ident;
    quote! {
        impl ::charmwright::__private::Inputs for #name {
            fn declare(_: &mut ::charmwright::__private::Declaration) {}

            fn collect(
                _: &::charmwright::__private::Snapshot,
            ) -> ::core::result::Result<Self, ::std::vec::Vec<::charmwright::__private::NotYet>> {
                loop {}
            }

            fn missing(&self) -> ::std::vec::Vec<::charmwright::__private::NotYet> {
                loop {}
            }
        }
    }
}

struct Input<'a> {
    ident: &'a Ident,
    of: &'a Type,
    kind: Kind,
}

enum Kind {
    Plain,
    Requires(LitStr, String),
    Provides(LitStr, String),
    Peers(LitStr, String),
    Container(LitStr),
    Notice(LitStr, LitStr),
    File(LitStr, LitStr),
}

impl<'a> Input<'a> {
    fn new(field: &'a Field, charmcraft: &Charmcraft) -> syn::Result<Self> {
        let ident =
            field.ident.as_ref().ok_or_else(|| syn::Error::new(field.span(), "an input has a name"))?;
        Ok(Self { ident, of: &field.ty, kind: Kind::of(field, charmcraft)? })
    }

    fn declare(&self) -> TokenStream {
        let of = self.of;
        match &self.kind {
            Kind::Plain => {
                quote_spanned! { of.span() => <#of as ::charmwright::__private::Input>::declare(declaration); }
            }
            Kind::Requires(name, _) => quote_spanned! { of.span() => declaration.requires::<#of>(#name); },
            Kind::Provides(name, _) => quote_spanned! { of.span() => declaration.provides::<#of>(#name); },
            Kind::Peers(name, _) => quote_spanned! { of.span() => declaration.peers::<#of>(#name); },
            Kind::Container(name) => quote! { declaration.container(#name); },
            Kind::Notice(name, key) => quote! { declaration.notice(#name, #key); },
            Kind::File(name, path) => quote! { declaration.file(#name, #path); },
        }
    }

    fn collect(&self) -> TokenStream {
        let of = self.of;
        match &self.kind {
            Kind::Plain => TokenStream::new(),
            Kind::Requires(name, _) => {
                quote! { <#of as ::charmwright::__private::RequiresInput>::collect(#name, snapshot) }
            }
            Kind::Provides(name, _) => {
                quote! { <#of as ::charmwright::__private::ProvidesInput>::collect(#name, snapshot) }
            }
            Kind::Peers(name, _) => {
                quote! { <#of as ::charmwright::__private::PeersInput>::collect(#name, snapshot, &mut missing) }
            }
            Kind::Container(name) => {
                quote_spanned! { of.span() => ::charmwright::__private::Container::collect(#name, snapshot) }
            }
            Kind::Notice(name, key) => {
                quote_spanned! { of.span() => ::charmwright::__private::Noticed::collect(#name, #key, snapshot) }
            }
            Kind::File(name, path) => {
                quote_spanned! { of.span() =>
                    ::charmwright::__private::ContainerFile::collect(#name, #path, snapshot)
                }
            }
        }
    }

    /// The interface of the type must be that of the endpoint.
    fn check(&self) -> TokenStream {
        let of = self.of;
        let (name, interface, spoken) = match &self.kind {
            Kind::Plain | Kind::Container(_) | Kind::Notice(..) | Kind::File(..) => {
                return TokenStream::new();
            }
            Kind::Requires(name, interface) => (
                name,
                interface,
                quote! {
                    <<#of as ::charmwright::__private::RequiresInput>::Interface as ::charmwright::__private::Interface>::NAME
                },
            ),
            Kind::Provides(name, interface) => (
                name,
                interface,
                quote! {
                    <<#of as ::charmwright::__private::ProvidesInput>::Interface as ::charmwright::__private::Offered>::NAME
                },
            ),
            Kind::Peers(name, interface) => (
                name,
                interface,
                quote! {
                    <<#of as ::charmwright::__private::PeersInput>::Interface as ::charmwright::__private::PeerInterface>::NAME
                },
            ),
        };
        let message = format!(
            "endpoint `{}` has the interface `{interface}` in charmcraft.yaml, but the type of this field speaks another",
            name.value()
        );
        quote_spanned! { of.span() =>
            const _: () = ::core::assert!(::charmwright::__private::same(#spoken, #interface), #message);
        }
    }
}

impl Kind {
    fn of(field: &Field, charmcraft: &Charmcraft) -> syn::Result<Self> {
        let mut kind = Self::Plain;
        for attribute in &field.attrs {
            let Some(word) = attribute.path().get_ident().map(ToString::to_string) else {
                continue;
            };
            if !matches!(word.as_str(), "requires" | "provides" | "peers" | "container" | "notice" | "file") {
                continue;
            }
            if !matches!(kind, Self::Plain) {
                return Err(syn::Error::new(attribute.span(), "an input has one attribute"));
            }
            if matches!(word.as_str(), "notice" | "file") {
                kind = Self::of_container(attribute, &word, charmcraft)?;
                continue;
            }
            let name: LitStr = attribute.parse_args()?;
            let (text, span): (String, Span) = (name.value(), name.span());
            kind = match word.as_str() {
                "requires" => Self::Requires(name, charmcraft.interface(Role::Requires, &text, span)?),
                "provides" => Self::Provides(name, charmcraft.interface(Role::Provides, &text, span)?),
                "peers" => Self::Peers(name, charmcraft.interface(Role::Peers, &text, span)?),
                _ => {
                    charmcraft.check_container(&text, span)?;
                    Self::Container(name)
                }
            };
        }
        Ok(kind)
    }

    /// A notice or a file: the container, and which one.
    fn of_container(attribute: &Attribute, word: &str, charmcraft: &Charmcraft) -> syn::Result<Self> {
        let both = attribute.parse_args_with(Punctuated::<LitStr, Token![,]>::parse_terminated)?;
        let mut both = both.into_iter();
        let (Some(container), Some(what), None) = (both.next(), both.next(), both.next()) else {
            let example = if word == "notice" { "example.com/backup-done" } else { "/etc/version" };
            let message = format!("name the container and the {word}: `#[{word}(\"web\", \"{example}\")]`");
            return Err(syn::Error::new(attribute.span(), message));
        };
        charmcraft.check_container(&container.value(), container.span())?;
        if word == "notice" {
            if !is_notice_key(&what.value()) {
                let message =
                    "the key of a notice is a domain and a path in lower case, as `example.com/backup-done`";
                return Err(syn::Error::new(what.span(), message));
            }
            Ok(Self::Notice(container, what))
        } else if what.value().starts_with('/') {
            Ok(Self::File(container, what))
        } else {
            Err(syn::Error::new(what.span(), "the path of a file in a container begins with `/`"))
        }
    }
}

/// As Pebble takes them.
fn is_notice_key(key: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let word = |word: &str| word.split('-').all(|part| !part.is_empty() && part.bytes().all(plain));
    key.len() <= 256
        && key.split_once('/').is_some_and(|(domain, path)| {
            domain.contains('.') && domain.split('.').all(word) && path.split('/').all(word)
        })
}
