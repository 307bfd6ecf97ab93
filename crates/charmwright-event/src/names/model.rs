use super::grammar;
use super::text_name;

text_name!(
    /// The id of a model. Names of models change and repeat, this does not.
    ModelUuid,
    "a model's UUID such as `11111111-2222-4333-8444-555555555555`",
    grammar::is_uuid
);

text_name!(
    /// The machine that a unit is on, such as `0` or, in a container of it, `0/lxd/1`.
    MachineId,
    "a machine such as `0` or `0/lxd/1`",
    grammar::is_machine
);

text_name!(
    /// An operating system with its channel, such as `ubuntu@22.04`.
    Base,
    "a base such as `ubuntu@22.04`",
    is_base
);

impl Base {
    /// The operating system: `ubuntu`.
    pub fn system(&self) -> &str {
        self.0.split_once('@').map_or(self.0.as_str(), |(system, _)| system)
    }

    /// The channel: `22.04`.
    pub fn channel(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, channel)| channel)
    }
}

fn is_base(text: &str) -> bool {
    text.split_once('@').is_some_and(|(system, channel)| {
        let graphic = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_graphic());
        graphic(system) && graphic(channel)
    })
}
