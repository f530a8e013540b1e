//! What somebody reads who has the rules looked up in AWS.

use std::time::Instant;

use crate::{
    account::Asked,
    bench::Bench,
    probe::{self, Finding, OnAws, Probe},
    probes,
    proxy::rules::entry,
};

/// What is going to happen.
pub fn beforehand(asked: &Asked, bench: &Bench) -> String {
    let probes = probes::all();
    let asks = probes.iter().filter(|probe| matches!(probe.on_aws, OnAws::Probed)).count();
    format!(
        "Account {}, region {}. {asks} of {} rules are probed, which takes up to an hour.\n\
         Makes about 15 buckets and 15 tables, all called {}-..., and deletes them: no objects, no items. One empty \
         bucket has a policy for a moment that lets everybody read. One table has its warm throughput raised by one \
         unit, two have 1 read and 1 write unit for minutes. All of it costs less than 0.10 USD.\n\
         If this is killed, delete what is called {}-... by hand.",
        asked.account,
        bench.region,
        probes.len(),
        asked.prefix,
        asked.prefix
    )
}

/// One rule: kept or not, and what AWS said.
pub async fn line(probe: &Probe, bench: &Bench) -> String {
    let rule = probe.rule;
    if let OnAws::Not(why) = probe.on_aws {
        return format!("not probed   {rule:?}: {why}");
    }
    let began = Instant::now();
    let outcome = probe::run(probe, bench).await;
    let time = began.elapsed().as_secs();
    match outcome {
        Ok(Finding::Kept) => format!("kept         {rule:?} ({time} s)"),
        Ok(Finding::NotKept(what)) => {
            format!("NOT KEPT     {rule:?} ({time} s): {what}. The rule: {}", entry(rule).says)
        }
        Err(why) => format!("unclear      {rule:?} ({time} s): {why}"),
    }
}

/// What took how long, and what is left.
pub fn afterwards(bench: &Bench, left: &[String]) -> String {
    let spread = bench.spread();
    let times: Vec<String> =
        spread.iter().map(|(what, time)| format!("  {what}: {:.1} s", time.as_secs_f64())).collect();
    let left = if left.is_empty() { "Nothing is left.".to_owned() } else { format!("LEFT OVER: {}", left.join(", ")) };
    format!("Took to spread:\n{}\n{left}", times.join("\n"))
}
