//! What the derives share: named fields, names in kebab case, `Option<…>`.

use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Field, Fields, GenericArgument, LitStr, PathArguments, Token, Type};

/// What a derive is for.
#[derive(Clone, Copy)]
pub(crate) struct Derive {
    /// Its name.
    pub(crate) name: &'static str,
    /// A struct that derives it, in one line.
    pub(crate) example: &'static str,
    /// Its attributes that stand on fields.
    pub(crate) on_fields: &'static [&'static str],
    /// Its attributes that stand on the struct.
    pub(crate) on_struct: &'static [&'static str],
}

/// The named fields of a struct that has no parameters, with each attribute where it belongs.
pub(crate) fn named<'a>(input: &'a DeriveInput, derive: &Derive) -> syn::Result<Vec<&'a Field>> {
    let Derive { name, example, on_fields, on_struct } = derive;
    if !input.generics.params.is_empty() {
        let message = format!(
            "`{name}` is derived for a struct without type parameters and lifetimes: \
             the fields own what they hold, and charmcraft.yaml says of what type; write `{example}`"
        );
        return Err(syn::Error::new(input.generics.span(), message));
    }
    if let Some(attribute) =
        input.attrs.iter().find(|one| on_fields.iter().any(|word| one.path().is_ident(word)))
    {
        let message = "this attribute stands on a field, not on the struct";
        return Err(syn::Error::new(attribute.span(), message));
    }
    let fields = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => fields.named.iter().collect(),
            Fields::Unit => Vec::new(),
            Fields::Unnamed(_) => return Err(wrong_shape(input, derive, "a tuple struct")),
        },
        Data::Enum(_) => return Err(wrong_shape(input, derive, "an enum")),
        Data::Union(_) => return Err(wrong_shape(input, derive, "a union")),
    };
    let misplaced = fields
        .iter()
        .flat_map(|field: &&Field| &field.attrs)
        .find(|one| on_struct.iter().any(|word| one.path().is_ident(word)));
    if let Some(attribute) = misplaced {
        let message = "this attribute stands on the struct, not on a field";
        return Err(syn::Error::new(attribute.span(), message));
    }
    Ok(fields)
}

fn wrong_shape(input: &DeriveInput, derive: &Derive, shape: &str) -> syn::Error {
    let Derive { name, example, .. } = derive;
    let message =
        format!("`{name}` is derived for a struct with named fields, and this is {shape}; write `{example}`");
    syn::Error::new(input.ident.span(), message)
}

/// The one text in the attribute's parentheses, such as `"database"`.
pub(crate) fn one_text(attribute: &Attribute, example: &str) -> syn::Result<LitStr> {
    let wrong = |_| syn::Error::new(attribute.span(), format!("write `{example}`"));
    attribute.parse_args().map_err(wrong)
}

/// Refuses the second of two attributes that may stand once.
pub(crate) fn once(attribute: &Attribute, seen: bool) -> syn::Result<()> {
    if seen { Err(syn::Error::new(attribute.span(), "this attribute stands once")) } else { Ok(()) }
}

/// `server_port` as charmcraft.yaml writes it: `server-port`; `ShowDatabase` as `show-database`.
pub(crate) fn kebab(name: &str) -> String {
    let mut kebab = String::new();
    for (position, character) in name.trim_start_matches("r#").chars().enumerate() {
        if character.is_uppercase() && position > 0 {
            kebab.push('-');
        }
        kebab.extend(if character == '_' { '-'.to_lowercase() } else { character.to_lowercase() });
    }
    kebab
}

/// The type inside `Option<…>`.
pub(crate) fn inside_option(of: &Type) -> Option<&Type> {
    let Type::Path(path) = of else { return None };
    let last = path.path.segments.last().filter(|segment| segment.ident == "Option")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    let arguments: &Punctuated<GenericArgument, Token![,]> = &arguments.args;
    match arguments.first() {
        Some(GenericArgument::Type(inside)) => Some(inside),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_charmcraft_yaml() {
        assert_eq!(kebab("server_port"), "server-port");
        assert_eq!(kebab("ShowDatabase"), "show-database");
        assert_eq!(kebab("r#type"), "type");
    }

    #[test]
    fn an_option_is_seen_however_it_is_written() {
        for text in ["Option<u16>", "std::option::Option<u16>"] {
            assert!(inside_option(&syn::parse_str(text).unwrap()).is_some());
        }
        assert!(inside_option(&syn::parse_str("Vec<u16>").unwrap()).is_none());
    }
}
