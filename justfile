# The everyday commands. `just` lists them; each is one line that also works without just.

[private]
default:
    @just --list --unsorted

# Build the real Pebble that tests and the demo run; the other recipes that need it do so by themselves
setup:
    cargo xtask setup

# Play the guestbook charm from deployment to removal; `--format json` prints one object a line
demo *args:
    cargo xtask demo {{ args }}

# Run all tests, with what they need built first; without Go or Python, those that need neither
test:
    cargo xtask test

# Measure a hook beside the same charm on `ops`, under Juju's own runner
bench *args:
    cargo xtask bench hook {{ args }}

# Measure the Pebble client beside that of `ops`, on one real daemon
bench-pebble *args:
    cargo xtask bench pebble {{ args }}

# Fuzz one target (`just fuzz gob`); needs a nightly Rust and cargo-fuzz (`cargo install cargo-fuzz`)
fuzz target *args:
    cargo +nightly fuzz run {{ target }} {{ args }}

# Clippy with warnings as errors, and the format
lint:
    cargo clippy --workspace --all-targets --all-features -- -D warnings && cargo fmt --all --check

# Format in place
fmt:
    cargo fmt --all

# The API's documentation, with warnings as errors, into target/doc
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --all-features

# The book, into docs/book; needs mdBook (`cargo install mdbook`)
book:
    cargo xtask book

# Everything that CI checks, in its order
ci:
    cargo xtask ci

# Licences, sources and duplicates of the dependencies; needs cargo-deny, which CI builds for itself (`cargo install cargo-deny`)
deny:
    cargo deny check bans licenses sources
