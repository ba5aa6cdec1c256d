//! What is registered, and what somebody says is theirs.

use crate::names::words::write_pair;
use crate::names::{Description, FieldError, Name, Place, Probe, Tag, Token, Ttl, Weight};

/// The most tags of one registration.
pub const MAXIMUM_TAGS: usize = 16;

/// What is registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// What it is called. Several places may have one name, if they have its token.
    pub name: Name,
    /// Where it is.
    pub place: Place,
    /// What it is, for people.
    pub description: Description,
    /// What it is found by beside its name: at most [`MAXIMUM_TAGS`].
    pub tags: Vec<Tag>,
    /// How much of what is asked for goes there.
    pub weight: Weight,
    /// How long it holds unless it is renewed.
    pub ttl: Ttl,
    /// How it is probed; [`Probe::default_of`] its place if not said.
    pub probe: Option<Probe>,
    /// Whose it is: the name's token if there is one, else one to be the name's from now on.
    pub token: Option<Token>,
}

impl Registration {
    /// One with the defaults for everything but its name and place.
    pub fn new(name: Name, place: Place) -> Self {
        Registration {
            name,
            place,
            description: Description::default(),
            tags: Vec::new(),
            weight: Weight::default(),
            ttl: Ttl::default(),
            probe: None,
            token: None,
        }
    }
}

/// A registration that somebody says is theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Its name.
    pub name: Name,
    /// The name's token.
    pub token: Token,
    /// Which of the name's places; all of them if not said.
    pub place: Option<Place>,
}

impl Registration {
    /// Writes the request to register it.
    pub(super) fn write(&self, out: &mut String) {
        out.push_str("register ");
        out.push_str(self.name.as_str());
        out.push(' ');
        out.push_str(self.place.as_str());
        write_about(out, &self.description, &self.tags, self.weight);
        write_pair(out, "ttl", self.ttl.seconds().to_string().as_bytes());
        if let Some(token) = &self.token {
            write_pair(out, "token", token.as_str().as_bytes());
        }
        if let Some(probe) = &self.probe {
            probe.write(out);
        }
    }
}

impl Claim {
    /// Writes the request that begins with this verb and a space.
    pub(super) fn write(&self, verb: &str, out: &mut String) {
        out.push_str(verb);
        out.push_str(self.name.as_str());
        write_pair(out, "token", self.token.as_str().as_bytes());
        if let Some(place) = &self.place {
            write_pair(out, "endpoint", place.as_str().as_bytes());
        }
    }
}

/// Writes what registrations and entries say alike.
pub(super) fn write_about(
    out: &mut String,
    description: &Description,
    tags: &[Tag],
    weight: Weight,
) {
    write_pair(out, "weight", weight.get().to_string().as_bytes());
    if !tags.is_empty() {
        let tags: Vec<&str> = tags.iter().map(Tag::as_str).collect();
        write_pair(out, "tags", tags.join(",").as_bytes());
    }
    if !description.as_str().is_empty() {
        write_pair(out, "description", description.as_str().as_bytes());
    }
}

/// Reads `a,b,c`; each counts once, in alphabetical order.
pub(super) fn parse_tags(text: &str) -> Result<Vec<Tag>, FieldError> {
    let words = text.split(',').filter(|word| !word.is_empty());
    let mut tags: Vec<Tag> = words.map(str::parse).collect::<Result<_, _>>()?;
    tags.sort();
    tags.dedup();
    match tags.len() <= MAXIMUM_TAGS {
        true => Ok(tags),
        false => Err(FieldError::new(
            "tags",
            format!(
                "there are {}; at most {MAXIMUM_TAGS} are allowed",
                tags.len()
            ),
        )),
    }
}
