//! Lists the network interfaces by asking the Linux kernel through a NETLINK_ROUTE socket.
//!
//! `cargo run -p lariat --example interfaces` prints a line for each interface: its index, its
//! name, and whether it is up. The layouts are those of netlink(7) and rtnetlink(7): numbers in
//! the machine's own byte order, everything padded to four bytes.

use std::error::Error;
use std::io::{Read, Write};

use lariat_net::socket::{Family, open};
use socket2::{Protocol, Type};

const NETLINK_ROUTE: i32 = 0;
/// Message types of linux/netlink.h and linux/rtnetlink.h.
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const RTM_NEWLINK: u16 = 16;
const RTM_GETLINK: u16 = 18;
/// NLM_F_REQUEST and NLM_F_DUMP: a question, and all there is.
const REQUEST_ALL: u16 = 0x1 | 0x300;
const IFLA_IFNAME: u16 = 3;
const IFF_UP: u32 = 1;

/// `struct nlmsghdr`: length, type, flags, sequence, port; then `struct ifinfomsg`.
const HEADER_BYTES: usize = 16;
const LINK_BYTES: usize = 16;

fn main() -> Result<(), Box<dyn Error>> {
    let mut socket = open(
        Family::Netlink,
        Type::RAW,
        Some(Protocol::from(NETLINK_ROUTE)),
    )?;
    // An unconnected netlink socket sends to the kernel.
    socket.write_all(&link_request())?;

    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = socket.read(&mut buffer)?;
        let mut rest = &buffer[..count];
        while let Some((kind, body)) = next_message(&mut rest) {
            match kind {
                NLMSG_DONE => return Ok(()),
                NLMSG_ERROR => return Err("the kernel refused the request".into()),
                RTM_NEWLINK => print_link(body),
                _ => {}
            }
        }
    }
}

fn link_request() -> Vec<u8> {
    let mut request = Vec::new();
    request.extend(((HEADER_BYTES + LINK_BYTES) as u32).to_ne_bytes());
    request.extend(RTM_GETLINK.to_ne_bytes());
    request.extend(REQUEST_ALL.to_ne_bytes());
    request.resize(HEADER_BYTES + LINK_BYTES, 0);
    request
}

/// Takes the next message off a datagram: its type, and what follows its header.
fn next_message<'data>(rest: &mut &'data [u8]) -> Option<(u16, &'data [u8])> {
    let length = u32::from_ne_bytes(*rest.first_chunk()?) as usize;
    let kind = u16::from_ne_bytes(*rest.get(4..)?.first_chunk()?);
    let body = rest.get(HEADER_BYTES..length)?;
    *rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
    Some((kind, body))
}

/// Takes the next attribute: its type and its value.
fn next_attribute<'data>(rest: &mut &'data [u8]) -> Option<(u16, &'data [u8])> {
    let length = usize::from(u16::from_ne_bytes(*rest.first_chunk()?));
    let kind = u16::from_ne_bytes(*rest.get(2..)?.first_chunk()?);
    let value = rest.get(4..length)?;
    *rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
    Some((kind, value))
}

fn print_link(body: &[u8]) {
    let number = |at: usize| {
        body.get(at..)?
            .first_chunk()
            .map(|four| u32::from_ne_bytes(*four))
    };
    let (Some(index), Some(flags)) = (number(4), number(8)) else {
        return;
    };
    let mut attributes = body.get(LINK_BYTES..).unwrap_or_default();
    while let Some((kind, value)) = next_attribute(&mut attributes) {
        if kind == IFLA_IFNAME {
            let name = String::from_utf8_lossy(value.strip_suffix(&[0]).unwrap_or(value));
            let state = if flags & IFF_UP == 0 { "down" } else { "up" };
            println!("{index} {name} {state}");
        }
    }
}
