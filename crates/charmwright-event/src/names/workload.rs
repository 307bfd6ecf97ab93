use super::grammar;
use super::text_name;

text_name!(
    /// The name of a workload container, such as `server`.
    ContainerName,
    "the name of a container such as `server`",
    grammar::is_container
);
