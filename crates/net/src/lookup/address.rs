//! Host and service to socket addresses: `getaddrinfo`.

use std::net::{IpAddr, SocketAddr};
use std::panic;

use dns_lookup::{AddrInfo, AddrInfoHints};
use socket2::{Domain, Protocol, Socket, Type};

use super::error::{LookupError, Reason};
use super::ports::Ports;
use crate::platform::lookup as system;

/// The longest host that is handed to the system's resolver (its own `NI_MAXHOST`, less one).
const LONGEST_HOST: usize = 1024;

/// A question for the addresses of a host, a service, or both.
///
/// A host without a service gives addresses with port 0. A service without a host gives the
/// loopback addresses, to connect to, or with [`passive`](Self::passive) the wildcard addresses,
/// to listen on. The order of the answers is the system's preference (RFC 6724).
///
/// ```
/// use lariat_net::lookup::AddressQuery;
/// use socket2::Type;
///
/// let found = AddressQuery::new().service("ssh").passive(true).kind(Type::STREAM).lookup()?;
/// let mut addresses: Vec<_> = found.iter().map(|one| one.address.to_string()).collect();
/// addresses.sort();
/// assert_eq!(addresses, ["0.0.0.0:22", "[::]:22"]);
/// # Ok::<(), lariat_net::lookup::LookupError>(())
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "a query asks nothing until `lookup` is called"]
pub struct AddressQuery {
    host: Option<String>,
    service: Option<String>,
    family: Option<Domain>,
    kind: Option<Type>,
    protocol: Option<Protocol>,
    passive: bool,
    canonical_name: bool,
    numeric_host: bool,
}

/// One address that a host and a service lead to, with what a socket for it is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressInfo {
    /// The address family.
    pub family: Domain,
    /// Stream, datagram, or raw.
    pub kind: Type,
    /// The protocol; number 0 where the kind leaves the choice to the system.
    pub protocol: Protocol,
    /// The host's canonical name, where it was asked for; the same in every answer.
    pub canonical_name: Option<String>,
    /// Where to connect to, or to bind to.
    pub address: SocketAddr,
}

impl AddressInfo {
    /// A new socket of this family, kind and protocol, not yet bound or connected.
    ///
    /// ```
    /// use lariat_net::lookup::AddressQuery;
    /// use socket2::Type;
    ///
    /// let query = AddressQuery::new().host("127.0.0.1").service("0").kind(Type::STREAM);
    /// let found = &query.lookup()?[0];
    /// let socket = found.socket()?;
    /// socket.bind(&found.address.into())?;
    /// socket.listen(1)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What the system says, such as that it lacks the family.
    pub fn socket(&self) -> std::io::Result<Socket> {
        Socket::new(self.family, self.kind, Some(self.protocol))
    }
}

impl AddressQuery {
    /// A question about nothing yet: a host, a service or both have to follow.
    pub fn new() -> Self {
        Self::default()
    }

