//! What `lariat serve` needs beyond its arguments.
//!
//! Read [`services`] first: a new service is one entry there. [`plan`] turns what was asked
//! for into endpoints, [`listen`] opens them, [`listing`] tells a person or a program where.

pub mod book;
pub mod config;
pub mod listen;
pub mod listing;
pub mod plan;
pub mod rereading;
pub mod server;
pub mod services;
pub mod settings;
pub mod state;
