use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    api::{Impact, TableSpec},
    aws::{code, error_of, policy_document},
    managed::{block::Block, error::Error},
};

use super::{Operation, Setting, Tables, Target, on_table};

/// `resourcePolicy`: who may use the table, compared as IAM means it.
pub(crate) struct ResourcePolicyBlock;

/// The resource policy.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Policy {
    /// Its text, if there is one.
    pub text: Option<String>,
    /// What a change must name, so that it overwrites nobody else's.
    pub revision: Option<String>,
}

/// What ExpectedRevisionId says where there should be no policy yet.
const NO_POLICY: &str = "NO_POLICY";

impl Block for ResourcePolicyBlock {
    type Kind = Tables;
    const NAME: &'static str = "resourcePolicy";
    /// A statement that denies is a guard; without one a policy only lets in.
    const IMPACT: Impact = Impact::Weakening;
    const OPERATIONS: &'static [Operation] =
        &[on_table("GetResourcePolicy"), on_table("PutResourcePolicy"), on_table("DeleteResourcePolicy")];
    type State = Policy;
    /// PutResourcePolicy, or DeleteResourcePolicy without a text; of the revision that it replaces.
    type Call = Policy;

    fn initial() -> Policy {
        Policy::default()
    }

    fn declared(spec: &TableSpec, _: &Policy) -> Option<Policy> {
        let text = spec.resource_policy.clone()?;
        Some(Policy { text: Some(text).filter(|text| !text.trim().is_empty()), revision: None })
    }

    fn same(a: &Policy, b: &Policy) -> bool {
        match (&a.text, &b.text) {
            (Some(a), Some(b)) => policy_document::same(a, b),
            (a, b) => a == b,
        }
    }

    fn has_impact(from: &Policy, _: &Policy) -> bool {
        from.text.as_deref().is_some_and(policy_document::denies)
    }

    fn refusal(state: &Policy) -> Option<Error> {
        policy_document::refusal(Self::NAME, state.text.as_deref()?)
    }

    async fn read(target: &Target) -> Result<Policy, Error> {
        match target.client.get_resource_policy().resource_arn(&target.arn).send().await {
            Ok(found) => Ok(Policy { text: found.policy, revision: found.revision_id }),
            Err(error) if code(&error) == Some("PolicyNotFoundException") => Ok(Policy::default()),
            Err(error) => Err(error_of("GetResourcePolicy", &error)),
        }
    }

    async fn write(target: &Target, Policy { text, revision }: &Policy) -> Result<(), Error> {
        if let Some(text) = text {
            let call = target.client.put_resource_policy().resource_arn(&target.arn);
            let call = call.policy(policy_document::compact(text));
            let call = call.expected_revision_id(revision.as_deref().unwrap_or(NO_POLICY));
            call.send().await.map(drop).map_err(|error| error_of("PutResourcePolicy", &error))
        } else {
            let call = target.client.delete_resource_policy().resource_arn(&target.arn);
            let call = call.set_expected_revision_id(revision.clone());
            call.send().await.map(drop).map_err(|error| error_of("DeleteResourcePolicy", &error))
        }
    }
}

impl Setting for ResourcePolicyBlock {
    fn next(observed: &Policy, wanted: Policy) -> Policy {
        Policy { text: wanted.text, revision: observed.revision.clone() }
    }

    /// The revision is AWS's to say.
    fn taken(_: &Policy, call: Policy) -> Policy {
        Policy { text: call.text, revision: None }
    }

    fn display(state: &Policy) -> Value {
        json!(state.text)
    }

    fn off() -> Value {
        json!("")
    }
}
