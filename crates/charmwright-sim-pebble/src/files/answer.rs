//! The answers about files, whoever has them.

use std::io::Read;

use serde_json::{Value, json};

use super::pattern::{BadPattern, matches};
use super::{
    FileError, FileInfo, FileKind, Files, FilesRequest, MakeDir, Mode, Remove, WriteFile, WriteRequest,
};
use crate::accounts::{Accounts, credentials};
use crate::api::envelope;
use crate::files::OwnerSpec;
use crate::host::{AccountKey, Credentials};
use crate::request::Response;
use crate::text::quoted;

/// What became of one file.
pub type FileOutcome = (String, Result<(), FileError>);

/// Does what is asked and answers it.
pub fn answer(request: &FilesRequest, files: &mut dyn Files) -> Response {
    match request {
        FilesRequest::List { path, .. } if !path.starts_with('/') => {
            envelope::error(400, format!("path must be absolute, got {}", quoted(path)))
        }
        FilesRequest::List { path, pattern, itself } => match list(files, path, pattern, *itself) {
            Ok(list) => envelope::sync(Value::Array(list)),
            Err(error) => envelope::error_of_kind(error.kind.status(), error.message, error.kind.as_str()),
        },
        FilesRequest::MakeDirs(dirs) => {
            let outcome = |dir: &MakeDir| (dir.path.clone(), make_dir(files, dir));
            envelope::sync(outcomes(&dirs.iter().map(outcome).collect::<Vec<_>>()))
        }
        FilesRequest::Remove(paths) => {
            let outcome = |item: &Remove| (item.path.clone(), remove(files, item));
            envelope::sync(outcomes(&paths.iter().map(outcome).collect::<Vec<_>>()))
        }
    }
}

/// Opens a file that is to be sent.
///
/// # Errors
///
/// In the words of [`read_answer`].
pub fn open(files: &dyn Files, path: &str) -> Result<Box<dyn Read + Send>, FileError> {
    absolute(path)?;
    if files.stat(path)?.kind != FileKind::File {
        return Err(FileError::other(format!("can only read a regular file: {}", quoted(path))));
    }
    files.open(path)
}

/// The last part of an answer that has the contents of files: what became of each, in the order of the request.
pub fn read_answer(all: &[FileOutcome]) -> Vec<u8> {
    // The warning of the envelope is not here: Pebble makes this one by itself.
    let mut text = envelope::sync(outcomes(all)).body;
    if text.last() != Some(&b'\n') {
        text.push(b'\n');
    }
    text
}

/// Writes one file.
///
/// # Errors
///
/// In the words of [`write_answer`].
pub fn write_file(files: &mut dyn Files, file: &WriteFile, content: &mut dyn Read) -> Result<(), FileError> {
    absolute(&file.path)?;
    let owner = owner(files, &file.owner)?;
    if file.make_dirs {
        let parent = parent(&file.path);
        files.make_dir(parent, Mode { permissions: 0o755, owner }, true).map_err(|error| FileError {
            message: format!("cannot create directory: {}", error.message),
            ..error
        })?;
    }
    let permissions = permissions(&file.permissions, 0o644)?;
    files.write(&file.path, Mode { permissions, owner }, content)
}

/// The answer to a multipart request.
pub fn write_answer(all: &[FileOutcome]) -> Response {
    envelope::sync(outcomes(all))
}

impl WriteRequest {
    /// A request whose parts are between this.
    pub fn new(boundary: impl Into<String>) -> Self {
        Self { boundary: boundary.into(), ..Self::default() }
    }

    /// Takes the first part: its name, and its content.
    ///
    /// # Errors
    ///
    /// The answer, if it is not what it should be.
    pub fn begin(&mut self, name: &str, content: &[u8]) -> Result<(), Response> {
        #[derive(Default, serde::Deserialize)]
        #[serde(default)]
        struct Metadata {
            #[serde(deserialize_with = "crate::api::null_as_default")]
            action: String,
            #[serde(deserialize_with = "crate::api::null_as_default")]
            files: Vec<WriteFile>,
        }

        let bad = |text: String| Err(envelope::error(400, text));
        if name != "request" {
            return bad(format!("metadata field name must be \"request\", got {}", quoted(name)));
        }
        let metadata: Metadata = match crate::api::first_json(content) {
            Ok(metadata) => metadata,
            Err(error) => return bad(format!("cannot decode request metadata: {error}")),
        };
        if metadata.action != "write" {
            return bad(format!("multipart action must be \"write\", got {}", quoted(&metadata.action)));
        }
        if metadata.files.is_empty() {
            return bad("must specify one or more files".to_owned());
        }
        self.files = metadata.files;
        Ok(())
    }

    /// The answer if there is no first part; the text is Go's, as in `multipart: NextPart: EOF`.
    pub fn no_metadata(error: &str) -> Response {
        envelope::error(400, format!("cannot read request metadata: {error}"))
    }

    /// The answer if a later part ends early; the text is Go's.
    pub fn broken(&self, error: &str) -> Response {
        envelope::error(400, format!("cannot read file part {}: {error}", self.parts))
    }

