//! Files and directories in containers.

use std::fmt;

use charmwright_pebble::{FileInfo, FileKind, MakeDirOptions, Owner, WriteOptions};

/// A file that shall be in a container.
///
/// A service that reads it is restarted when its content changes; so it says who reads it, or that nobody does.
///
/// ```
/// use charmwright_pebble::Owner;
/// use charmwright_reconcile::File;
///
/// let key = File::read_by("web", "/etc/web/tls.key", "secret").mode(0o600).owner(Owner::user("www-data"));
/// assert!(!format!("{key:?}").contains("secret"));
/// ```
#[derive(Clone)]
pub struct File {
    pub(crate) path: String,
    pub(crate) content: Vec<u8>,
    pub(crate) reader: Option<String>,
    attributes: Attributes,
}

impl File {
    /// A file that the service `reader` reads at its start.
    pub fn read_by(reader: &str, path: &str, content: impl Into<Vec<u8>>) -> Self {
        Self { reader: Some(reader.to_owned()), ..Self::unread(path, content) }
    }

    /// A file whose change needs no restart.
    pub fn unread(path: &str, content: impl Into<Vec<u8>>) -> Self {
        let (path, content) = (path.to_owned(), content.into());
        Self { path, content, reader: None, attributes: Attributes::default() }
    }

    /// It shall have this mode, of which only the lower nine bits count. Without, it is written with `0o644`, and whatever
    /// becomes of that is left alone.
    #[must_use]
    pub fn mode(mut self, mode: u32) -> Self {
        self.attributes.mode = Some(mode & 0o777);
        self
    }

    /// It shall belong to this user and group. Without, it is written as Pebble's own, and whatever becomes of that is left
    /// alone.
    #[must_use]
    pub fn owner(mut self, owner: Owner) -> Self {
        self.attributes.owner = owner;
        self
    }

    /// Whether more is wished of it than its content.
    pub(crate) fn has_attributes(&self) -> bool {
        self.attributes != Attributes::default()
    }

    /// Whether it is as it shall be, but for its content.
    pub(crate) fn fits(&self, info: &FileInfo) -> bool {
        self.attributes.fit(info)
    }

    /// How it is written.
    pub(crate) fn options(&self) -> WriteOptions {
        let Attributes { mode, owner } = self.attributes.clone();
        let options = WriteOptions::default().make_dirs(true).owner(owner);
        match mode {
            Some(mode) => options.permissions(mode),
            None => options,
        }
    }

    /// Its mode, for people; empty if none is wished.
    pub(crate) fn told_mode(&self) -> String {
        self.attributes.mode.map_or(String::new(), |mode| format!(", mode {mode:03o}"))
    }
}

impl fmt::Debug for File {
    /// Shows how long the content is, not what it is: it may be a key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, content, reader, attributes: Attributes { mode, owner } } = self;
        f.debug_struct("File")
            .field("path", path)
            .field("bytes", &content.len())
            .field("reader", reader)
            .field("mode", mode)
            .field("owner", owner)
            .finish()
    }
}

/// A directory that shall be in a container.
///
/// It is made with this mode and owner, and so are those above it that are missing. One that is there is left as it is:
/// Pebble can change neither.
#[derive(Debug, Clone)]
pub struct Directory {
    pub(crate) path: String,
    attributes: Attributes,
}

impl Directory {
    /// A directory.
    pub fn new(path: &str) -> Self {
        Self { path: path.to_owned(), attributes: Attributes::default() }
    }

    /// The mode that it is made with, of which only the lower nine bits count. Without: `0o755`.
    #[must_use]
    pub fn mode(mut self, mode: u32) -> Self {
        self.attributes.mode = Some(mode & 0o777);
        self
    }

    /// Whom it is made for. Without: Pebble's own user.
    #[must_use]
    pub fn owner(mut self, owner: Owner) -> Self {
        self.attributes.owner = owner;
        self
    }

    pub(crate) fn is_there(info: &FileInfo) -> bool {
        info.kind == FileKind::Directory
    }

    /// How it is made.
    pub(crate) fn options(&self) -> MakeDirOptions {
        let Attributes { mode, owner } = self.attributes.clone();
        let options = MakeDirOptions::default().make_parents(true).owner(owner);
        match mode {
            Some(mode) => options.permissions(mode),
            None => options,
        }
    }
}

/// What is wished of either beside its path and content.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Attributes {
    mode: Option<u32>,
    owner: Owner,
}

impl Attributes {
    fn fit(&self, info: &FileInfo) -> bool {
        let Self { mode, owner } = self;
        let same = |wanted: &Option<String>, is: &Option<String>| wanted.is_none() || wanted == is;
        let same_id = |wanted: Option<u32>, is: Option<u32>| wanted.is_none() || wanted == is;
        (mode.is_none() || info.mode() == *mode)
            && same(&owner.user, &info.user)
            && same(&owner.group, &info.group)
            && same_id(owner.user_id, info.user_id)
            && same_id(owner.group_id, info.group_id)
    }
}
