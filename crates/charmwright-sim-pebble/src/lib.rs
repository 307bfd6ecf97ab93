//! A simulated Pebble.
