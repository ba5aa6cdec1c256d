//! Who logs in on an FTP server.

use lariat_client::ftp::{ANONYMOUS, Login};

use crate::failure::Failure;
use crate::login::{netrc, secret, variable};

/// The environment's variable with the password.
const VARIABLE: &str = "LARIAT_FTP_PASSWORD";

/// The environment's variable with the account, which other users do not see as they see arguments.
const ACCOUNT: &str = "LARIAT_FTP_ACCOUNT";

/// Who is to log in on a host: whom the command names, else whom `~/.netrc` does, else anybody.
///
/// # Errors
///
/// When a password is needed and there is nobody to ask.
pub async fn login(
    host: &str,
    user: Option<&str>,
    account: Option<String>,
) -> Result<Login, Failure> {
    let known = netrc::entry(host, user)?;
    let mut login = match (user, known) {
        (None | Some(ANONYMOUS), None) => Login::default(),
        (Some(user), None) => Login::new(user, asked(user, host).await?),
        (user, Some(known)) => {
            let user = known.user.as_deref().or(user).unwrap_or(ANONYMOUS);
            let password = match (known.password.is_empty(), user) {
                (false, _) => known.password,
                (true, ANONYMOUS) => Login::default().password,
                (true, user) => asked(user, host).await?,
            };
            Login {
                account: known.account,
                ..Login::new(user, password)
            }
        }
    };
    if let Some(password) = variable(VARIABLE).filter(|_| login.user != ANONYMOUS) {
        login.password = password;
    }
    login.account = account.or_else(|| variable(ACCOUNT)).or(login.account);
    Ok(login)
}

/// The password that nobody has written down.
async fn asked(user: &str, host: &str) -> Result<String, Failure> {
    let what = format!("password of {user} on {host}");
    secret(&what, VARIABLE, " or ~/.netrc").await
}
