//! How evenly the services are probed, that were all registered at once.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::{Served, exchange};
use crate::platform::child::Given;

/// How long the moments are that probes are counted in.
const MOMENT: Duration = Duration::from_millis(100);

/// When each probe came, since the first service was to be registered.
struct Probed {
    address: SocketAddr,
    at: Arc<Mutex<Vec<Duration>>>,
    is_over: Arc<AtomicBool>,
}

/// Prints how many probes come in the busiest moment, and how many on the average.
pub fn measure(quick: bool) -> io::Result<()> {
    let (services, interval, rounds) = if quick { (500, 5, 2) } else { (5_000, 30, 2) };
    let begin = Instant::now();
    let probed = Probed::listen(begin)?;
    let folder = tempfile::tempdir()?;
    let served = Served::start(Given::default(), folder.path())?;
    let mut asking = served.connect()?;
    let place = probed.address;
    let lines: String = (0..services)
        .map(|number| {
            format!(
                "register service-{number} {place} ttl=86400 probe=connect interval={interval}\n"
            )
        })
        .collect();
    exchange(&mut asking, &lines, services)?;
    let registered = begin.elapsed();
    // The first round is from when they are registered on.
    let length = Duration::from_secs(interval) * rounds;
    thread::sleep(length);
    let used = served.process.processor_time()?;
    probed.is_over.store(true, Ordering::Relaxed);
    let at = probed.at.lock().unwrap_or_else(|error| error.into_inner());
    let mut moments = vec![0_usize; (length.as_millis() / MOMENT.as_millis()) as usize];
    for moment in at.iter().filter_map(|at| at.checked_sub(registered)) {
        let index = (moment.as_millis() / MOMENT.as_millis()) as usize;
        if let Some(count) = moments.get_mut(index) {
            *count += 1;
        }
    }
    let all: usize = moments.iter().sum();
    println!(
        "{services} services registered within {:.1} s, each probed every {interval} s; {} s watched",
        registered.as_secs_f64(),
        length.as_secs()
    );
    println!(
        "{all} probes; in {} ms {:.1} on the average and {} at the most; {:.0} µs of processor time each",
        MOMENT.as_millis(),
        all as f64 / moments.len() as f64,
        moments.iter().max().copied().unwrap_or(0),
        used.as_secs_f64() * 1e6 / all.max(1) as f64
    );
    Ok(())
}

impl Probed {
    /// A service that is there, and notes when it is probed.
    fn listen(begin: Instant) -> io::Result<Probed> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let probed = Probed {
            address: listener.local_addr()?,
            at: Arc::default(),
            is_over: Arc::default(),
        };
        let (at, is_over) = (Arc::clone(&probed.at), Arc::clone(&probed.is_over));
        thread::spawn(move || {
            while !is_over.load(Ordering::Relaxed) && listener.accept().is_ok() {
                let mut at = at.lock().unwrap_or_else(|error| error.into_inner());
                at.push(begin.elapsed());
            }
        });
        Ok(probed)
    }
}
