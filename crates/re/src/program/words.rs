//! Many literal alternatives, as a tree: which of them match at a place is told by one walk.

use std::collections::VecDeque;

/// Alternatives without anything but characters, by their bytes.
#[derive(Debug)]
pub(crate) struct Words {
    nodes: Vec<Node>,
    /// Bytes with the nodes that they lead to; those of a node lie together, in their order.
    edges: Vec<(u8, u32)>,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    /// Which alternative ends here, the first if several are the same; [`NONE`] if none does.
    word: u32,
    first_edge: u32,
    edges: u32,
}

const NONE: u32 = u32::MAX;

/// An alternative that matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    /// Which of all it is.
    pub number: u32,
    pub length: usize,
    /// Whether a later one matches too.
    pub has_rival: bool,
}

impl Words {
    /// The tree of these alternatives, in their order.
    pub fn new(words: &[Vec<u8>]) -> Self {
        let mut sorted: Vec<(&[u8], u32)> = words
            .iter()
            .zip(0..)
            .map(|(word, number)| (&word[..], number))
            .collect();
        sorted.sort_unstable();
        let mut tree = Words {
            nodes: vec![Node::UNKNOWN],
            edges: Vec::new(),
        };
        // Nodes with the words below them, and how many bytes lead to them.
        let mut open = VecDeque::from([(0, &sorted[..], 0)]);
        while let Some((node, below, depth)) = open.pop_front() {
            let ends = below.iter().take_while(|(word, _)| word.len() == depth);
            let ends = ends.count();
            let first_edge = tree.edges.len();
            for group in below[ends..].chunk_by(|one, other| one.0[depth] == other.0[depth]) {
                let child = tree.nodes.len();
                tree.nodes.push(Node::UNKNOWN);
                tree.edges.push((group[0].0[depth], child as u32));
                open.push_back((child, group, depth + 1));
            }
            tree.nodes[node] = Node {
                word: below[..ends].first().map_or(NONE, |(_, number)| *number),
                first_edge: first_edge as u32,
                edges: (tree.edges.len() - first_edge) as u32,
            };
        }
        tree
    }

    /// The first alternative from a number on that a text begins with, and how many bytes were
    /// looked at to tell.
    pub fn find(&self, text: &[u8], from: u32) -> (Option<Word>, usize) {
        let mut found: Option<Word> = None;
        let mut node = self.nodes[0];
        let mut length = 0;
        loop {
            if node.word != NONE && node.word >= from {
                let has_rival = found.is_some();
                let best = found.filter(|best| best.number < node.word);
                let mut best = best.unwrap_or(Word {
                    number: node.word,
                    length,
                    has_rival,
                });
                best.has_rival = has_rival;
                found = Some(best);
            }
            let Some(child) = text.get(length).and_then(|byte| self.child(node, *byte)) else {
                return (found, length);
            };
            node = child;
            length += 1;
        }
    }

    fn child(&self, node: Node, byte: u8) -> Option<Node> {
        let first = node.first_edge as usize;
        let edges = &self.edges[first..first + node.edges as usize];
        let edge = match edges {
            [edge] => Some(edge).filter(|edge| edge.0 == byte),
            _ => {
                let index = edges.partition_point(|edge| edge.0 < byte);
                edges.get(index).filter(|edge| edge.0 == byte)
            }
        };
        edge.map(|(_, child)| self.nodes[*child as usize])
    }
}

impl Node {
    /// Before its words have been looked at.
    const UNKNOWN: Node = Node {
        word: NONE,
        first_edge: 0,
        edges: 0,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternatives_come_in_their_order_and_each_once() {
        let words = ["ab", "abcd", "a", "b", "abc", "ab", ""];
        let words: Vec<Vec<u8>> = words.iter().map(|word| word.as_bytes().to_vec()).collect();
        let tree = Words::new(&words);
        let all = |text: &[u8]| {
            let mut from = 0;
            let mut all = Vec::new();
            while let (Some(word), _) = tree.find(text, from) {
                all.push((word.number, word.length));
                from = word.number + 1;
                assert_eq!(word.has_rival, tree.find(text, from).0.is_some());
            }
            all
        };
        assert_eq!(all(b"abcdx"), [(0, 2), (1, 4), (2, 1), (4, 3), (6, 0)]);
        assert_eq!(all(b"b"), [(3, 1), (6, 0)]);
        assert_eq!(all(b""), [(6, 0)]);
        assert_eq!(tree.find(b"abcdx", 7), (None, 4));
        assert_eq!(Words::new(&[b"x".to_vec()]).find(b"y", 0), (None, 0));
    }
}
