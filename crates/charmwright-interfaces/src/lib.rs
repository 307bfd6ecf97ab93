//! Typed relation interfaces, one module an interface.
