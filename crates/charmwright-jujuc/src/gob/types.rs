//! Types: gob's own, and those that the other side defines.

use std::collections::BTreeMap;

use super::decode::{Field, Struct};
use super::{Malformed, id};

/// Juju defines five types a connection; a hundred are no longer a conversation.
const DEFINITIONS_MAX: usize = 100;

/// How the values of a type are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape {
    Number,
    Int,
    Uint,
    Bool,
    Bytes,
    Text,
    Complex,
    Interface,
    /// Whatever a Go type writes of itself.
    Opaque,
    /// Names and types of the fields.
    Struct(Vec<(String, i64)>),
    Slice(i64),
    Array(i64, u64),
    Map(i64, i64),
}

/// All types that are known on one side of a connection.
#[derive(Debug)]
pub(super) struct Types {
    shapes: BTreeMap<i64, Shape>,
}

impl Types {
    pub(super) fn new() -> Self {
        let fields = |fields: &[(&str, i64)]| {
            Shape::Struct(fields.iter().map(|&(name, id)| (name.to_owned(), id)).collect())
        };
        let shapes = [
            (id::BOOL, Shape::Bool),
            (id::INT, Shape::Int),
            (id::UINT, Shape::Uint),
            (id::FLOAT, Shape::Number),
            (id::BYTES, Shape::Bytes),
            (id::TEXT, Shape::Text),
            (id::COMPLEX, Shape::Complex),
            (id::INTERFACE, Shape::Interface),
            (
                id::DEFINITION,
                fields(&[
                    ("ArrayT", id::ARRAY),
                    ("SliceT", id::SLICE),
                    ("StructT", id::STRUCT),
                    ("MapT", id::MAP),
                    ("GobEncoderT", id::OPAQUE),
                    ("BinaryMarshalerT", id::OPAQUE),
                    ("TextMarshalerT", id::OPAQUE),
                ]),
            ),
            (id::ARRAY, fields(&[("CommonType", id::COMMON), ("Elem", id::INT), ("Len", id::INT)])),
            (id::COMMON, fields(&[("Name", id::TEXT), ("Id", id::INT)])),
            (id::SLICE, fields(&[("CommonType", id::COMMON), ("Elem", id::INT)])),
            (id::STRUCT, fields(&[("CommonType", id::COMMON), ("Field", id::FIELDS)])),
            (id::FIELD, fields(&[("Name", id::TEXT), ("Id", id::INT)])),
            (id::FIELDS, Shape::Slice(id::FIELD)),
            (id::MAP, fields(&[("CommonType", id::COMMON), ("Key", id::INT), ("Elem", id::INT)])),
            (id::OPAQUE, fields(&[("CommonType", id::COMMON)])),
        ];
        Self { shapes: shapes.into_iter().collect() }
    }

    pub(super) fn shape(&self, id: i64) -> Result<&Shape, Malformed> {
        self.shapes.get(&id).ok_or(Malformed::UnknownType(id))
    }

    pub(super) fn define(&mut self, id: i64, definition: Definition) -> Result<(), Malformed> {
        if id < id::FIRST_OWN || self.shapes.contains_key(&id) {
            return Err(Malformed::DefinedTwice(id));
        }
        if self.shapes.len() >= DEFINITIONS_MAX {
            return Err(Malformed::TooMany("definitions"));
        }
        self.shapes.insert(id, definition.shape.ok_or(Malformed::EmptyDefinition)?);
        Ok(())
    }
}

/// A definition as it is sent: a struct of which one field is there.
#[derive(Debug, Default)]
pub(super) struct Definition {
    shape: Option<Shape>,
}

impl Struct for Definition {
    fn field(&mut self, name: &str, value: Field<'_, '_>) -> Result<(), Malformed> {
        let shape = match name {
            "ArrayT" => {
                let parts: Parts = value.structure()?;
                Shape::Array(parts.element, parts.length.try_into().map_err(|_| Malformed::Range)?)
            }
            "SliceT" => Shape::Slice(value.structure::<Parts>()?.element),
            "StructT" => Shape::Struct(value.structure::<Parts>()?.fields),
            "MapT" => {
                let parts: Parts = value.structure()?;
                Shape::Map(parts.key, parts.element)
            }
            _ => {
                value.skip()?;
                Shape::Opaque
            }
        };
        self.shape = Some(shape);
        Ok(())
    }
}

/// What any kind of definition is made of. The common part, name and id, says nothing that is needed.
#[derive(Debug, Default)]
struct Parts {
    key: i64,
    element: i64,
    length: i64,
    fields: Vec<(String, i64)>,
}

impl Struct for Parts {
    fn field(&mut self, name: &str, value: Field<'_, '_>) -> Result<(), Malformed> {
        match name {
            "Key" => self.key = value.int()?,
            "Elem" => self.element = value.int()?,
            "Len" => self.length = value.int()?,
            "Field" => {
                self.fields = value.list::<FieldType>()?.into_iter().map(|it| (it.name, it.id)).collect();
            }
            _ => value.skip()?,
        }
        Ok(())
    }
}

#[derive(Debug, Default)]
struct FieldType {
    name: String,
    id: i64,
}

impl Struct for FieldType {
    fn field(&mut self, name: &str, value: Field<'_, '_>) -> Result<(), Malformed> {
        match name {
            "Name" => self.name = value.name()?,
            "Id" => self.id = value.int()?,
            _ => value.skip()?,
        }
        Ok(())
    }
}
