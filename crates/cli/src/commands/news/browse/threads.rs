//! Articles as threads: what answers what, by `References`, as J. Zawinski's algorithm has it.
//!
//! An article hangs below the nearest one that it refers to and that is known; one that is missing
//! between two is left out, and of several that answer a missing one the oldest stands above the others. Answers without
//! references are put below the article of their subject. References are others' words: those that lead around in a
//! circle are not followed, and there are limits.

use std::collections::HashMap;

/// References of one article that are looked at: the last ones, which are the nearest.
const MAXIMUM_REFERENCES: usize = 50;

/// How far up it is looked for a circle; what answers further down begins a thread of its own.
const MAXIMUM_DEPTH: usize = 100;

/// An article as the list of a group shows it; texts are decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Its number in the group.
    pub number: u64,
    pub id: String,
    pub subject: String,
    pub from: String,
    /// In seconds since 1970, if its date can be read.
    pub date: Option<i64>,
    /// The ids that it refers to, the oldest first.
    pub references: Vec<String>,
}

/// A line of the list of threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Which entry.
    pub entry: usize,
    /// How far below the beginning of its thread.
    pub depth: usize,
    /// Whether another answer to the same article follows.
    pub has_sibling: bool,
}

/// Puts articles into the order of their threads: the thread with the newest article first; in a thread each
/// article above its answers, older answers first.
pub fn threads(entries: &[Entry]) -> Vec<Row> {
    let mut forest = Forest::of(entries);
    forest.gather(entries);
    forest.rows(entries)
}

/// An article, or what is known of one by references alone.
#[derive(Default)]
struct Node {
    entry: Option<usize>,
    parent: Option<usize>,
}

struct Forest {
    nodes: Vec<Node>,
}

impl Forest {
    fn of(entries: &[Entry]) -> Self {
        let mut forest = Forest { nodes: Vec::new() };
        let mut by_id: HashMap<&str, usize> = HashMap::new();
        for (index, entry) in entries.iter().enumerate() {
            // Of two with one id, which no server has, the second stands alone.
            let known = by_id.get(entry.id.as_str()).copied();
            let free = known.filter(|at| forest.nodes[*at].entry.is_none());
            let this = free.unwrap_or_else(|| forest.add());
            forest.nodes[this].entry = Some(index);
            by_id.entry(&entry.id).or_insert(this);
            let first = entry.references.len().saturating_sub(MAXIMUM_REFERENCES);
            let mut above = None;
            for id in &entry.references[first..] {
                let at = *by_id.entry(id).or_insert_with(|| {
                    forest.nodes.push(Node::default());
                    forest.nodes.len() - 1
                });
                if let Some(above) = above
                    && forest.nodes[at].parent.is_none()
                {
                    forest.hang(at, above);
                }
                above = Some(at);
            }
            if let Some(above) = above {
                // Its own word counts for more than others' lists.
                forest.nodes[this].parent = None;
                forest.hang(this, above);
            }
        }
        forest
    }

    fn add(&mut self) -> usize {
        self.nodes.push(Node::default());
        self.nodes.len() - 1
    }

    /// Puts a node below another, unless that would be a circle or too deep.
    fn hang(&mut self, node: usize, above: usize) {
        let mut at = Some(above);
        for _ in 0..MAXIMUM_DEPTH {
            match at {
                Some(passed) if passed == node => return,
                Some(passed) => at = self.nodes[passed].parent,
                None => {
                    self.nodes[node].parent = Some(above);
                    return;
                }
            }
        }
    }

    /// The nearest article above, over what is missing.
    fn article_above(&self, node: usize) -> Option<usize> {
        let mut at = self.nodes[node].parent;
        while let Some(above) = at {
            if self.nodes[above].entry.is_some() {
                return Some(above);
            }
            at = self.nodes[above].parent;
        }
        None
    }

    /// Where the thread of a node begins.
    fn root(&self, node: usize) -> usize {
        std::iter::successors(Some(node), |at| self.nodes[*at].parent)
            .last()
            .unwrap_or(node)
    }

