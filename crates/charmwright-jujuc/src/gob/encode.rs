//! Writing: structs of numbers, texts, bytes and lists of texts.

use super::bytes::{put_int, put_length, put_run, put_uint};
use super::id;

/// The type of a list of texts, on every connection of ours.
pub(crate) const TEXTS_ID: i64 = 66;

/// A struct's definition.
#[derive(Debug)]
pub(crate) struct StructType {
    /// Its number; any above 63 that this side uses once.
    pub(crate) id: i64,
    /// What it is called; nothing depends on it.
    pub(crate) name: &'static str,
    /// Its fields with their types, in order.
    pub(crate) fields: &'static [(&'static str, i64)],
}

/// Writes the values of one stream, each type's definition before its first value.
#[derive(Debug, Default)]
pub(crate) struct Encoder {
    defined: Vec<i64>,
}

impl Encoder {
    /// Adds a value to `out`, with the definitions that it needs first.
    pub(crate) fn write(&mut self, out: &mut Vec<u8>, of: &StructType, fields: impl FnOnce(&mut Fields)) {
        if self.is_new(of.id) {
            message(out, -of.id, |out| define_struct(out, of));
        }
        if of.fields.iter().any(|&(_, id)| id == TEXTS_ID) && self.is_new(TEXTS_ID) {
            message(out, -TEXTS_ID, define_texts);
        }
        message(out, of.id, |out| {
            let mut writer = Fields { out: std::mem::take(out), last: 0 };
            fields(&mut writer);
            *out = writer.end();
        });
    }

    fn is_new(&mut self, id: i64) -> bool {
        let new = !self.defined.contains(&id);
        if new {
            self.defined.push(id);
        }
        new
    }
}

fn message(out: &mut Vec<u8>, id: i64, content: impl FnOnce(&mut Vec<u8>)) {
    let mut body = Vec::new();
    put_int(&mut body, id);
    content(&mut body);
    put_run(out, &body);
}

/// The fields of one struct. They are numbered from 1 and written in order; those that are zero are left out.
#[derive(Debug)]
pub(crate) struct Fields {
    out: Vec<u8>,
    last: u64,
}

impl Fields {
    pub(crate) fn text(&mut self, number: u64, text: &[u8]) {
        if !text.is_empty() {
            self.at(number);
            put_run(&mut self.out, text);
        }
    }

    pub(crate) fn texts<T: AsRef<[u8]>>(&mut self, number: u64, texts: impl ExactSizeIterator<Item = T>) {
        if texts.len() > 0 {
            self.at(number);
            put_length(&mut self.out, texts.len());
            texts.for_each(|text| put_run(&mut self.out, text.as_ref()));
        }
    }

    pub(crate) fn int(&mut self, number: u64, value: i64) {
        if value != 0 {
            self.at(number);
            put_int(&mut self.out, value);
        }
    }

    pub(crate) fn uint(&mut self, number: u64, value: u64) {
        if value != 0 {
            self.at(number);
            put_uint(&mut self.out, value);
        }
    }

    pub(crate) fn bool(&mut self, number: u64, value: bool) {
        self.uint(number, value.into());
    }

    fn at(&mut self, number: u64) {
        put_uint(&mut self.out, number.saturating_sub(self.last));
        self.last = number;
    }

    fn end(mut self) -> Vec<u8> {
        put_uint(&mut self.out, 0);
        self.out
    }
}

/// Writes one struct inside another value.
fn inner(out: &mut Vec<u8>, fields: impl FnOnce(&mut Fields)) {
    let mut writer = Fields { out: std::mem::take(out), last: 0 };
    fields(&mut writer);
    *out = writer.end();
}

/// The third kind of definition: a struct with its name, number and fields.
fn define_struct(out: &mut Vec<u8>, of: &StructType) {
    inner(out, |definition| {
        definition.at(3);
        inner(&mut definition.out, |parts| {
            common(parts, of.name, of.id);
            if !of.fields.is_empty() {
                parts.at(2);
                put_length(&mut parts.out, of.fields.len());
                for (name, id) in of.fields {
                    inner(&mut parts.out, |field| {
                        field.text(1, name.as_bytes());
                        field.int(2, *id);
                    });
                }
            }
        });
    });
}

/// The second kind: a list.
fn define_texts(out: &mut Vec<u8>) {
    inner(out, |definition| {
        definition.at(2);
        inner(&mut definition.out, |parts| {
            common(parts, "[]string", TEXTS_ID);
            parts.int(2, id::TEXT);
        });
    });
}

fn common(parts: &mut Fields, name: &str, id: i64) {
    parts.at(1);
    inner(&mut parts.out, |common| {
        common.text(1, name.as_bytes());
        common.int(2, id);
    });
}
