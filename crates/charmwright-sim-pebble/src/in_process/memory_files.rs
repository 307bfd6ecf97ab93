//! Files in memory.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use crate::accounts::Accounts;
use crate::files::{FileError, FileErrorKind, FileInfo, FileKind, Files, Mode};
use crate::host::{AccountKey, Group, User};
use crate::time::Time;

/// How many symbolic links a path may go through.
const LINKS: usize = 40;
/// What every container has.
const DIRECTORIES: [&str; 14] = [
    "/", "/bin", "/etc", "/home", "/lib", "/opt", "/root", "/run", "/sbin", "/srv", "/tmp", "/usr", "/var",
    "/var/lib",
];

/// A file system in memory, with its users. It belongs to root, who may do everything. Its `Debug` shows no contents.
#[derive(Clone)]
pub struct MemoryFiles {
    nodes: BTreeMap<String, Node>,
    users: Vec<User>,
    groups: Vec<Group>,
    pub(super) now: Time,
}

#[derive(Clone)]
struct Node {
    content: Content,
    permissions: u32,
    user: u32,
    group: u32,
    modified: Time,
}

#[derive(Clone)]
enum Content {
    File(Vec<u8>),
    Directory,
    Symlink(String),
}

/// What is wrong with a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrong {
    NotFound,
    NotDirectory,
    Exists,
    NotEmpty,
    IsDirectory,
    Loop,
}

impl Wrong {
    fn error(self, action: &str, path: &str) -> FileError {
        let (kind, text) = match self {
            Self::NotFound => (FileErrorKind::NotFound, "no such file or directory"),
            Self::NotDirectory => (FileErrorKind::Other, "not a directory"),
            Self::Exists => (FileErrorKind::Other, "file exists"),
            Self::NotEmpty => (FileErrorKind::Other, "directory not empty"),
            Self::IsDirectory => (FileErrorKind::Other, "is a directory"),
            Self::Loop => (FileErrorKind::Other, "too many levels of symbolic links"),
        };
        FileError { kind, message: format!("{action} {path}: {text}") }
    }
}

impl Default for MemoryFiles {
    fn default() -> Self {
        let mut files =
            Self { nodes: BTreeMap::new(), users: Vec::new(), groups: Vec::new(), now: Time::default() };
        for path in DIRECTORIES {
            files.nodes.insert(path.to_owned(), Node::new(Content::Directory, 0o755, files.now));
        }
        files.add_user("root", 0, "/root");
        files.add_user("daemon", 1, "/usr/sbin");
        files.add_user("nobody", 65534, "/nonexistent");
        files
    }
}

impl Node {
    fn new(content: Content, permissions: u32, modified: Time) -> Self {
        Self { content, permissions, user: 0, group: 0, modified }
    }

    fn with(content: Content, mode: Mode, modified: Time) -> Self {
        let (user, group) = mode.owner.map_or((0, 0), |owner| (owner.user, owner.group));
        Self { content, permissions: mode.permissions, user, group, modified }
    }

    fn info(&self, path: &str) -> FileInfo {
        let (kind, size) = match &self.content {
            Content::File(bytes) => (FileKind::File, bytes.len() as u64),
            Content::Directory => (FileKind::Directory, 0),
            Content::Symlink(_) => (FileKind::Symlink, 0),
        };
        FileInfo {
            name: base(path).to_owned(),
            kind,
            size,
            permissions: self.permissions,
            modified: self.modified,
            user: self.user,
            group: self.group,
        }
    }
}

impl MemoryFiles {
    /// Adds a user, and a group of the same name and number.
    pub fn add_user(&mut self, name: &str, id: u32, home: &str) {
        self.users.push(User { name: name.to_owned(), id, group: id, home: home.to_owned() });
        self.groups.push(Group { name: name.to_owned(), id });
    }

    /// Puts a file of root's there, with the directories above it.
    pub fn put(&mut self, path: &str, content: impl Into<Vec<u8>>) {
        self.put_node(path, Content::File(content.into()), 0o644);
    }

    /// Puts a directory of root's there, with those above it.
    pub fn put_directory(&mut self, path: &str) {
        self.put_node(path, Content::Directory, 0o755);
    }