    /// The host: a name, or an address written out.
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.host = Some(host.into());
        self
    }

    /// The service: a word such as `ssh`, or a port number written out.
    pub fn service(mut self, service: impl Into<String>) -> Self {
        self.service = Some(service.into());
        self
    }

    /// The service as a port number.
    pub fn port(self, port: u16) -> Self {
        self.service(port.to_string())
    }

    /// Only addresses of this family.
    pub fn family(mut self, family: Domain) -> Self {
        self.family = Some(family);
        self
    }

    /// Only sockets of this kind; otherwise an address comes once for each kind.
    pub fn kind(mut self, kind: Type) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Only sockets of this protocol.
    pub fn protocol(mut self, protocol: Protocol) -> Self {
        self.protocol = Some(protocol);
        self
    }

    /// Whether the addresses are to listen on: without a host, the wildcard addresses.
    pub fn passive(mut self, passive: bool) -> Self {
        self.passive = passive;
        self
    }

    /// Whether to ask for the host's canonical name too.
    pub fn canonical_name(mut self, canonical_name: bool) -> Self {
        self.canonical_name = canonical_name;
        self
    }

    /// Whether the host has to be an address written out, so that no name server is asked.
    pub fn numeric_host(mut self, numeric_host: bool) -> Self {
        self.numeric_host = numeric_host;
        self
    }

    /// Asks; blocks until the system's resolver has answered.
    ///
    /// # Errors
    ///
    /// [`LookupError::NoAddress`] for a host without an address, [`LookupError::NoService`] for an
    /// unknown service word, [`LookupError::Invalid`] for a port over 65535, and
    /// [`LookupError::Misuse`] for a question with neither host nor service.
    pub fn lookup(&self) -> Result<Vec<AddressInfo>, LookupError> {
        if self.host.is_none() && self.service.is_none() {
            let message = "a lookup needs a host, a service or both";
            return Err(LookupError::Misuse(message.to_owned()));
        }
        if self.host.is_none() && self.canonical_name {
            let message = "a canonical name can only be asked for together with a host";
            return Err(LookupError::Misuse(message.to_owned()));
        }
        let ports = Ports::of(self.service.as_deref(), self.kind, self.protocol)?;
        match self.ask_system(&ports) {
            Err(LookupError::NoAddress { .. }) if self.may_be_loopback() => {
                self.loopback_addresses(&ports)
            }
            answer => answer,
        }
    }

    /// Asks the system for the addresses alone. The ports are set afterwards, so that a service
    /// word works where the system has no list of services.
    fn ask_system(&self, ports: &Ports) -> Result<Vec<AddressInfo>, LookupError> {
        let host = self.host.as_deref();
        let about = host.unwrap_or_default();
        if host
            .is_some_and(|host| host.is_empty() || host.len() > LONGEST_HOST || host.contains('\0'))
        {
            return Err(LookupError::NoAddress {
                host: about.to_owned(),
                reason: Reason::Malformed,
            });
        }
        // RFC 6761, section 6.4: such a name has no address, and no name server is asked.
        if host.is_some_and(|host| is_below(host, "invalid")) {
            return Err(LookupError::NoAddress {
                host: about.to_owned(),
                reason: Reason::Unknown,
            });
        }
        let service = host.is_none().then_some("0");
        let found = collect(host, service, self.hints())
            .map_err(|error| LookupError::no_address(about, error))?;
        let canonical_name = found.iter().find_map(|one| one.canonname.clone());
        let answers = found.into_iter().filter_map(|one| {
            let kind = Type::from(one.socktype);
            let mut address = one.sockaddr;
            address.set_port(ports.of_kind(kind)?);
            Some(AddressInfo {
                family: Domain::from(one.address),
                kind,
                protocol: Protocol::from(one.protocol),
                canonical_name: canonical_name.clone(),
                address,
            })
        });
        Ok(answers.collect())
    }

    fn hints(&self) -> AddrInfoHints {
        let flag = |wanted: bool, flag: i32| if wanted { flag } else { 0 };
        AddrInfoHints {
            flags: flag(self.passive, system::AI_PASSIVE)
                | flag(self.canonical_name, system::AI_CANONNAME)
                | flag(self.numeric_host, system::AI_NUMERICHOST)
                | flag(self.host.is_none(), system::AI_NUMERICSERV),
            address: self.family.map_or(0, i32::from),
            socktype: self.kind.map_or(0, i32::from),
            protocol: self.protocol.map_or(0, i32::from),
        }
    }

    fn may_be_loopback(&self) -> bool {
        !self.numeric_host && self.host.as_deref().is_some_and(is_localhost)
    }

    /// The answers for `localhost` on a system that does not know it: RFC 6761, section 6.3, gives
    /// the name to the loopback addresses whatever the name server says.
    fn loopback_addresses(&self, ports: &Ports) -> Result<Vec<AddressInfo>, LookupError> {
        let mut answers = Vec::new();
        let mut first_error = None;
        for literal in ["::1", "127.0.0.1"] {
            let query = self
                .clone()
                .host(literal)
                .numeric_host(true)
                .canonical_name(false);
            match query.ask_system(ports) {
                Ok(found) => answers.extend(found),
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        if let (true, Some(error)) = (answers.is_empty(), first_error) {
            return Err(error);
        }
        if self.canonical_name {
            for answer in &mut answers {
                answer.canonical_name = Some("localhost".to_owned());
            }
        }
        Ok(answers)
    }
}

/// The addresses of a host to open a stream to, in the order in which to try them.
///
/// This is the plain form that the engine calls, on a thread for blocking work. An address written
/// out is answered without asking the system.
///
/// ```
/// let addresses = lariat_net::lookup::resolve("127.0.0.1", 80)?;
/// assert_eq!(addresses, ["127.0.0.1:80".parse().expect("an address")]);
/// # Ok::<(), lariat_net::lookup::LookupError>(())
/// ```
///
/// # Errors
///
/// [`LookupError::NoAddress`] for a host that has none.
pub fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, LookupError> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let query = AddressQuery::new().host(host).port(port).kind(Type::STREAM);
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for found in query.lookup()? {
        // A hosts file may give an address twice; trying it twice would only double a failure.
        if !addresses.contains(&found.address) {
            addresses.push(found.address);
        }
    }
    Ok(addresses)
}

