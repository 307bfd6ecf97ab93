use std::fmt;

/// A text that must not be seen: a password, a private key.
///
/// It has no `Display` and no `Serialize`, and its `Debug` is redacted; [`Sensitive::expose`] is the one door.
///
/// ```
/// # use charmwright_hookcmds::Sensitive;
/// let password = Sensitive::new("correct horse");
/// assert_eq!(format!("{password:?}"), "<redacted>");
/// assert_eq!(password.expose(), "correct horse");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Sensitive(String);

impl Sensitive {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself. Give it to what needs it, and to nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Sensitive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}
