//! One control connection of the small server.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use lariat_protocol::ftp::{
    Command, Features, Moment, Text, print_extended_passive, print_facts, print_passive,
    print_quoted, print_unix,
};

use super::tree::{Tree, resolve};
use super::{CLOCK, Fault, PATIENCE, Shared};

/// The time between two bytes of what drips.
const DRIP: Duration = Duration::from_millis(20);

/// How the next data connection comes about.
enum Route {
    Listening(TcpListener),
    To(SocketAddr),
}

pub(super) struct Session {
    input: BufReader<TcpStream>,
    output: TcpStream,
    shared: Arc<Shared>,
    here: String,
    user: String,
    is_in: bool,
    route: Option<Route>,
    offset: usize,
    renaming: Option<String>,
    /// A data connection on which nothing more happens.
    stalled: Option<TcpStream>,
    unique: u32,
}

impl Session {
    pub(super) fn open(stream: TcpStream, shared: Arc<Shared>) -> io::Result<Self> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Session {
            input: BufReader::new(stream.try_clone()?),
            output: stream,
            shared,
            here: String::new(),
            user: String::new(),
            is_in: false,
            route: None,
            offset: 0,
            renaming: None,
            stalled: None,
            unique: 0,
        })
    }

    pub(super) fn run(mut self) -> io::Result<()> {
        match self.shared.fault("") {
            Some(Fault::Says(bytes)) => self.output.write_all(&bytes)?,
            Some(Fault::HangsUp) => return Ok(()),
            Some(_) => {}
            None => self.say(220, "A server for tests.")?,
        }
        let mut line = String::new();
        loop {
            line.clear();
            if self.input.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let line = line.trim_end_matches(['\r', '\n']);
            let command = match Command::parse(line) {
                Ok(command) => command,
                Err(error) => {
                    self.shared.hear(line);
                    self.say(500, &error.to_string())?;
                    continue;
                }
            };
            // Before anybody hears of the command: who waits for it takes the next one.
            let ordered = self.shared.fault(command.verb());
            self.shared.hear(line);
            let fault = match ordered {
                Some(Fault::Awaits(verb, times)) => {
                    self.shared.wait_for(verb, times);
                    None
                }
                Some(Fault::SaysBehind(verb, times, bytes)) => {
                    self.shared.wait_for(verb, times);
                    Some(Fault::Says(bytes))
                }
                fault => fault,
            };
            match fault {
                Some(Fault::Says(bytes)) => self.output.write_all(&bytes)?,
                Some(Fault::Silent) => {}
                Some(Fault::HangsUp) => return Ok(()),
                fault if command.is_transfer() => self.transfer(command, fault)?,
                _ if command == Command::Quit => return self.say(221, "Bye."),
                _ => self.answer(command)?,
            }
        }
    }

    fn say(&mut self, code: u16, text: &str) -> io::Result<()> {
        self.output
            .write_all(format!("{code} {text}\r\n").as_bytes())
    }

    fn path(&self, text: &Text) -> String {
        resolve(&self.here, text.as_str())
    }

    fn answer(&mut self, command: Command) -> io::Result<()> {
        match command {
            Command::User(name) => {
                self.user = name.to_string();
                self.say(331, "Say the password.")
            }
            Command::Pass(password) => {
                self.is_in = match self.user.as_str() {
                    "anonymous" => true,
                    "anna" => password.as_str() == "swordfish",
                    _ => false,
                };
                match self.is_in {
                    true => self.say(230, "Come in."),
                    false => self.say(530, "Login incorrect."),
                }
            }
            Command::Feat => {
                let features = self
                    .shared
                    .features
                    .lock()
                    .map_err(|_| io::ErrorKind::Other)?
                    .clone();
                match Features::reply(&features) {
                    Ok(reply) => self.output.write_all(reply.to_string().as_bytes()),
                    Err(error) => self.say(500, &error.to_string()),
                }
            }
            _ if !self.is_in => self.say(530, "Log in first."),
            Command::Pwd => {
                let here = if self.here.is_empty() {
                    "/"
                } else {
                    &self.here
                };
                let text = format!("{} is here.", print_quoted(here));
                self.say(257, &text)
            }
            Command::Syst => self.say(215, "UNIX Type: L8"),
            Command::Type(_) | Command::Opts(_) | Command::Noop => self.say(200, "Yes."),
            Command::Abor => {
                if self.stalled.take().is_some() {
                    self.say(426, "Broken off.")?;
                }
                self.say(226, "As you wish.")
            }
            Command::Rest(offset) => {
                self.offset = usize::try_from(offset).unwrap_or(usize::MAX);
                self.say(350, "From there.")
            }
            Command::Epsv(_) | Command::Pasv | Command::Port(_) | Command::Eprt(_) => {
                self.set_route(command)
            }
            command => self.change(command),
        }
    }

    fn set_route(&mut self, command: Command) -> io::Result<()> {
        match command {
            Command::Port(address) => self.route = Some(Route::To(address.into())),
            Command::Eprt(address) => self.route = Some(Route::To(address)),
            _ => {
                let own = self.output.local_addr()?.ip();
                let listener = TcpListener::bind((own, 0))?;
                let port = listener.local_addr()?.port();
                self.route = Some(Route::Listening(listener));
                return match command {
                    // An address that is not this machine's, which nobody is to believe.
                    Command::Pasv => {
                        let elsewhere = SocketAddrV4::new([192, 0, 2, 1].into(), port);
                        self.say(227, &print_passive(elsewhere))
                    }
                    _ => self.say(229, &print_extended_passive(port)),
                };
            }
        }
        self.say(200, "There.")
    }

    /// What looks at the files, or changes them.
    fn change(&mut self, command: Command) -> io::Result<()> {
        let shared = Arc::clone(&self.shared);
        let mut tree = shared.tree();
        let done = match &command {
            Command::Cwd(path) => {
                let path = self.path(path);
                let is_there = tree.is_folder(&path);
                if is_there {
                    self.here = path;
                }
                is_there
            }
            Command::Cdup => {
                self.here = resolve(&self.here, "..");
                true
            }
            Command::Size(path) => match tree.file(&self.path(path)) {
                Some(file) => return self.say(213, &file.content.len().to_string()),
                None => false,
            },
            Command::Mdtm(path) => match tree.file(&self.path(path)) {
                Some(file) => return self.say(213, &file.changed.to_string()),
                None => self.set_changed(&mut tree, path.as_str()),
            },
            Command::Mfmt(moment, path) => match tree.file_mut(&self.path(path)) {
                Some(file) => {
                    file.changed = *moment;
                    return self.say(213, &format!("Modify={moment}; {path}"));
                }
                None => false,
            },
            Command::Mkd(path) => {
                let path = self.path(path);
                if tree.make_folder(&path) {
                    let text = format!("{} is made.", print_quoted(&path));
                    return self.say(257, &text);
                }
                false
            }
            Command::Rmd(path) => tree.remove_folder(&self.path(path)),
            Command::Dele(path) => tree.remove(&self.path(path)),
            Command::Rnfr(path) => {
                let path = self.path(path);
                if tree.file(&path).is_some() {
                    self.renaming = Some(path);
                    return self.say(350, "To what?");
                }
                false
            }
            Command::Rnto(path) => {
                let to = self.path(path);
                self.renaming
                    .take()
                    .is_some_and(|from| tree.rename(&from, &to))
            }
            _ => return self.say(502, "Not here."),
        };
        match done {
            true => self.say(250, "Done."),
            false => self.say(550, "No such file or folder."),
        }
    }

    /// `MDTM TIME FILE`, which sets the time, as vsftpd has it.
    fn set_changed(&self, tree: &mut Tree, text: &str) -> bool {
        let Some((moment, path)) = text.split_once(' ') else {
            return false;
        };
        let file = tree.file_mut(&resolve(&self.here, path));
        match (file, moment.parse()) {
            (Some(file), Ok(moment)) => {
                file.changed = moment;
                true
            }
            _ => false,
        }
    }

    fn transfer(&mut self, command: Command, fault: Option<Fault>) -> io::Result<()> {
        if !self.is_in {
            return self.say(530, "Log in first.");
        }
        let offset = std::mem::take(&mut self.offset);
        let Some(route) = self.route.take() else {
            return self.say(425, "Say PASV first.");
        };
        let sent = match &command {
            Command::Stor(_) | Command::Appe(_) | Command::Stou(_) => None,
            _ => match self.content(&command, &fault) {
                Some(content) => Some(content),
                None => return self.say(550, "No such file or folder."),
            },
        };
        let name = match &command {
            Command::Stor(path) | Command::Appe(path) => self.path(path),
            _ => {
                self.unique += 1;
                resolve(&self.here, &format!("unique.{}", self.unique))
            }
        };
        match command {
            Command::Stou(_) => {
                self.say(150, &format!("FILE: {}", name.trim_start_matches('/')))?
            }
            _ => self.say(150, "It begins.")?,
        }
        if fault == Some(Fault::NeverConnects) {
            return Ok(());
        }
        let data = match route {
            Route::Listening(listener) => listener.accept()?.0,
            Route::To(address) => TcpStream::connect(address)?,
        };
        match sent {
            Some(content) => self.send(data, content.get(offset..).unwrap_or_default(), fault),
            None => self.take(data, &command, &name, offset, fault),
        }
    }

    fn send(
        &mut self,
        mut data: TcpStream,
        content: &[u8],
        fault: Option<Fault>,
    ) -> io::Result<()> {
        let so_many = |count: usize| &content[..count.min(content.len())];
        match fault {
            Some(Fault::Cuts(count)) => {
                data.write_all(so_many(count))?;
                drop(data);
                self.say(426, "It broke.")
            }
            Some(Fault::BreaksOff(count)) => {
                data.write_all(so_many(count))?;
                Err(io::ErrorKind::ConnectionAborted.into())
            }
            Some(Fault::Stalls(count)) => {
                data.write_all(so_many(count))?;
                self.stalled = Some(data);
                Ok(())
            }
            Some(Fault::Drips) => {
                while data.write_all(b"x").is_ok() {
                    thread::sleep(DRIP);
                }
                drop(data);
                self.say(426, "It broke.")
            }
            Some(Fault::Endless) => {
                while data.write_all(&[b'x'; 4096]).is_ok() {}
                drop(data);
                self.say(426, "It broke.")
            }
            _ => {
                let written = data.write_all(content);
                drop(data);
                match written {
                    Ok(()) => self.say(226, "All of it."),
                    // Whoever has enough closes, and goes on to talk.
                    Err(_) => self.say(426, "Broken off."),
                }
            }
        }
    }

    fn take(
        &mut self,
        mut data: TcpStream,
        command: &Command,
        name: &str,
        offset: usize,
        fault: Option<Fault>,
    ) -> io::Result<()> {
        let mut content = Vec::new();
        let mut is_ended = true;
        if let Some(Fault::Cuts(count) | Fault::BreaksOff(count) | Fault::Stalls(count)) = fault {
            Read::by_ref(&mut data)
                .take(count as u64)
                .read_to_end(&mut content)?;
        } else {
            // What came before a reset is kept, as by other servers.
            is_ended = data.read_to_end(&mut content).is_ok();
        }
        let mut tree = self.shared.tree();
        let before = tree
            .file(name)
            .map(|file| file.content.clone())
            .unwrap_or_default();
        let kept = match command {
            Command::Appe(_) => &before[..],
            _ => &before[..offset.min(before.len())],
        };
        let whole = [kept, &content[..]].concat();
        tree.put(name, whole, self.shared.now());
        drop(tree);
        match fault {
            Some(Fault::Cuts(_)) => {
                drop(data);
                self.say(452, "The disk is full.")
            }
            Some(Fault::BreaksOff(_)) => Err(io::ErrorKind::ConnectionAborted.into()),
            Some(Fault::Stalls(_)) => {
                self.stalled = Some(data);
                Ok(())
            }
            _ if !is_ended => self.say(426, "Broken off."),
            _ => self.say(226, "All of it."),
        }
    }

    /// What a command brings, if it is there.
    fn content(&self, command: &Command, fault: &Option<Fault>) -> Option<Vec<u8>> {
        let tree = self.shared.tree();
        if let Some(Fault::Lists(path)) = fault {
            return tree.file(path).map(|file| file.content.clone());
        }
        let folder = |path: &Option<Text>| match path {
            Some(path) => self.path(path),
            None => self.here.clone(),
        };
        let lines = |path: &Option<Text>,
                     print: &dyn Fn(&lariat_protocol::ftp::Entry) -> String| {
            let folder = folder(path);
            tree.is_folder(&folder).then(|| {
                let entries = tree.entries(&folder);
                entries
                    .iter()
                    .map(|entry| print(entry) + "\r\n")
                    .collect::<String>()
                    .into_bytes()
            })
        };
        let now = Moment::from_seconds(CLOCK);
        match command {
            Command::Retr(path) => tree.file(&self.path(path)).map(|file| file.content.clone()),
            Command::Nlst(path) => lines(path, &|entry| entry.name.clone()),
            Command::Mlsd(path) => lines(path, &print_facts),
            Command::List(path) => lines(path, &|entry| print_unix(entry, "ftp", "ftp", now)),
            _ => None,
        }
    }
}
