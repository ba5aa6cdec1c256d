//! The list of Python's names for threads and processes, compared with Python.

use std::collections::HashSet;

use crate::peer::python;

#[path = "../threads/names.rs"]
#[allow(dead_code, reason = "what is not Python's is for another test")]
mod names;

#[test]
fn every_name_of_pythons_threads_and_processes_is_in_the_list() {
    let mut known = HashSet::new();
    for (section, list) in names::OF_MODULES {
        let (module, class) = section.split_once(": ").unwrap_or((section, ""));
        for name in list.split_whitespace() {
            known.insert(format!("{module} {name}"));
            known.insert(format!("{module} {class}.{name}"));
        }
    }
    let listed = python("thread_names.py", [""; 0]).succeed();
    assert!(listed.len() > 200, "{listed:?}");
    let unknown: Vec<_> = listed
        .iter()
        .filter(|name| !known.contains(*name))
        .collect();
    assert!(unknown.is_empty(), "in no list: {unknown:?}");
}
