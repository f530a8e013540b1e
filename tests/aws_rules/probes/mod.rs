//! The probes, one for each rule.

mod buckets;
mod configuration;
mod indexes;
mod policies;
mod reports;
mod tables;
mod tags;
mod waits;

use crate::{
    bench::Bench,
    probe::{Here, OnAws, Probe, Reconciliation},
    proxy::Rule,
};

const fn probe(rule: Rule, run: for<'a> fn(&'a Bench) -> Reconciliation<'a>) -> Probe {
    Probe { rule, here: Here::Proxy, on_aws: OnAws::Probed, run }
}

impl Probe {
    /// LocalStack keeps the rule by itself.
    const fn kept_by_localstack(mut self) -> Self {
        self.here = Here::LocalStack;
        self
    }

    /// LocalStack is not asked without the rule, since it does not answer.
    const fn localstack_hangs(mut self) -> Self {
        self.here = Here::ProxyAlone;
        self
    }

    /// AWS is not asked, for this reason.
    const fn not_on_aws(mut self, why: &'static str) -> Self {
        self.on_aws = OnAws::Not(why);
        self
    }
}

pub fn all() -> Vec<Probe> {
    let areas: [fn() -> Vec<Probe>; 8] = [
        buckets::all,
        tags::all,
        policies::all,
        configuration::all,
        tables::all,
        waits::all,
        indexes::all,
        reports::all,
    ];
    areas.into_iter().flat_map(|area| area()).collect()
}