    /// Puts a symbolic link there, with the directories above it.
    pub fn put_link(&mut self, path: &str, target: &str) {
        self.put_node(path, Content::Symlink(target.to_owned()), 0o777);
    }

    fn put_node(&mut self, path: &str, content: Content, permissions: u32) {
        let now = self.now;
        let mut above = String::new();
        let path = path.trim_end_matches('/');
        for part in parent(path).split('/').filter(|part| !part.is_empty()) {
            above = format!("{above}/{part}");
            self.nodes.entry(above.clone()).or_insert_with(|| Node::new(Content::Directory, 0o755, now));
        }
        self.nodes.insert(path.to_owned(), Node::new(content, permissions, now));
    }

    /// The content of a file, at the end of symbolic links. None if there is none.
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        let path = self.resolve(path, true).ok()?;
        match &self.nodes.get(&path)?.content {
            Content::File(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Whether there is such a directory, at the end of symbolic links.
    pub fn is_directory(&self, path: &str) -> bool {
        self.resolve(path, true).is_ok_and(|path| self.is(&path, FileKind::Directory))
    }

    /// The paths of all files, directories and links.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.nodes.keys().map(String::as_str)
    }

    fn is(&self, path: &str, kind: FileKind) -> bool {
        self.nodes.get(path).is_some_and(|node| node.info(path).kind == kind)
    }

    /// Where a path leads to, which must be there.
    fn resolve(&self, path: &str, to_the_end: bool) -> Result<String, Wrong> {
        let found = self.place(path, to_the_end)?;
        if self.nodes.contains_key(&found) { Ok(found) } else { Err(Wrong::NotFound) }
    }

    /// Where a path leads to; its last part may be missing.
    fn place(&self, path: &str, to_the_end: bool) -> Result<String, Wrong> {
        let to_the_end = to_the_end || path.ends_with('/');
        let mut rest: Vec<String> = parts(path).rev().map(str::to_owned).collect();
        let (mut at, mut links) = ("/".to_owned(), 0);
        while let Some(part) = rest.pop() {
            if !self.is(&at, FileKind::Directory) {
                return Err(if self.nodes.contains_key(&at) { Wrong::NotDirectory } else { Wrong::NotFound });
            }
            if part == ".." {
                at = parent(&at).to_owned();
                continue;
            }
            let next = if at == "/" { format!("/{part}") } else { format!("{at}/{part}") };
            match self.nodes.get(&next).map(|node| &node.content) {
                Some(Content::Symlink(target)) if to_the_end || !rest.is_empty() => {
                    links += 1;
                    if links > LINKS {
                        return Err(Wrong::Loop);
                    }
                    if target.starts_with('/') {
                        "/".clone_into(&mut at);
                    }
                    rest.extend(parts(target).rev().map(str::to_owned));
                }
                _ => at = next,
            }
        }
        if path.ends_with('/') && self.nodes.contains_key(&at) && !self.is(&at, FileKind::Directory) {
            return Err(Wrong::NotDirectory);
        }
        Ok(at)
    }

    fn below(&self, path: &str) -> impl Iterator<Item = (&String, &Node)> {
        let prefix = if path == "/" { "/".to_owned() } else { format!("{path}/") };
        self.nodes
            .range(prefix.clone()..)
            .take_while(move |(path, _)| path.starts_with(&prefix))
            .filter(|(path, _)| *path != "/")
    }

    fn make(&mut self, path: &str, mode: Mode) -> Result<(), Wrong> {
        let place = self.place(path, false)?;
        if self.nodes.contains_key(&place) {
            return Err(Wrong::Exists);
        }
        self.nodes.insert(place, Node::with(Content::Directory, mode, self.now));
        Ok(())
    }
}

impl Accounts for MemoryFiles {
    fn user(&self, key: &AccountKey) -> Option<User> {
        let fits = |user: &&User| match key {
            AccountKey::Name(name) => user.name == *name,
            AccountKey::Id(id) => user.id == *id,
        };
        self.users.iter().find(fits).cloned()
    }

