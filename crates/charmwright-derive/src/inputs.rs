//! `#[derive(Inputs)]`

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{Attribute, DeriveInput, Field, LitInt, LitStr, Token, Type};

use crate::charmcraft::{Charmcraft, Endpoint, Role};
use crate::fields::{Derive, inside_option, named, one_text};

const DERIVE: Derive = Derive {
    name: "Inputs",
    example: "struct Inputs { options: Options }",
    on_fields: &["requires", "provides", "peers", "container", "notice", "file"],
    on_struct: &[],
};

pub(crate) fn expand(input: &DeriveInput) -> syn::Result<TokenStream> {
    let charmcraft = Charmcraft::load(input.ident.span())?;
    let mut inputs: Vec<Input<'_>> = Vec::new();
    for field in named(input, &DERIVE)? {
        let input = Input::new(field, &charmcraft)?;
        if let Some(other) = inputs.iter().find(|other| other.is_of(&input)) {
            return Err(input.taken(other));
        }
        inputs.push(input);
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
    let (parameters, arguments, bounds) = input.generics.split_for_impl();
    quote! {
        impl #parameters ::charmwright::__private::Inputs for #name #arguments #bounds {
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
    Requires(LitStr, Endpoint),
    Provides(LitStr, Endpoint),
    Peers(LitStr, Endpoint),
    Container(LitStr),
    Notice(LitStr, LitStr),
    File(LitStr, LitStr, Option<LitInt>),
}

impl<'a> Input<'a> {
    fn new(field: &'a Field, charmcraft: &Charmcraft) -> syn::Result<Self> {
        let ident =
            field.ident.as_ref().ok_or_else(|| syn::Error::new(field.span(), "an input has a name"))?;
        let kind = Kind::of(field, charmcraft)?;
        let plain = match kind {
            Kind::Container(_) => "Container",
            Kind::Notice(..) => "Noticed",
            Kind::File(..) => "ContainerFile",
            _ => return Ok(Self { ident, of: &field.ty, kind }),
        };
        if inside_option(&field.ty).is_some() {
            let message = format!(
                "a container of charmcraft.yaml is always there, only its Pebble may not answer yet: write `{plain}`, \
                 whose methods say why nothing is known"
            );
            return Err(syn::Error::new(field.ty.span(), message));
        }
        Ok(Self { ident, of: &field.ty, kind })
    }

    /// Whether both stand for the same endpoint, container, notice or file.
    fn is_of(&self, other: &Self) -> bool {
        let texts = |kind: &Kind| kind.names().into_iter().map(LitStr::value).collect::<Vec<_>>();
        let mine = texts(&self.kind);
        !mine.is_empty() && self.kind.noun() == other.kind.noun() && mine == texts(&other.kind)
    }

    /// The mistake that another field stands for the same.
    fn taken(&self, other: &Self) -> syn::Error {
        let last = self.kind.names().pop();
        let (name, span) =
            last.map_or((String::new(), self.ident.span()), |name| (name.value(), name.span()));
        let (noun, field) = (self.kind.noun(), other.ident);
        let message =
            format!("{noun} `{name}` is already the field `{field}`; use that field, or name another {noun}");
        syn::Error::new(span, message)
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
            Kind::File(name, path, None) => {
                quote! { declaration.file(#name, #path, ::charmwright::__private::FileDeclaration::BYTES_MAX); }
            }
            Kind::File(name, path, Some(bytes_max)) => quote! { declaration.file(#name, #path, #bytes_max); },
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
            Kind::File(name, path, _) => {
                quote_spanned! { of.span() =>
                    ::charmwright::__private::ContainerFile::collect(#name, #path, snapshot)
                }
            }
        }
    }

    /// The interface of the type must be that of the endpoint.
    fn check(&self) -> TokenStream {
        let of = self.of;
        let (name, endpoint, spoken) = match &self.kind {
            Kind::Plain | Kind::Container(_) | Kind::Notice(..) | Kind::File(..) => {
                return TokenStream::new();
            }
            Kind::Requires(name, endpoint) => (
                name,
                endpoint,
                quote! {
                    <<#of as ::charmwright::__private::RequiresInput>::Interface as ::charmwright::__private::Interface>::NAME
                },
            ),
            Kind::Provides(name, endpoint) => (
                name,
                endpoint,
                quote! {
                    <<#of as ::charmwright::__private::ProvidesInput>::Interface as ::charmwright::__private::Offered>::NAME
                },
            ),
            Kind::Peers(name, endpoint) => (
                name,
                endpoint,
                quote! {
                    <<#of as ::charmwright::__private::PeersInput>::Interface as ::charmwright::__private::PeerInterface>::NAME
                },
            ),
        };
        let interface = &endpoint.interface;
        let message = format!(
            "endpoint `{}` has the interface `{interface}` in charmcraft.yaml, but the type of this field speaks another",
            name.value()
        );
        let must_be_there = match &self.kind {
            Kind::Requires(name, Endpoint { optional: true, .. }) => {
                let message = format!(
                    "endpoint `{}` is `optional: true` in charmcraft.yaml, but without a relation this field would block the unit: \
                     write `Option<Requires<…>>`, or drop `optional: true`",
                    name.value()
                );
                quote_spanned! { of.span() =>
                    const _: () = ::core::assert!(
                        <#of as ::charmwright::__private::RequiresInput>::OPTIONAL,
                        #message
                    );
                }
            }
            _ => TokenStream::new(),
        };
        quote_spanned! { of.span() =>
            const _: () = ::core::assert!(::charmwright::__private::same(#spoken, #interface), #message);
            #must_be_there
        }
    }
}

impl Kind {
    /// What charmcraft.yaml calls it.
    fn noun(&self) -> &'static str {
        match self {
            Self::Plain => "input",
            Self::Requires(..) | Self::Provides(..) | Self::Peers(..) => "endpoint",
            Self::Container(_) => "container",
            Self::Notice(..) => "notice",
            Self::File(..) => "file",
        }
    }

    /// The texts in its attribute.
    fn names(&self) -> Vec<&LitStr> {
        match self {
            Self::Plain => Vec::new(),
            Self::Requires(name, _)
            | Self::Provides(name, _)
            | Self::Peers(name, _)
            | Self::Container(name) => {
                vec![name]
            }
            Self::Notice(container, what) | Self::File(container, what, _) => vec![container, what],
        }
    }

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
            let example = if word == "container" { "web" } else { "database" };
            let name = one_text(attribute, &format!("#[{word}(\"{example}\")]"))?;
            let (text, span): (String, Span) = (name.value(), name.span());
            kind = match word.as_str() {
                "requires" => Self::Requires(name, charmcraft.endpoint(Role::Requires, &text, span)?),
                "provides" => Self::Provides(name, charmcraft.endpoint(Role::Provides, &text, span)?),
                "peers" => Self::Peers(name, charmcraft.endpoint(Role::Peers, &text, span)?),
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
        let given: OfContainer = attribute.parse_args().unwrap_or_default();
        let (mut names, bytes_max) = (given.names.into_iter(), given.bytes_max);
        let (Some(container), Some(what), None) = (names.next(), names.next(), names.next()) else {
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
            if let Some(bytes_max) = bytes_max {
                return Err(syn::Error::new(bytes_max.span(), "only a file has `bytes_max`"));
            }
            Ok(Self::Notice(container, what))
        } else if what.value().starts_with('/') {
            Ok(Self::File(container, what, bytes_max))
        } else {
            Err(syn::Error::new(what.span(), "the path of a file in a container begins with `/`"))
        }
    }
}

/// What names a notice or a file: `"web", "/srv/list", bytes_max = 4_194_304`.
#[derive(Default)]
struct OfContainer {
    names: Vec<LitStr>,
    bytes_max: Option<LitInt>,
}

impl Parse for OfContainer {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut given = Self::default();
        while !input.is_empty() {
            if input.peek(LitStr) {
                given.names.push(input.parse()?);
            } else {
                let word: Ident = input.parse()?;
                if word != "bytes_max" {
                    return Err(syn::Error::new(word.span(), "only `bytes_max` is known"));
                }
                input.parse::<Token![=]>()?;
                let number: LitInt = input.parse()?;
                number.base10_parse::<u64>()?;
                given.bytes_max = Some(number);
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(given)
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
