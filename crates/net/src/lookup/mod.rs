//! Names to addresses and back, services and protocols to numbers and back: what Python's `socket`
//! calls `getaddrinfo`, `getnameinfo`, `getservbyname` and their kin.
//!
//! Every function here blocks for as long as the system's resolver takes, so asynchronous code
//! calls it on a thread for blocking work. There is no cache and no DNS client of our own: the
//! answers are the system's, with built-in tables behind them for the well-known services, the
//! protocols and `localhost`, so that a container without `/etc/services` knows `https` too.
//!
//! Read [`AddressQuery`] first, then [`LookupError`].
//!
//! ```
//! use lariat_net::lookup::{self, AddressQuery};
//!
//! for found in AddressQuery::new().host("localhost").service("ssh").lookup()? {
//!     assert!(found.address.ip().is_loopback());
//!     assert_eq!(found.address.port(), 22);
//! }
//! assert_eq!(lookup::service_by_name("https", Some("tcp"))?, 443);
//! assert_eq!(lookup::protocol_by_name("tcp")?, 6);
//! # Ok::<(), lookup::LookupError>(())
//! ```

mod address;
mod error;
mod name;
mod numeric;
mod ports;
mod protocol;
mod service;
mod table;

pub use address::{AddressInfo, AddressQuery, resolve};
pub use error::{LookupError, Reason};
pub use name::{
    Host, NameFlags, NameInfo, full_name, host_by_address, host_by_name, host_by_name_full,
    host_name, name_of,
};
pub use numeric::parse_ipv4_leniently;
pub use protocol::{protocol_by_name, protocol_by_number};
pub use service::{service_by_name, service_by_port};
