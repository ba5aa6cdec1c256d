//! A place in a list that is longer than the screen.

use ratatui::crossterm::event::KeyCode;

/// Which line is meant, and which one stands at the top of the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    pub at: usize,
    pub top: usize,
}

impl Cursor {
    /// Moves by a key, in a list of so many lines of which so many are seen. False if the key moves nothing.
    pub fn moved(&mut self, key: KeyCode, count: usize, page: usize) -> bool {
        let last = count.saturating_sub(1);
        self.at = match key {
            KeyCode::Up | KeyCode::Char('k') => self.at.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => self.at + 1,
            KeyCode::PageUp | KeyCode::Char('b') => self.at.saturating_sub(page.max(1)),
            KeyCode::PageDown => self.at + page.max(1),
            KeyCode::Home | KeyCode::Char('g') => 0,
            KeyCode::End | KeyCode::Char('G') => last,
            _ => return false,
        };
        self.keep(count, page);
        true
    }

    /// Brings it back into a list that has changed, and to where it is seen.
    pub fn keep(&mut self, count: usize, page: usize) {
        let page = page.max(1);
        self.at = self.at.min(count.saturating_sub(1));
        let highest = count.saturating_sub(page);
        self.top = self
            .top
            .clamp((self.at + 1).saturating_sub(page), self.at)
            .min(highest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stays_in_the_list_and_on_the_screen() {
        let mut cursor = Cursor::default();
        for (key, at, top) in [
            (KeyCode::Up, 0, 0),
            (KeyCode::Down, 1, 0),
            (KeyCode::PageDown, 4, 2),
            (KeyCode::End, 9, 7),
            (KeyCode::Down, 9, 7),
            (KeyCode::Char('k'), 8, 7),
            (KeyCode::PageUp, 5, 5),
            (KeyCode::Home, 0, 0),
        ] {
            assert!(cursor.moved(key, 10, 3));
            assert_eq!(cursor, Cursor { at, top }, "{key:?}");
        }
        assert!(!cursor.moved(KeyCode::Char('x'), 10, 3));
        assert!(cursor.moved(KeyCode::End, 10, 3));
        cursor.keep(2, 3);
        assert_eq!(cursor, Cursor { at: 1, top: 0 });
        cursor.keep(0, 0);
        assert_eq!(cursor, Cursor::default());
    }
}
