//! The client for programs without a runtime: each step is waited for where it stands.

use http::{Request, Response};
use tokio::runtime::{self, Runtime};

use super::{Body, Client, Error};

/// A [`Client`] with a runtime of its own, on the thread that asks.
///
/// ```no_run
/// use lariat_client::http::{Blocking, Body, Client, address};
///
/// # fn f() -> Result<(), Box<dyn std::error::Error>> {
/// let client = Blocking::new(Client::builder().build()?)?;
/// let request = http::Request::get(address("https://example.org/")?).body(Body::empty())?;
/// let response = client.send(request)?;
/// let page = client.wait(response.into_body().text(1 << 20))?;
/// println!("{page}");
/// # Ok(()) }
/// ```
pub struct Blocking {
    client: Client,
    runtime: Runtime,
}

impl Blocking {
    /// Gives a client a runtime. Not to be called where one runs already, which has the client itself.
    ///
    /// # Errors
    ///
    /// When the system gives no runtime.
    pub fn new(client: Client) -> Result<Self, Error> {
        let built = runtime::Builder::new_current_thread().enable_all().build();
        let runtime = built.map_err(lariat_net::Error::Start)?;
        Ok(Blocking { client, runtime })
    }

    /// The client, for what takes one, as a [`Download`](super::Download) does.
    ///
    /// ```no_run
    /// use lariat_client::http::{Blocking, Client, Download, address};
    ///
    /// # fn f() -> Result<(), Box<dyn std::error::Error>> {
    /// let web = Blocking::new(Client::builder().build()?)?;
    /// let file = Download::into_folder(address("https://example.org/pub/large.iso")?, "isos");
    /// let done = web.wait(file.run(web.client(), |_| {}))?;
    /// println!("{}: {} bytes", done.path.display(), done.bytes);
    /// # Ok(()) }
    /// ```
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Sends a request, as [`Client::send`] does.
    ///
    /// # Errors
    ///
    /// As [`Client::send`].
    pub fn send(&self, request: Request<Body>) -> Result<Response<Body>, Error> {
        self.wait(async {
            // Nothing has run since the last step. First the system is asked what has come meanwhile, and then
            // each connection sees to it: one that its server has closed is not taken for this request.
            for _ in 0..2 {
                tokio::task::yield_now().await;
            }
            self.client.send(request).await
        })
    }

    /// Takes a step, or several, and waits for it: mostly what reads an answer's body.
    pub fn wait<T>(&self, step: impl Future<Output = T>) -> T {
        self.runtime.block_on(step)
    }
}
