//! The macro that makes both sides of a trait whose methods are called from elsewhere.

/// Makes a trait whose methods can be called from the other side of a connection, and the client
/// that calls them.
///
/// ```
/// use lariat_protocol::call::Context;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, Serialize, Deserialize, thiserror::Error)]
/// pub enum Denied {
///     #[error("there is no {0}")]
///     Unknown(String),
/// }
///
/// lariat_protocol::remote! {
///     /// Doors that are opened from afar.
///     pub trait Doors, client DoorsClient {
///         /// Opens a door, and says how often that was done.
///         async fn open(name: String) -> Result<u32, Denied>;
///     }
/// }
///
/// struct House;
///
/// impl Doors for House {
///     async fn open(&self, context: Context, name: String) -> Result<u32, Denied> {
///         println!("{} opens {name}", context.peer());
///         Err(Denied::Unknown(name))
///     }
/// }
///
/// async fn open_the_gate(doors: &DoorsClient) {
///     match doors.open("gate".into()).await {
///         Ok(times) => println!("open, for the {times}th time"),
///         Err(failure) => println!("closed: {failure}"),
///     }
/// }
/// # let _ = (DoorsClient::methods(House), open_the_gate);
/// ```
///
/// What comes of it:
///
/// - The trait, whose methods have `&self` and a [`Context`](crate::call::Context) before their
///   arguments. They are async, and each call is run by itself; `self` is shared by all of them.
/// - The client, with the same methods but for the context. They fail with a
///   [`CallFailure`](crate::call::CallFailure) of the method's error. `new` takes the
///   [`Caller`](crate::call::Caller) of a connection, `within` limits the time of each call, and
///   a call whose future is dropped is cancelled.
/// - `methods`, a function of the client's that takes something with the trait and gives its
///   [`Methods`](crate::call::Methods), to be served.
///
/// Each method gives a `Result`, since no call is sure to succeed. Arguments and results are
/// [`serde`](https://serde.rs)'s `Serialize` and `DeserializeOwned`, errors `Display` as well. A
/// method is called by its name, and its arguments by position or by name: to add one that is an
/// `Option`, at the end, breaks no client.
#[macro_export]
macro_rules! remote {
    (
        $(#[$about:meta])*
        $visible:vis trait $Trait:ident, client $Client:ident {
            $(
                $(#[$about_method:meta])*
                async fn $method:ident(
                    $($argument:ident: $Argument:ty),* $(,)?
                ) -> Result<$Result:ty, $Error:ty>;
            )*
        }
    ) => {
        $(#[$about])*
        $visible trait $Trait: Send + Sync + 'static {
            $(
                $(#[$about_method])*
                fn $method(
                    &self,
                    context: $crate::call::Context,
                    $($argument: $Argument),*
                ) -> impl ::core::future::Future<
                    Output = ::core::result::Result<$Result, $Error>
                > + Send;
            )*
        }

        #[doc = concat!(
            "Calls the methods of a [`", stringify!($Trait), "`] at the other side of a connection."
        )]
        #[derive(Clone, Debug)]
        $visible struct $Client($crate::call::Caller);

        impl $Client {
            /// A client that calls over this connection.
            pub fn new(caller: $crate::call::Caller) -> Self {
                $Client(caller)
            }

            /// The same, for calls that may take so long each.
            pub fn within(&self, timeout: ::core::time::Duration) -> Self {
                $Client(self.0.within(timeout))
            }

            /// What it calls by.
            pub fn caller(&self) -> &$crate::call::Caller {
                &self.0
            }

            /// The methods of something that has them, for the other side to call.
            pub fn methods<T: $Trait>(target: T) -> $crate::call::Exposed<Self, T> {
                $crate::call::Exposed::new(::std::sync::Arc::new(target))
            }

            $(
                $(#[$about_method])*
                ///
                /// # Errors
                ///
                /// The method's own, or that it could not be called.
                pub async fn $method(
                    &self,
                    $($argument: $Argument),*
                ) -> ::core::result::Result<$Result, $crate::call::CallFailure<$Error>> {
                    let arguments = ($(&$argument,)*);
                    self.0.call_typed(stringify!($method), arguments).await
                }
            )*
        }

        impl<T: $Trait> $crate::call::Dispatch<T> for $Client {
            const NAMES: &'static [&'static str] = &[$(stringify!($method)),*];

            fn dispatch(
                target: &::std::sync::Arc<T>,
                method: &str,
                params: ::core::option::Option<&$crate::call::RawValue>,
                context: $crate::call::Context,
            ) -> ::core::result::Result<
                ::core::option::Option<$crate::call::Working>,
                $crate::call::CallError,
            > {
                match method {
                    $(
                        stringify!($method) => {
                            let names = &[$(stringify!($argument)),*];
                            #[allow(unused, reason = "there may be no arguments to take")]
                            let mut arguments = $crate::call::Arguments::read(params, names)?;
                            $(let $argument: $Argument = arguments.take()?;)*
                            let target = ::std::sync::Arc::clone(target);
                            Ok(Some($crate::call::working(async move {
                                target.$method(context, $($argument),*).await
                            })))
                        }
                    )*
                    _ => Ok(None),
                }
            }
        }
    };
}
