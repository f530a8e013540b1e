//! What a user does, and what AWS and Kubernetes hold afterwards: on a real API server, under the
//! shipped role, against LocalStack.
//!
//! Every test has a namespace, names in AWS, a proxy and an operator of its own, so that they run
//! side by side on one rig. They wait on events (a watch, the proxy's record of calls), never on the
//! clock.

// A test that cannot go on says why and fails.
#![allow(clippy::expect_used, clippy::panic)]
// Tests may be as large as they like.
#![allow(
    clippy::large_futures,
    clippy::too_many_lines,
    clippy::match_wild_err_arm,
    clippy::redundant_closure_for_method_calls
)]

mod audit;
mod aws;
mod blocks;
mod examples;
mod http;
mod operator;
#[path = "../strict_aws/mod.rs"]
#[allow(dead_code, unused_imports, reason = "tests/aws_rules uses the rest")]
mod proxy;
#[path = "../support/mod.rs"]
mod support;
mod world;

mod admission;
mod application;
mod bucket_blocks;
mod buckets;
mod budgets;
mod claims;
mod conformance;
mod connections;
mod crashes;
mod deletion;
mod disruption;
mod errors;
mod every_field;
mod failures;
mod gitops;
mod hostile;
mod iam;
mod lanes;
mod leaders;
mod load;
mod off_values;
mod outages;
mod ownership;
mod pages;
mod policies;
mod references;
mod refusals;
mod regions;
mod role;
mod steady;
mod strict;
mod table_updates;
mod tables;
mod upgrade;

use support::rig;
