//! What is there, of the files and directories that are wished for.

use charmwright_pebble::{Client, Error, FileInfo, ListOptions};

use crate::container_plan::Held;
use crate::desired::ContainerWish;

/// Reads only what has to be compared.
///
/// A file in a container may be of any size, and whoever owns its folder says which. So its size is compared first, and no
/// more of it is read than the wish is long.
pub(crate) fn held(client: &Client, wish: &ContainerWish) -> Result<Held, Error> {
    let mut held = Held::default();
    for path in wish.files.keys().chain(wish.directories.keys()) {
        if let Some(info) = readable(client.file_info(path))?.flatten() {
            held.infos.insert(path.clone(), info);
        }
    }
    let alike = wish.files.values().filter_map(|file| {
        let bytes = u64::try_from(file.content.len()).unwrap_or(u64::MAX);
        let has_size = held.infos.get(&file.path).and_then(|info| info.size) == Some(bytes);
        has_size.then_some((file.path.as_str(), bytes))
    });
    for (path, content) in client.read_files_within(&alike.collect::<Vec<_>>())? {
        let wished = wish.files.get(&path).map(|file| file.content.as_slice());
        if content.is_ok_and(|content| Some(content.as_slice()) == wished) {
            held.same.insert(path);
        }
    }
    for path in &wish.absent {
        if readable(itself(client, path))?.flatten().is_some() {
            held.present.insert(path.clone());
        }
    }
    Ok(held)
}

/// What a path is, a link itself and not where it leads: so it is looked for in its folder.
fn itself(client: &Client, path: &str) -> Result<Option<FileInfo>, Error> {
    let plain = path.trim_end_matches('/');
    let (folder, name) = plain.rsplit_once('/').unwrap_or(("", plain));
    let pattern: String = name
        .chars()
        .flat_map(|c| matches!(c, '*' | '?' | '[' | '\\').then_some('\\').into_iter().chain([c]))
        .collect();
    let folder = if folder.is_empty() { "/" } else { folder };
    let found = match client.list_files(folder, &ListOptions::default().pattern(pattern)) {
        Err(error) if error.is_not_found() => return Ok(None),
        found => found?,
    };
    Ok(found.into_iter().find(|info| info.name == name))
}

/// What cannot be read counts as absent, and writing it will tell.
fn readable<T>(result: Result<T, Error>) -> Result<Option<T>, Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Error::File { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
