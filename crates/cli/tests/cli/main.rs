//! The `lariat` binary, driven as a person or a script drives it.

#![allow(clippy::unwrap_used)]
#![cfg(unix)]

mod ask;
mod bench;
mod cert;
mod chat;
mod connect;
mod ctl;
mod faults;
mod fetch;
mod ftp;
mod ftp_faults;
mod ftp_interrupted;
mod get_raw;
mod kept;
mod line_editor;
mod metrics;
mod names;
mod neighbours;
mod news;
mod news_browse;
mod news_login;
mod news_post;
mod newsrc;
mod operated;
mod pages;
mod process;
mod pty;
mod re;
mod readme;
mod reload;
mod serve;
mod server;
mod settings;
mod sleep;
mod small;
mod talk;
mod terminal;
mod timestamp;
