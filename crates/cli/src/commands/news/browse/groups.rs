//! The list of groups: all that a server has, and those of them whose name or description has what was typed.

use super::cursor::Cursor;
use super::messages::Group;

/// The groups, and which are shown.
#[derive(Clone, Debug, Default)]
pub struct Groups {
    all: Vec<Group>,
    /// Those that fit, by their places in `all`.
    fitting: Vec<usize>,
    pub cursor: Cursor,
    filter: String,
    /// The server has been asked.
    pub is_known: bool,
}

impl Groups {
    /// Takes what the server has, in the order of the names.
    pub fn set(&mut self, mut groups: Vec<Group>, page: usize) {
        groups.sort_by(|one, other| one.name.cmp(&other.name));
        let chosen = self.chosen().map(|group| group.name.clone());
        self.all = groups;
        self.is_known = true;
        self.fit();
        let at = chosen.and_then(|name| self.shown().position(|group| group.name == name));
        self.cursor.at = at.unwrap_or(self.cursor.at);
        self.cursor.keep(self.fitting.len(), page);
    }

    /// The groups that fit.
    pub fn shown(&self) -> impl Iterator<Item = &Group> {
        self.fitting.iter().map(|at| &self.all[*at])
    }

    /// How many fit.
    pub fn count(&self) -> usize {
        self.fitting.len()
    }

    /// How many there are.
    pub fn total(&self) -> usize {
        self.all.len()
    }

    /// The group under the cursor.
    pub fn chosen(&self) -> Option<&Group> {
        self.fitting.get(self.cursor.at).map(|at| &self.all[*at])
    }

    /// What was typed; nothing fits all.
    pub fn filter(&self) -> &str {
        &self.filter
    }

    /// Shows the groups that have this, in capitals or not.
    pub fn set_filter(&mut self, filter: String, page: usize) {
        self.filter = filter;
        self.fit();
        self.cursor.keep(self.fitting.len(), page);
    }

    fn fit(&mut self) {
        let wanted = self.filter.to_lowercase();
        let fits = |group: &Group| {
            wanted.is_empty()
                || group.name.to_lowercase().contains(&wanted)
                || group.description.to_lowercase().contains(&wanted)
        };
        let all = self.all.iter().enumerate();
        self.fitting = all
            .filter(|(_, group)| fits(group))
            .map(|(at, _)| at)
            .collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(name: &str, description: &str) -> Group {
        Group {
            name: name.into(),
            first: 1,
            last: 1,
            description: description.into(),
        }
    }

    #[test]
    fn groups_are_sorted_and_filtered() {
        let mut groups = Groups::default();
        groups.set(
            vec![
                group("b", "About Rust"),
                group("c.rust", ""),
                group("a", ""),
            ],
            10,
        );
        let names = |groups: &Groups| -> Vec<String> {
            groups.shown().map(|group| group.name.clone()).collect()
        };
        assert_eq!(names(&groups), ["a", "b", "c.rust"]);
        groups.cursor.at = 2;
        groups.set_filter("RUST".into(), 10);
        assert_eq!(
            (names(&groups).len(), groups.cursor.at, groups.total()),
            (2, 1, 3)
        );
        assert_eq!(
            groups.chosen().map(|group| group.name.as_str()),
            Some("c.rust")
        );
        // What was chosen stays so when the server is asked again.
        groups.set(
            vec![
                group("c.rust", ""),
                group("a.rust", ""),
                group("b.rust", ""),
            ],
            10,
        );
        assert_eq!(
            groups.chosen().map(|group| group.name.as_str()),
            Some("c.rust")
        );
        groups.set_filter("nothing".into(), 10);
        assert!(groups.chosen().is_none());
    }
}
