//! One room: who is in it, and what was said last.

use std::collections::VecDeque;
use std::sync::Arc;

use lariat_protocol::chat::Name;

use super::limits::Limits;
use super::rooms::{Listener, PersonId};
use super::told::Told;

/// Somebody who is in a room.
pub(super) struct Member<L> {
    pub(super) id: PersonId,
    /// Its own, so that telling a room goes through one list and no table.
    pub(super) listener: L,
}

/// A room.
pub(super) struct Room<L> {
    pub(super) name: Name,
    pub(super) members: Vec<Member<L>>,
    /// Whether it stays when nobody is in it.
    pub(super) is_kept: bool,
    history: VecDeque<Arc<Told>>,
    /// How many bytes the lines in `history` have.
    history_bytes: usize,
}

impl<L: Listener> Room<L> {
    pub(super) fn new(name: Name) -> Self {
        Room {
            name,
            members: Vec::new(),
            is_kept: false,
            history: VecDeque::new(),
            history_bytes: 0,
        }
    }

    /// What was said last, the oldest first.
    pub(super) fn history(&self) -> impl Iterator<Item = &Arc<Told>> {
        self.history.iter()
    }

    /// Keeps what was said for those who come later.
    pub(super) fn keep(&mut self, told: &Arc<Told>, limits: &Limits) {
        self.history.push_back(Arc::clone(told));
        self.history_bytes += told.line().len();
        while self.history.len() > limits.history_lines || self.history_bytes > limits.history_bytes
        {
            let Some(oldest) = self.history.pop_front() else {
                return;
            };
            self.history_bytes -= oldest.line().len();
        }
    }

    /// Tells everybody but one, and notes who does not keep up.
    pub(super) fn tell(
        &self,
        told: &Arc<Told>,
        except: Option<PersonId>,
        behind: &mut Vec<PersonId>,
    ) {
        for member in &self.members {
            if Some(member.id) != except && !member.listener.tell(told) {
                behind.push(member.id);
            }
        }
    }
}
