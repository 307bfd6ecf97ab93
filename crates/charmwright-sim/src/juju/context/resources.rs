//! Resources, which are copied to the agent's folder.

mod url;

use std::fs;
use std::io;
use std::path::Path;

use super::{Failure, Run};
use crate::juju::controller::last_part;

fn in_gos_words(doing: &str, path: &Path, error: &io::Error) -> Failure {
    let why = match error.kind() {
        io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "is a directory".to_owned(),
        _ => error.to_string(),
    };
    Failure::new(format!("{doing} {}: {why}", path.display()))
}

impl Run<'_> {
    /// Fetches a resource, and says where it is. One that is there already is not copied again.
    ///
    /// # Errors
    ///
    /// There is no such resource, or it cannot be written.
    pub fn download_resource(&mut self, name: &str) -> Result<String, Failure> {
        let url = url::of_resource(&self.unit_tag(), name)
            .map_err(|error| Failure::new(error).while_doing("failed to build API request"))?;
        let Some(source) = self.controller().resource_file(&url.path) else {
            let app = self.agent.controller.model().app();
            let missing = format!("resource#{app}/{} not found", last_part(&url.path));
            return Err(Failure::new(format!("HTTP request failed: Get {url}: {missing}")));
        };
        // Of a name that leads to another's file there is nothing to know.
        let info =
            self.controller().resource_info(name).map_err(|_| Failure::not_valid("empty resource path"))?;
        let folder = self.agent.paths.resources();
        let target = folder.join(&info.file_name);
        let content = fs::read(&source).map_err(|error| in_gos_words("open", &source, &error))?;
        if fs::read(&target).is_ok_and(|have| have == content) {
            return Ok(target.display().to_string());
        }
        let fail = |what: &str, doing: &str, path: &Path, error: &io::Error| {
            in_gos_words(doing, path, error).while_doing(what)
        };
        fs::create_dir_all(&folder)
            .map_err(|error| fail("could not create resource dir", "mkdir", &folder, &error))?;
        fs::write(&target, content)
            .map_err(|error| fail("could not create new file for resource", "open", &target, &error))?;
        Ok(target.display().to_string())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::juju::context::{Agent, Context, HookInfo, Paths, Run};
    use crate::juju::controller::Controller;
    use crate::juju::version::JujuVersion;

    #[test]
    fn a_resource_is_copied_to_the_agents_folder_and_an_unknown_one_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file.txt");
        std::fs::write(&file, "one").unwrap();
        let controller =
            Controller::from_json(&json!({"unit": "app/0", "resources": {"file": file}})).unwrap();
        let paths = Paths { base: folder.path().join("agent"), ..Paths::default() };
        let mut agent = Agent::new(controller, JujuVersion::V3_6, paths);
        let mut context = Context::hook_run(&mut agent, &HookInfo::of_kind("start")).unwrap();
        let mut run = Run { agent: &mut agent, context: &mut context };
        for content in ["one", "two"] {
            std::fs::write(&file, content).unwrap();
            let path = run.download_resource("file").unwrap();
            assert_eq!(path, folder.path().join("agent/resources/file.txt").display().to_string());
            assert_eq!(std::fs::read_to_string(path).unwrap(), content);
        }
        for (name, told) in [
            (
                "a b",
                "HTTP request failed: Get http://controller.invalid/units/unit-app-0/resources/a%20b: resource#app/a b not found",
            ),
            ("a%zz", "failed to build API request: parse \"/resources/a%zz\": invalid URL escape \"%zz\""),
            ("x/file", "empty resource path not valid"),
        ] {
            assert_eq!(run.download_resource(name).unwrap_err().to_string(), told);
        }
    }
}
