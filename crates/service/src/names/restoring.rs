//! What a store has kept, put into memory again.

use std::collections::HashMap;
use std::sync::Arc;

use lariat_protocol::names::{Name, Request};
use lariat_store::StoreError;
use lariat_store::names::{Kept, Write};

use crate::names::Who;
use crate::names::directory::Shared;
use crate::names::pattern::Pattern;
use crate::names::record::Record;

impl Shared {
    /// Puts what a store has into memory.
    pub(super) fn restore(&self, kept: Kept) -> Result<(), StoreError> {
        let now = self.clock.now();
        let mut of_before = Vec::new();
        let mut registry = self.registry_mut();
        let mut owners = HashMap::new();
        for row in kept.names {
            let wrong = || StoreError::Failed(format!("the name {:?} cannot be read", row.name));
            let name: Name = row.name.parse().map_err(|_| wrong())?;
            let token = row.token.as_slice().try_into().map_err(|_| wrong())?;
            let who: Who = row.registrant.parse().map_err(|_| wrong())?;
            if who == Who::Inside {
                of_before.push(Write::Forget(row.name));
                continue;
            }
            owners.insert(name, (token, who));
        }
        for row in kept.places {
            let wrong = || {
                let (name, place) = (&row.name, &row.place);
                StoreError::Failed(format!("the place {place:?} of {name:?} cannot be read"))
            };
            let said = row.said.parse::<Request>();
            let Ok(Request::Register(registration)) = said else {
                return Err(wrong());
            };
            let Some((token, registrant)) = owners.get(&registration.name) else {
                // Of a name that was this process's own.
                continue;
            };
            let who: Who = row.registrant.parse().map_err(|_| wrong())?;
            let pattern = registration.probe.as_ref();
            let pattern = pattern.and_then(|probe| Pattern::new(probe.expect.as_ref()?).ok());
            let record = Record::new(self.next_id(), *registration, who, pattern);
            record.renew(now);
            let record = Arc::new(record);
            self.begin_probing(&record);
            registry.insert(record, *token, *registrant);
        }
        for (name, (token, who)) in owners {
            registry.reserve(&name, token, who, now + self.settings.keep_names);
        }
        drop(registry);
        match of_before.is_empty() {
            true => Ok(()),
            false => self.store.write(&of_before),
        }
    }
}
