//! What a service was started with, in short.

use charmwright_pebble::Service;
use sha2::{Digest, Sha256};

/// Half of SHA-256 tells any two services apart, and leaves a plan readable.
const DIGEST_BYTES: usize = 16;

/// The digest of a service's definition and of the content of each file that it reads.
pub(crate) fn of<'a>(service: &Service, files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> String {
    let mut hasher = Sha256::new();
    // Layers hold ordered maps only, so equal services have equal texts.
    hasher.update(serde_json::to_vec(service).unwrap_or_default());
    for (path, content) in files {
        // Lengths keep a path and its content from running into each other.
        for part in [path.as_bytes(), content] {
            hasher.update(part.len().to_le_bytes());
            hasher.update(part);
        }
    }
    text(hasher)
}

/// The digest of several, by name.
pub(crate) fn of_all<'a>(digests: impl Iterator<Item = (&'a String, &'a String)>) -> String {
    let mut hasher = Sha256::new();
    for (name, digest) in digests {
        for part in [name, digest] {
            hasher.update(part.len().to_le_bytes());
            hasher.update(part);
        }
    }
    text(hasher)
}

fn text(hasher: Sha256) -> String {
    let mut digest = String::new();
    for byte in hasher.finalize().iter().take(DIGEST_BYTES) {
        digest.extend(
            [byte >> 4, byte & 0xf].map(|half| char::from_digit(half.into(), 16).unwrap_or_default()),
        );
    }
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_follows_the_definition_and_the_files_and_nothing_else() {
        let service = Service::new("/bin/server --port 80");
        let files = [("/etc/a", b"one".as_slice())];
        let digest = of(&service, files);
        assert_eq!(digest, of(&service.clone(), files));
        assert_ne!(digest, of(&Service::new("/bin/server --port 81"), files));
        assert_ne!(digest, of(&service, [("/etc/a", b"two".as_slice())]));
        assert_ne!(digest, of(&service, [("/etc/b", b"one".as_slice())]));
        assert_ne!(digest, of(&service, []));
        assert_ne!(of(&service, [("/a", b"b".as_slice())]), of(&service, [("/ab", b"".as_slice())]));
    }
}