    /// Takes a later part, by its name and file name, and says what is to be written.
    ///
    /// # Errors
    ///
    /// The answer, if nobody told of it.
    pub fn part(&mut self, name: &str, file_name: &str) -> Result<WriteFile, Response> {
        self.parts += 1;
        if name != "files" {
            return Err(envelope::error(400, format!("field name must be \"files\", got {}", quoted(name))));
        }
        let file = self.files.iter().rev().find(|file| file.path == file_name);
        file.cloned()
            .ok_or_else(|| envelope::error(400, format!("no metadata for path {}", quoted(file_name))))
    }

    /// Notes what became of a file.
    pub fn wrote(&mut self, path: &str, outcome: Result<(), FileError>) {
        self.outcomes.push((path.to_owned(), outcome));
    }

    /// The answer, at the closing boundary.
    pub fn finish(&self) -> Response {
        let outcome = |file: &WriteFile| {
            let done = self.outcomes.iter().rev().find(|(path, _)| *path == file.path);
            let missing =
                || Err(FileError::other(format!("no file content for path {}", quoted(&file.path))));
            (file.path.clone(), done.map_or_else(missing, |(_, outcome)| outcome.clone()))
        };
        write_answer(&self.files.iter().map(outcome).collect::<Vec<_>>())
    }
}

fn list(files: &dyn Files, path: &str, pattern: &str, itself: bool) -> Result<Vec<Value>, FileError> {
    let info = files.stat(path)?;
    let (entries, dir) = if itself || info.kind != FileKind::Directory {
        // The name is that of the path, so a slash at its end gives Pebble's `/a/b/b`.
        (vec![info], if path.ends_with('/') { path.trim_end_matches('/') } else { parent(path) })
    } else {
        (files.read_dir(path)?, path)
    };
    let mut list = Vec::new();
    for entry in entries {
        let is_match = pattern.is_empty()
            || matches(pattern, &entry.name)
                .map_err(|BadPattern| FileError::other("syntax error in pattern"))?;
        if is_match {
            list.push(describe(files, &join(dir, &entry.name), &entry));
        }
    }
    Ok(list)
}

fn describe(accounts: &dyn Files, path: &str, info: &FileInfo) -> Value {
    let user = accounts.user(&AccountKey::Id(info.user)).map(|user| user.name);
    let group = accounts.group(&AccountKey::Id(info.group)).map(|group| group.name);
    let mut object = json!({
        "path": path,
        "name": path.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("/"),
        "type": info.kind.as_str(),
        "permissions": format!("{:03o}", info.permissions & 0o777),
        "last-modified": info.modified.rfc3339_seconds(),
        "user-id": info.user,
        "user": user.unwrap_or_default(),
        "group-id": info.group,
        "group": group.unwrap_or_default(),
    });
    if info.kind == FileKind::File {
        object["size"] = info.size.into();
    }
    object
}

fn make_dir(files: &mut dyn Files, dir: &MakeDir) -> Result<(), FileError> {
    absolute(&dir.path)?;
    let permissions = permissions(&dir.permissions, 0o755)?;
    let owner = owner(files, &dir.owner)?;
    files.make_dir(&dir.path, Mode { permissions, owner }, dir.make_parents)
}

fn remove(files: &mut dyn Files, item: &Remove) -> Result<(), FileError> {
    absolute(&item.path)?;
    files.remove(&item.path, item.recursive)
}

fn outcomes(all: &[FileOutcome]) -> Value {
    let one = |(path, outcome): &FileOutcome| match outcome {
        Ok(()) => json!({"path": path}),
        Err(error) => json!({
            "path": path,
            "error": {"message": error.message, "kind": error.kind.as_str()},
        }),
    };
    all.iter().map(one).collect()
}

fn absolute(path: &str) -> Result<(), FileError> {
    if path.starts_with('/') {
        return Ok(());
    }
    Err(FileError::other(format!("paths must be absolute, got {}", quoted(path))))
}

fn permissions(text: &str, default: u32) -> Result<u32, FileError> {
    if text.is_empty() {
        return Ok(default);
    }
    let is_octal = text.len() == 3 && text.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
    let bad =
        || FileError::other(format!("permissions must be a 3-digit octal string, got {}", quoted(text)));
    is_octal.then(|| u32::from_str_radix(text, 8).ok()).flatten().ok_or_else(bad)
}

fn owner(accounts: &dyn Files, spec: &OwnerSpec) -> Result<Option<Credentials>, FileError> {
    let accounts: &dyn Accounts = accounts;
    credentials(accounts, spec)
        .map_err(|error| FileError::other(format!("cannot look up user and group: {error}")))
}

/// The directory above, as Go's `path.Dir` has it.
fn parent(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some(("", _)) => "/",
        Some((dir, _)) => dir,
        None => ".",
    }
}

fn join(dir: &str, name: &str) -> String {
    let mut path = String::new();
    for part in dir.split('/').chain(name.split('/')).filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." {
            path.truncate(path.rfind('/').unwrap_or(0));
        } else {
            path.push('/');
            path.push_str(part);
        }
    }
    if path.is_empty() { "/".to_owned() } else { path }
}