    /// Joins what belongs together and whose articles above are not known.
    fn gather(&mut self, entries: &[Entry]) {
        let mut tops: Vec<(usize, &Entry)> = Vec::new();
        for node in 0..self.nodes.len() {
            if let Some(entry) = self.nodes[node].entry
                && self.article_above(node).is_none()
            {
                tops.push((node, &entries[entry]));
            }
        }
        tops.sort_by_key(|(_, entry)| (entry.date, entry.number));
        // Answers to one that is missing.
        let mut by_root = HashMap::new();
        tops.retain(|(node, _)| {
            let first = *by_root.entry(self.root(*node)).or_insert(*node);
            if first != *node {
                self.nodes[*node].parent = None;
                self.hang(*node, first);
            }
            first == *node
        });
        // Answers that say by their subject alone what they answer.
        let mut by_subject = HashMap::new();
        for (node, entry) in &tops {
            let (base, is_answer) = base(&entry.subject);
            if !is_answer && !base.is_empty() {
                by_subject.entry(base.to_lowercase()).or_insert(*node);
            }
        }
        for (node, entry) in tops {
            let (base, is_answer) = base(&entry.subject);
            if let Some(first) = by_subject.get(&base.to_lowercase())
                && is_answer
            {
                self.nodes[node].parent = None;
                self.hang(node, *first);
            }
        }
    }

    /// The articles in their order.
    fn rows(&self, entries: &[Entry]) -> Vec<Row> {
        let mut answers: Vec<Vec<usize>> = vec![Vec::new(); entries.len()];
        let mut tops = Vec::new();
        for node in 0..self.nodes.len() {
            let Some(entry) = self.nodes[node].entry else {
                continue;
            };
            let above = self.article_above(node);
            match above.and_then(|above| self.nodes[above].entry) {
                Some(above) => answers[above].push(entry),
                None => tops.push(entry),
            }
        }
        let age = |entry: &usize| (entries[*entry].date, entries[*entry].number);
        for list in &mut answers {
            list.sort_by_key(age);
        }
        let mut rows = Vec::with_capacity(entries.len());
        let mut by_newest: Vec<(u64, Vec<Row>)> = Vec::new();
        for top in tops {
            let thread = thread(top, &answers);
            let numbers = thread.iter().map(|row| entries[row.entry].number);
            by_newest.push((numbers.max().unwrap_or_default(), thread));
        }
        by_newest.sort_by_key(|(newest, _)| std::cmp::Reverse(*newest));
        rows.extend(by_newest.into_iter().flat_map(|(_, thread)| thread));
        rows
    }
}

/// An article with all that answers it.
fn thread(top: usize, answers: &[Vec<usize>]) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut left = vec![Row {
        entry: top,
        depth: 0,
        has_sibling: false,
    }];
    while let Some(row) = left.pop() {
        rows.push(row);
        let below = &answers[row.entry];
        left.extend(below.iter().enumerate().rev().map(|(at, entry)| Row {
            entry: *entry,
            depth: row.depth + 1,
            has_sibling: at + 1 < below.len(),
        }));
    }
    rows
}

