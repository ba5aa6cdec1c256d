//! A calculator by lines, as a table of routes: which pattern leads to which function. It teaches that a
//! line protocol without a memory needs no parser: the patterns say what a line may be, and their groups what is
//! in it.
//!
//! `cargo run -p lariat --example routes` listens on port 7000; another endpoint may be given. Ask it
//! `2 + 3` with `lariat connect localhost:7000`.

use std::error::Error;

use lariat::Reactor;
use lariat::routes::{Reply, Routed, Routes};

/// An error becomes an error line, and the conversation goes on.
fn calculate(line: &Routed<'_>) -> Result<String, Box<dyn Error>> {
    let (a, b): (i64, i64) = (line["a"].parse()?, line["b"].parse()?);
    let result = match &line["sign"] {
        "+" => a.checked_add(b),
        "-" => a.checked_sub(b),
        "*" => a.checked_mul(b),
        _ => a.checked_div(b),
    };
    Ok(result.ok_or("there is no such number")?.to_string())
}

fn sum(line: &Routed<'_>) -> Result<String, Box<dyn Error>> {
    let mut sum = 0_i64;
    for number in line["numbers"].split_whitespace() {
        sum = sum
            .checked_add(number.parse()?)
            .ok_or("the sum is too large")?;
    }
    Ok(sum.to_string())
}

fn main() -> Result<(), Box<dyn Error>> {
    let routes = Routes::builder()
        .route(r"(?P<a>-?\d+) *(?P<sign>[-+*/]) *(?P<b>-?\d+)", calculate)
        .usage("NUMBER [+-*/] NUMBER")
        .route(r"sum(?P<numbers>( -?\d+)*)", sum)
        .usage("sum NUMBER...")
        .route("signs", |_| Reply::lines(["+", "-", "*", "/"]))
        .route("quit|bye", |_| Reply::line("bye").and_end())
        .usage("quit")
        .build()?;

    let endpoint = std::env::args().nth(1);
    let endpoint = endpoint.unwrap_or_else(|| "tcp://localhost:7000".into());
    let reactor = Reactor::builder().build()?;
    let listening = reactor.listen(endpoint, routes)?;
    for endpoint in listening.endpoints() {
        println!("listening on {endpoint}");
    }
    reactor.run();
    Ok(())
}