/// Whether a name is `localhost` or below it.
fn is_localhost(host: &str) -> bool {
    is_below(host, "localhost")
}

/// Whether a name is this one or below it.
fn is_below(host: &str, top: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    let front = host.strip_suffix(top);
    front.is_some_and(|front| front.is_empty() || front.ends_with('.'))
}

fn collect(
    host: Option<&str>,
    service: Option<&str>,
    hints: AddrInfoHints,
) -> Result<Vec<AddrInfo>, dns_lookup::LookupError> {
    let found = dns_lookup::getaddrinfo(host, service, Some(hints))?;
    // dns-lookup panics on a canonical name that is not UTF-8, and a name server may send one.
    panic::catch_unwind(panic::AssertUnwindSafe(|| {
        found.collect::<std::io::Result<Vec<_>>>()
    }))
    .unwrap_or_else(|_| Err(std::io::Error::other("the canonical name is not UTF-8")))
    .map_err(Into::into)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn addresses(found: &[AddressInfo]) -> Vec<String> {
        let mut all: Vec<_> = found.iter().map(|one| one.address.to_string()).collect();
        all.sort();
        all.dedup();
        all
    }

    #[test]
    fn a_host_and_a_service_word_give_addresses_with_the_port() {
        let found = AddressQuery::new()
            .host("localhost")
            .service("ssh")
            .lookup()
            .unwrap();
        assert!(!found.is_empty());
        for one in &found {
            assert!(one.address.ip().is_loopback(), "{one:?}");
            assert_eq!(one.address.port(), 22);
            assert_eq!(one.canonical_name, None);
        }
    }

    #[test]
    fn addresses_written_out_are_their_own_answer_in_both_families() {
        for (host, family) in [("127.0.0.1", Domain::IPV4), ("::1", Domain::IPV6)] {
            let query = AddressQuery::new().host(host).port(80).kind(Type::STREAM);
            for query in [
                query.clone(),
                query.clone().numeric_host(true),
                query.family(family),
            ] {
                let found = query.lookup().unwrap();
                assert_eq!(found.len(), 1, "{found:?}");
                assert_eq!(found[0].family, family);
                assert_eq!(found[0].kind, Type::STREAM);
                assert_eq!(found[0].protocol, Protocol::TCP);
                assert_eq!(found[0].address, SocketAddr::new(host.parse().unwrap(), 80));
            }
        }
    }

    #[test]
    fn a_service_alone_gives_the_wildcard_addresses_to_listen_on_and_loopback_to_connect_to() {
        let query = AddressQuery::new().service("ssh").kind(Type::STREAM);
        let passive = query.clone().passive(true).lookup().unwrap();
        assert_eq!(addresses(&passive), ["0.0.0.0:22", "[::]:22"]);
        let active = query.lookup().unwrap();
        assert_eq!(addresses(&active), ["127.0.0.1:22", "[::1]:22"]);
    }

    #[test]
    fn a_service_word_leaves_only_the_kinds_that_have_the_service() {
        let query = AddressQuery::new().host("127.0.0.1");
        let answers = |query: &AddressQuery, stream, datagram| -> Vec<(Type, u16)> {
            let found = query.ask_system(&Ports::ByKind { stream, datagram });
            let found = found.unwrap();
            found
                .iter()
                .map(|one| (one.kind, one.address.port()))
                .collect()
        };
        assert_eq!(answers(&query, None, Some(69)), [(Type::DGRAM, 69)]);
        assert_eq!(answers(&query, Some(23), None), [(Type::STREAM, 23)]);
        assert_eq!(
            answers(&query, Some(513), Some(514)),
            [(Type::STREAM, 513), (Type::DGRAM, 514)]
        );
        let found = query
            .service("domain")
            .protocol(Protocol::UDP)
            .lookup()
            .unwrap();
        let kinds: Vec<_> = found.iter().map(|one| one.kind).collect();
        assert_eq!(kinds, [Type::DGRAM]);
    }

    #[test]
    fn the_canonical_name_comes_when_asked_for() {
        let query = AddressQuery::new().host("localhost").canonical_name(true);
        for one in query.lookup().unwrap() {
            // It may be an alias of another name here.
            assert!(one.canonical_name.is_some_and(|name| !name.is_empty()));
        }
    }

    #[test]
    fn localhost_is_known_where_the_system_does_not_know_it() {
        let query = AddressQuery::new().host("localhost").kind(Type::STREAM);
        let found = query.loopback_addresses(&Ports::Every(7)).unwrap();
        assert_eq!(addresses(&found), ["127.0.0.1:7", "[::1]:7"]);
        let query = query.family(Domain::IPV4).canonical_name(true);
        let found = query.loopback_addresses(&Ports::Every(7)).unwrap();
        assert_eq!(addresses(&found), ["127.0.0.1:7"]);
        assert_eq!(found[0].canonical_name.as_deref(), Some("localhost"));
        for name in ["localhost", "LocalHost.", "a.localhost"] {
            assert!(is_localhost(name), "{name}");
        }
        for name in ["localhost.example", "notlocalhost", "", "localhost.."] {
            assert!(!is_localhost(name), "{name}");
        }
        assert!(is_below("a.INVALID.", "invalid") && !is_below("invalid.example", "invalid"));
    }

    #[test]
    fn what_can_have_no_address_is_asked_of_nobody() {
        let query = AddressQuery::new().host("nowhere.invalid");
        let error = query.lookup().unwrap_err();
        assert_eq!(error.reason(), Some(Reason::Unknown));
    }

    #[test]
    fn a_socket_can_be_built_from_an_answer_and_connected() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let query = AddressQuery::new()
            .host("127.0.0.1")
            .port(port)
            .kind(Type::STREAM);
        let found = &query.lookup().unwrap()[0];
        let socket = found.socket().unwrap();
        socket.connect(&found.address.into()).unwrap();
        let (_, peer) = listener.accept().unwrap();
        assert_eq!(socket.local_addr().unwrap().as_socket(), Some(peer));
    }

    #[test]
    fn bad_questions_are_told_apart() {
        let message = |query: AddressQuery| query.lookup().unwrap_err().to_string();
        let query = AddressQuery::new;
        assert_eq!(message(query()), "a lookup needs a host, a service or both");
        assert_eq!(
            message(query().service("ssh").canonical_name(true)),
            "a canonical name can only be asked for together with a host"
        );
        assert_eq!(
            message(query().host("::1").service("70000")),
            "port \"70000\" is not a number from 0 to 65535"
        );
        assert_eq!(
            message(query().host("::1").service("no-such-service")),
            "no service \"no-such-service\" over tcp or udp: give its port number instead"
        );
        for host in [
            "".to_owned(),
            "a\0b".to_owned(),
            "x".repeat(LONGEST_HOST + 1),
        ] {
            let error = query().host(host).lookup().unwrap_err();
            assert_eq!(error.reason(), Some(Reason::Malformed));
        }
        let error = query()
            .host("not an address")
            .numeric_host(true)
            .lookup()
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "no address for \"not an address\": nobody knows it"
        );
    }

    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[test]
    fn an_address_of_the_other_family_is_no_data() {
        let query = AddressQuery::new().host("127.0.0.1").family(Domain::IPV6);
        assert_eq!(query.lookup().unwrap_err().reason(), Some(Reason::NoData));
    }

    #[test]
    fn resolving_gives_each_address_once() {
        assert_eq!(
            resolve("::1", 5).unwrap(),
            [SocketAddr::new("::1".parse().unwrap(), 5)]
        );
        let found = resolve("localhost", 5).unwrap();
        assert!(!found.is_empty());
        for (index, address) in found.iter().enumerate() {
            assert!(address.ip().is_loopback());
            assert!(!found[..index].contains(address), "{found:?}");
        }
        assert!(matches!(resolve("", 5), Err(LookupError::NoAddress { .. })));
    }
}
