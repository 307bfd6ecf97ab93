//! A blocking client for Pebble, and the types of its layers.
