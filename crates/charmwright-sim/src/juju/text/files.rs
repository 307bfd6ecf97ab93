//! Files that commands read and write, with Go's error texts.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Component, Path, PathBuf};

/// `path` without the parts that lead nowhere, as a command of the caller in `dir` means it.
pub fn in_dir(dir: &Path, path: &str) -> PathBuf {
    clean(&dir.join(path))
}

/// `path` without `.`, `..` and doubled separators. Of nothing remains `.`.
pub fn clean(path: &Path) -> PathBuf {
    let mut cleaned = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => match cleaned.components().next_back() {
                Some(Component::Normal(_)) => {
                    cleaned.pop();
                }
                Some(Component::RootDir) => {}
                _ => cleaned.push(part),
            },
            _ => cleaned.push(part),
        }
    }
    if cleaned.as_os_str().is_empty() { PathBuf::from(".") } else { cleaned }
}

/// The whole of a file.
///
/// # Errors
///
/// Go's text.
pub fn read(path: &Path) -> Result<Vec<u8>, String> {
    let mut file = File::open(path).map_err(|error| told("open", path, &error))?;
    let mut content = Vec::new();
    file.read_to_end(&mut content).map_err(|error| told("read", path, &error))?;
    Ok(content)
}

/// Makes `content` the whole of a file.
///
/// # Errors
///
/// Go's text.
pub fn write(path: &Path, content: &[u8]) -> Result<(), String> {
    let mut file = File::create(path).map_err(|error| told("open", path, &error))?;
    file.write_all(content).map_err(|error| told("write", path, &error))
}

fn told(done: &str, path: &Path, error: &io::Error) -> String {
    let reason = match error.raw_os_error() {
        Some(code) => nix::errno::Errno::from_raw(code).desc().to_owned(),
        None => "invalid argument".to_owned(),
    };
    // The words are the system's, but Go begins them small.
    let mut letters = reason.chars();
    let first = letters.next().map(|letter| letter.to_ascii_lowercase()).into_iter();
    format!("{done} {}: {}", path.display(), first.chain(letters).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned_without_looking() {
        for (path, wanted) in [
            ("", "."),
            ("a//b/./c", "a/b/c"),
            ("a/../b", "b"),
            ("../a", "../a"),
            ("../../a/..", "../.."),
            ("/../a", "/a"),
        ] {
            assert_eq!(clean(Path::new(path)), Path::new(wanted), "{path}");
        }
        assert_eq!(in_dir(Path::new("/charm"), "../x"), Path::new("/x"));
        assert_eq!(in_dir(Path::new("/charm"), "/y"), Path::new("/y"));
    }

    #[test]
    fn errors_are_told_in_gos_words() {
        let dir = tempfile::tempdir().unwrap();
        let missing = dir.path().join("missing");
        assert_eq!(read(&missing), Err(format!("open {}: no such file or directory", missing.display())));
        assert_eq!(read(dir.path()), Err(format!("read {}: is a directory", dir.path().display())));
        assert_eq!(write(dir.path(), b""), Err(format!("open {}: is a directory", dir.path().display())));
        write(&missing, b"x").unwrap();
        assert_eq!(read(&missing), Ok(b"x".to_vec()));
    }
}