/// A subject without the marks of answers, and whether there were any.
pub fn base(subject: &str) -> (&str, bool) {
    let mut rest = subject.trim();
    let mut is_answer = false;
    loop {
        let Some(mark) = rest.get(..2).filter(|mark| mark.eq_ignore_ascii_case("re")) else {
            return (rest, is_answer);
        };
        let behind = &rest[mark.len()..];
        // Some programs count: Re[2]:
        let counted = behind.strip_prefix('[').and_then(|counted| {
            let (number, behind) = counted.split_once(']')?;
            let is_number = number.bytes().all(|digit| digit.is_ascii_digit());
            is_number.then_some(behind)
        });
        let Some(behind) = counted.unwrap_or(behind).strip_prefix(':') else {
            return (rest, is_answer);
        };
        rest = behind.trim_start();
        is_answer = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(number: u64, id: &str, subject: &str, references: &[&str]) -> Entry {
        Entry {
            number,
            id: id.into(),
            subject: subject.into(),
            date: Some(number.cast_signed()),
            references: references.iter().map(|id| (*id).into()).collect(),
            ..Entry::default()
        }
    }

    /// The ids, each with a dot for each step down.
    fn shown(entries: &[Entry]) -> Vec<String> {
        let rows = threads(entries);
        let line = |row: &Row| format!("{}{}", ".".repeat(row.depth), entries[row.entry].id);
        rows.iter().map(line).collect()
    }

    #[test]
    fn answers_stand_below_what_they_answer() {
        let entries = [
            entry(1, "a", "one", &[]),
            entry(2, "b", "two", &[]),
            entry(3, "a1", "Re: one", &["a"]),
            entry(4, "a11", "Re: one", &["a", "a1"]),
            entry(5, "a2", "Re: one", &["a"]),
        ];
        assert_eq!(shown(&entries), ["a", ".a1", "..a11", ".a2", "b"]);
        let siblings: Vec<bool> = threads(&entries)
            .iter()
            .map(|row| row.has_sibling)
            .collect();
        assert_eq!(siblings, [false, true, false, false, false]);
    }

    #[test]
    fn the_order_in_which_articles_come_changes_nothing() {
        let entries = [
            entry(1, "a", "one", &[]),
            entry(3, "a1", "Re: one", &["a"]),
            entry(4, "a11", "Re: one", &["a", "a1"]),
            entry(5, "a12", "Re: one", &["a", "gone", "a1"]),
        ];
        let mut turned = entries.to_vec();
        turned.reverse();
        assert_eq!(shown(&turned), shown(&entries));
    }

    #[test]
    fn what_is_missing_is_left_out() {
        let entries = [
            entry(5, "c", "Re: x", &["a", "b"]),
            entry(6, "d", "Re: x", &["a", "b"]),
            entry(7, "e", "Re: x", &["a", "b", "d"]),
            entry(8, "f", "other", &["nothing"]),
        ];
        assert_eq!(shown(&entries), ["f", "c", ".d", "..e"]);
    }

    #[test]
    fn subjects_gather_what_has_no_references() {
        let entries = [
            entry(1, "a", "Lunch", &[]),
            entry(2, "b", "RE: re[2]: lunch", &[]),
            entry(3, "c", "Lunch", &[]),
            entry(4, "d", "Re: other", &[]),
            entry(5, "e", "", &[]),
            entry(6, "f", "Re:", &[]),
        ];
        assert_eq!(shown(&entries), ["f", "e", "d", "c", "a", ".b"]);
    }

    #[test]
    fn circles_and_endless_threads_end() {
        let circle = [
            entry(1, "a", "x", &["b"]),
            entry(2, "b", "x", &["a"]),
            entry(3, "c", "x", &["c"]),
        ];
        let lines = shown(&circle);
        assert_eq!(lines.len(), 3, "{lines:?}");
        let mut long: Vec<Entry> = vec![entry(0, "0", "x", &[])];
        for number in 1..1000 {
            let above = (number - 1).to_string();
            long.push(entry(number, &number.to_string(), "x", &[above.as_str()]));
        }
        let rows = threads(&long);
        assert_eq!(rows.len(), 1000);
        assert!(rows.iter().all(|row| row.depth <= MAXIMUM_DEPTH));
        long.reverse();
        assert_eq!(threads(&long).len(), 1000);
    }

    #[test]
    fn every_article_has_one_row_whatever_it_refers_to() {
        let mut seed = 7_u64;
        let mut next = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) % below
        };
        for _ in 0..300 {
            let count = 1 + next(12);
            let ids: Vec<String> = (0..count + 3).map(|_| next(9).to_string()).collect();
            let entries: Vec<Entry> = (0..count)
                .map(|number| {
                    let references: Vec<&str> = (0..next(5))
                        .map(|_| ids[usize::try_from(next(count + 3)).expect("small")].as_str())
                        .collect();
                    let id = &ids[usize::try_from(number).expect("small")];
                    let subject = ["a", "Re: a", "Re: b"][usize::try_from(next(3)).expect("small")];
                    entry(number, id, subject, &references)
                })
                .collect();
            let rows = threads(&entries);
            let mut seen: Vec<usize> = rows.iter().map(|row| row.entry).collect();
            seen.sort_unstable();
            assert_eq!(seen, (0..entries.len()).collect::<Vec<_>>());
            assert_eq!(rows[0].depth, 0);
            assert!(rows.windows(2).all(|two| two[1].depth <= two[0].depth + 1));
        }
    }

    #[test]
    fn a_subject_is_told_from_the_marks_of_answers() {
        for (subject, told) in [
            ("Re: a", ("a", true)),
            (" RE:re: Re[12]: a", ("a", true)),
            ("a", ("a", false)),
            ("Regarding a", ("Regarding a", false)),
            ("Re a", ("Re a", false)),
            ("Re[x]: a", ("Re[x]: a", false)),
            ("", ("", false)),
            ("é", ("é", false)),
        ] {
            assert_eq!(base(subject), told, "{subject}");
        }
    }
}
