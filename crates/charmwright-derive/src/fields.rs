//! What the derives share: named fields, names in kebab case, `Option<…>`.

use syn::punctuated::Punctuated;
use syn::{Data, DeriveInput, Field, Fields, GenericArgument, PathArguments, Token, Type};

/// The named fields of a struct.
pub(crate) fn named<'a>(input: &'a DeriveInput, derive: &str) -> syn::Result<Vec<&'a Field>> {
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => Ok(fields.named.iter().collect()),
            Fields::Unit => Ok(Vec::new()),
            Fields::Unnamed(_) => Err(wrong_shape(input, derive)),
        },
        Data::Enum(_) | Data::Union(_) => Err(wrong_shape(input, derive)),
    }
}

fn wrong_shape(input: &DeriveInput, derive: &str) -> syn::Error {
    syn::Error::new(input.ident.span(), format!("`{derive}` is derived for a struct with named fields"))
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
