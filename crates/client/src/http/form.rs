//! The fields of a form in one line, as `application/x-www-form-urlencoded` has them (WHATWG URL, section 5).

use std::fmt;

use form_urlencoded::Serializer;

use super::Body;

/// Fields of a form, each with a name and a value, in their order.
///
/// ```
/// use lariat_client::http::Form;
///
/// let form = Form::new().field("q", "rope & saddle").field("page", "2");
/// assert_eq!(form.as_str(), "q=rope+%26+saddle&page=2");
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Form(String);

impl Form {
    /// The type of such a body.
    pub const CONTENT_TYPE: &str = "application/x-www-form-urlencoded";

    /// A form without fields.
    pub fn new() -> Self {
        Form::default()
    }

    /// The same with a field more.
    #[must_use]
    pub fn field(self, name: &str, value: &str) -> Self {
        let mut fields = Serializer::new(self.0);
        fields.append_pair(name, value);
        Form(fields.finish())
    }

    /// The fields as they are sent, as a body or behind the `?` of a URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A text as it stands in such a line.
    pub fn encoded(text: &str) -> String {
        form_urlencoded::byte_serialize(text.as_bytes()).collect()
    }
}

impl From<Form> for Body {
    fn from(form: Form) -> Self {
        form.0.into()
    }
}

/// Shows how long it is alone: forms have passwords in them.
impl fmt::Debug for Form {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Form({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_comes_back_from_a_form() {
        let fields = [("a b", "ü=&+%\r\n\0"), ("", ""), ("*-._", "~/?#")];
        let form = fields
            .iter()
            .fold(Form::new(), |form, (name, value)| form.field(name, value));
        assert!(form.as_str().is_ascii() && !form.as_str().contains(' '));
        let read: Vec<(String, String)> = form_urlencoded::parse(form.as_str().as_bytes())
            .into_owned()
            .collect();
        let wanted = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(read, wanted);
    }

    #[test]
    fn a_log_shows_nothing_of_a_form() {
        let form = Form::new().field("password", "swordfish");
        assert_eq!(format!("{form:?}"), "Form(18 bytes)");
    }
}