    fn group(&self, key: &AccountKey) -> Option<Group> {
        let fits = |group: &&Group| match key {
            AccountKey::Name(name) => group.name == *name,
            AccountKey::Id(id) => group.id == *id,
        };
        self.groups.iter().find(fits).cloned()
    }
}

impl Files for MemoryFiles {
    fn stat(&self, path: &str) -> Result<FileInfo, FileError> {
        let found = self.resolve(path, true).map_err(|wrong| wrong.error("stat", path))?;
        let node = self.nodes.get(&found).ok_or_else(|| Wrong::NotFound.error("stat", path))?;
        Ok(FileInfo { name: base(path).to_owned(), ..node.info(&found) })
    }

    fn read_dir(&self, path: &str) -> Result<Vec<FileInfo>, FileError> {
        let found = self.resolve(path, true).map_err(|wrong| wrong.error("open", path))?;
        let depth = parts(&found).count() + 1;
        let here = self.below(&found).filter(|(path, _)| parts(path).count() == depth);
        let mut list: Vec<FileInfo> = here.map(|(path, node)| node.info(path)).collect();
        list.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(list)
    }

    fn open(&self, path: &str) -> Result<Box<dyn Read + Send>, FileError> {
        let found = self.resolve(path, true).map_err(|wrong| wrong.error("open", path))?;
        match self.nodes.get(&found).map(|node| &node.content) {
            Some(Content::File(bytes)) => Ok(Box::new(Cursor::new(bytes.clone()))),
            _ => Err(Wrong::IsDirectory.error("read", path)),
        }
    }

    fn write(&mut self, path: &str, mode: Mode, content: &mut dyn Read) -> Result<(), FileError> {
        let (dir, name) = (parent(path), base(path));
        // Pebble writes beside the file, and then renames.
        let beside = format!("{path}.0123456789~");
        let place = self.resolve(dir, true).map_err(|wrong| wrong.error("open", &beside))?;
        if !self.is(&place, FileKind::Directory) {
            return Err(Wrong::NotDirectory.error("open", &beside));
        }
        let place = if place == "/" { format!("/{name}") } else { format!("{place}/{name}") };
        if self.is(&place, FileKind::Directory) {
            return Err(Wrong::Exists.error(&format!("rename {beside}"), path));
        }
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes).map_err(|error| FileError::other(error.to_string()))?;
        self.nodes.insert(place, Node::with(Content::File(bytes), mode, self.now));
        Ok(())
    }

    fn make_dir(&mut self, path: &str, mode: Mode, parents: bool) -> Result<(), FileError> {
        let path = if path.len() > 1 { path.trim_end_matches('/') } else { path };
        if !parents {
            return self.make(path, mode).map_err(|wrong| match wrong {
                Wrong::Exists => wrong.error("mkdir", path),
                // Pebble makes it under another name first.
                wrong => wrong.error("mkdir", &format!("{path}.mkdir-new")),
            });
        }
        let mut at = String::new();
        for part in parts(path) {
            at = format!("{at}/{part}");
            match self.make(&at, mode) {
                Ok(()) => {}
                Err(Wrong::Exists) if self.is_directory(&at) => {}
                Err(Wrong::Exists) => return Err(Wrong::NotDirectory.error("mkdir", &at)),
                Err(wrong) => return Err(wrong.error("mkdir", &at)),
            }
        }
        Ok(())
    }

    fn remove(&mut self, path: &str, recursive: bool) -> Result<(), FileError> {
        let found = match self.resolve(path.trim_end_matches('/'), false) {
            Ok(found) => found,
            Err(Wrong::NotFound) if recursive => return Ok(()),
            Err(wrong) => return Err(wrong.error(if recursive { "unlinkat" } else { "remove" }, path)),
        };
        let below: Vec<String> = self.below(&found).map(|(path, _)| path.clone()).collect();
        if !below.is_empty() && !recursive {
            return Err(Wrong::NotEmpty.error("remove", path));
        }
        for path in below {
            self.nodes.remove(&path);
        }
        if found != "/" {
            self.nodes.remove(&found);
        }
        Ok(())
    }
}

impl std::fmt::Debug for MemoryFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.nodes.keys()).finish()
    }
}

fn parts(path: &str) -> impl DoubleEndedIterator<Item = &str> {
    path.split('/').filter(|part| !part.is_empty() && *part != ".")
}

fn base(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    path.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("/")
}

fn parent(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some(("", _)) | None => "/",
        Some((dir, _)) => dir,
    }
}
