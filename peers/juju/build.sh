#!/bin/sh
# Builds jujupeer, jujulive and Juju's own hook command client against Juju 3.6.11.
# Usage: build.sh WORK_DIR; the three programs end up in WORK_DIR/bin.
# Needs Go 1.24 or later and the Go module proxy, or a warm module cache.
set -eu

version=v0.0.0-20251015133347-17876b918429 # Juju v3.6.11
here=$(cd "$(dirname "$0")" && pwd)
work=$1

mkdir -p "$work/bin"
work=$(cd "$work" && pwd)
if [ ! -d "$work/src" ]; then
    # Outside of any module, so that only this one module is fetched.
    dir=$(cd "$work" && GOWORK=off go mod download -json "github.com/juju/juju@$version" |
        sed -n 's/^[[:space:]]*"Dir": "\(.*\)",*$/\1/p')
    # A copy that was interrupted has another name, so it is never built from.
    rm -rf "$work/src.part"
    cp -r "$dir" "$work/src.part"
    chmod -R u+w "$work/src.part"
    mv "$work/src.part" "$work/src"
fi
# The packages used are internal to the module, so the programs are built in it.
# What they share is compiled into both.
cd "$work/src"
CGO_ENABLED=0 go build -o "$work/bin/jujuc" ./cmd/jujuc
for program in "$here/jujupeer" "$here/../juju-live/jujulive"; do
    name=$(basename "$program")
    rm -rf "cmd/$name"
    mkdir "cmd/$name"
    cp "$here"/shared/*.go "$program"/*.go "cmd/$name/"
    CGO_ENABLED=0 go build -o "$work/bin/$name" "./cmd/$name"
done
