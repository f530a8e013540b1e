//! Does an endpoint keep AWS's rules? A probe for each rule of `tests/strict_aws/`: a few signed calls whose answers
//! show it.
//!
//! `cargo test --test aws_rules` asks LocalStack behind the strict proxy, with each rule kept and then without it, so
//! that rules and probes are tested by each other. With `MUSUBI_VERIFY_AWS=1` the same probes ask AWS instead, in an
//! account of one's own: see CONTRIBUTING.md, and `account.rs` for what stands between this and an account that
//! nobody meant.

// A test that cannot go on says why and fails.
#![allow(clippy::expect_used, clippy::panic)]
#![allow(clippy::large_futures, clippy::too_many_lines)]

#[path = "../strict_aws/mod.rs"]
#[allow(dead_code, unused_imports, reason = "tests/integration uses the rest")]
mod proxy;
#[path = "../support/mod.rs"]
mod support;

mod account;
mod bench;
mod endpoints;
mod probe;
mod probes;
mod pure;
mod report;

use std::{collections::BTreeSet, sync::Arc};

use futures::{FutureExt as _, StreamExt as _, stream};

use bench::Bench;
use probe::{Finding, Here, Outcome, Probe};
use proxy::{Proxy, rules::entries};
use support::rig::Rig;

#[test]
fn every_rule_is_described_once_and_has_one_probe() {
    let described: Vec<_> = entries().map(|entry| entry.rule).collect();
    let probed: Vec<_> = probes::all().iter().map(|probe| probe.rule).collect();
    let (once, set): (BTreeSet<_>, BTreeSet<_>) = (described.iter().collect(), probed.iter().collect());
    assert_eq!((once.len(), set.len()), (described.len(), probed.len()), "none is there twice");
    assert_eq!(once, set);
    for entry in entries() {
        assert!(entry.says.ends_with('.') && !entry.source.is_empty(), "{:?}", entry.rule);
    }
}

/// A probe of the proxy, with all rules but perhaps its own. LocalStack answers InternalFailure now and then under load,
/// by which no rule is told: then the probe is made again.
async fn probed(probe: &Probe, kept: bool) -> Outcome {
    const TRIES: usize = 4;
    let mut outcome = probed_once(probe, kept).await;
    for _ in 1..TRIES {
        if !format!("{outcome:?}").contains("InternalFailure") {
            break;
        }
        outcome = probed_once(probe, kept).await;
    }
    outcome
}

async fn probed_once(probe: &Probe, kept: bool) -> Outcome {
    let endpoint = Rig::shared().get("AWS_ENDPOINT_URL");
    let proxy = Proxy::start(endpoint).await;
    if !kept {
        proxy.without(probe.rule);
    }
    let bench = Bench::local(proxy).expect("the proxy is on this machine");
    let outcome = probe::run(probe, &bench).await;
    bench.clean().await;
    outcome
}

fn against(probe: &Probe, kept: &Outcome, without: &Outcome) -> Option<String> {
    let right = match probe.here {
        Here::Proxy => matches!((kept, without), (Ok(Finding::Kept), Ok(Finding::NotKept(_)))),
        Here::LocalStack => matches!((kept, without), (Ok(Finding::Kept), Ok(Finding::Kept))),
        Here::ProxyAlone => matches!(kept, Ok(Finding::Kept)),
    };
    (!right).then(|| format!("{:?}: with the rule {kept:?}, without it {without:?}", probe.rule))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_probe_tells_an_aws_that_keeps_its_rule_from_one_that_does_not() {
    if account::asked().expect("a request for AWS that is whole").is_some() {
        println!("not run: AWS is asked for");
        return;
    }
    let probes = probes::all();
    let found = stream::iter(&probes).map(|probe| async move {
        let kept = probed(probe, true).await;
        let asks = probe.here != Here::ProxyAlone;
        let without = if asks { probed(probe, false).await } else { Err("not asked".to_owned()) };
        against(probe, &kept, &without)
    });
    let wrong: Vec<String> = found.buffer_unordered(4).filter_map(std::future::ready).collect().await;
    assert!(wrong.is_empty(), "{} of {} probes are wrong:\n{}", wrong.len(), probes.len(), wrong.join("\n"));
    println!("{} rules, each with its probe", probes.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn aws_keeps_the_rules_that_are_kept_here() {
    let Some(asked) = account::asked().expect("a request for AWS that is whole") else {
        println!("not run: MUSUBI_VERIFY_AWS is not set, and nothing but this machine is asked");
        return;
    };
    let bench = Arc::new(Bench::aws(&asked).await.expect("the account that was named"));
    println!("{}", report::beforehand(&asked, &bench));
    let mut lines = Vec::new();
    for probe in probes::all() {
        let line = report::line(&probe, &bench).await;
        println!("{line}");
        lines.push(line);
    }
    let left = std::panic::AssertUnwindSafe(bench.clean()).catch_unwind().await.unwrap_or_default();
    println!("{}", report::afterwards(&bench, &left));
    assert!(left.is_empty(), "delete by hand: {left:?}");
}
