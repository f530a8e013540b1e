//! The proof: the real `decide`, `plan`, reconciler shell, controller, queue and intake against a model
//! of AWS and an API server in memory, with virtual time, and with everything going wrong that can be
//! listed.
//!
//! | where | what |
//! | --- | --- |
//! | [`world`] | one world: both sides, the clock, the record of calls |
//! | [`apiserver`] | the API server, behind the real kube client |
//! | [`cloud`] | AWS, behind the trait of a kind |
//! | [`process`] | the operator as a process that can die, be stopped, or see the past |
//! | [`workloads`] | what users and others do |
//! | [`simulated`] | the kinds that they are about |
//! | [`disturbance`] | what goes wrong |
//! | [`invariants`], [`run`] | what must hold at every moment, and at the end |
//! | [`expansion`] | from any table to any other, one step after another |
//! | [`race`] | several objects that want one name, call by call |
//! | [`conformance`] | the model held against LocalStack |
//! | [`growth`] | what thinking about long lists costs |
//! | [`never_shown`] | writes that AWS accepts and never shows |
//! | [`later`] | what AWS does to a table after it has answered |
//! | [`families`] | which runs there are: enumerated, not sampled |
//!
//! A run that fails prints its line. `MUSUBI_SIMULATE='B2 crash-after@7' cargo test --lib
//! simulation::families::replay -- --nocapture` runs it again and prints every call.

mod apiserver;
mod cloud;
mod conformance;
mod disturbance;
mod expansion;
mod families;
mod growth;
mod invariants;
mod later;
mod never_shown;
mod process;
mod race;
mod run;
mod simulated;
mod workloads;
mod world;
