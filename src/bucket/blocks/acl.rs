use aws_sdk_s3::types::{self as sdk, AccessControlPolicy, Owner};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    api::{BucketSpec, CannedAcl, Grant, Grantee, Group, Permission},
    aws::error_of,
    managed::error::{Error, ErrorKind, Reason},
};

use super::{
    Block, Buckets, Operation, Target,
    document::{Built as _, read_as, set},
    on_bucket,
};

/// `acl`: the access control list of the bucket.
pub(in crate::bucket) struct AclBlock;

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::bucket) struct State {
    /// What others may do, and the owner under the name `owner`: the owner's id is not known before
    /// the list is read.
    grants: Vec<Value>,
    /// Canonical user id of the bucket's owner, where it has been read; never compared.
    owner: Option<String>,
}

/// In place of a grantee.
const OWNER: &str = "owner";

impl Block for AclBlock {
    type Kind = Buckets;
    const NAME: &'static str = "acl";
    /// Without BucketOwnerEnforced S3 takes a list, with it no other than the owner's.
    const AFTER: &'static [&'static str] = &["objectOwnership"];
    const OPERATIONS: &'static [Operation] = &[on_bucket("GetBucketAcl"), on_bucket("PutBucketAcl")];
    type State = State;
    type Call = Self::State;

    fn initial() -> State {
        State { grants: vec![json!({"grantee": OWNER, "permission": "FULL_CONTROL"})], owner: None }
    }

    fn declared(spec: &BucketSpec, observed: &State) -> Option<State> {
        let acl = spec.acl.as_ref()?;
        // Beside a name there can be grants of a layer of the manifest below it, if the name is the off value.
        let given = acl.canned.map_or_else(|| acl.grants.clone().unwrap_or_default(), canned);
        let owner = observed.owner.as_deref();
        let given = given.iter().map(|grant| {
            let own = owner.is_some() && grant.grantee.id.as_deref() == owner;
            if own { json!({"grantee": OWNER, "permission": grant.permission}) } else { json!(grant) }
        });
        Some(State { grants: set(given.chain(Self::initial().grants).collect()), owner: observed.owner.clone() })
    }

    fn reset(observed: &State) -> State {
        State { owner: observed.owner.clone(), ..Self::initial() }
    }

    fn same(a: &State, b: &State) -> bool {
        a.grants == b.grants
    }

    async fn read(target: &Target) -> Result<State, Error> {
        let answer = target
            .client
            .get_bucket_acl()
            .bucket(&target.bucket)
            .expected_bucket_owner(&target.account_id)
            .send()
            .await
            .map_err(|error| error_of("GetBucketAcl", &error))?;
        let owner = answer.owner().and_then(Owner::id).map(str::to_owned);
        let grants = answer.grants().iter().map(|grant| from_sdk(grant, owner.as_deref())).collect();
        Ok(State { grants: set(grants), owner })
    }

    /// A list holds the owner by id: on a bucket just made it is asked for.
    async fn write(target: &Target, state: &State) -> Result<(), Error> {
        let owner = match &state.owner {
            Some(owner) => owner.clone(),
            None => Self::read(target).await?.owner.ok_or_else(|| {
                Error::new(ErrorKind::Unknown, Reason::OwnerUnknown, "GetBucketAcl returned no bucket owner")
            })?,
        };
        let grants = state.grants.iter().map(|grant| to_sdk(grant, &owner)).collect::<Result<Vec<_>, _>>()?;
        let list =
            AccessControlPolicy::builder().owner(Owner::builder().id(&owner).build()).set_grants(Some(grants)).build();
        target
            .client
            .put_bucket_acl()
            .bucket(&target.bucket)
            .expected_bucket_owner(&target.account_id)
            .access_control_policy(list)
            .send()
            .await
            .map_err(|error| error_of("PutBucketAcl", &error))?;
        Ok(())
    }
}

/// What each name stands for, the owner left out (Amazon S3 User Guide, "Canned ACL").
fn canned(name: CannedAcl) -> Vec<Grant> {
    let to = |uri, permission| Grant { grantee: Grantee { id: None, uri: Some(uri) }, permission };
    match name {
        CannedAcl::Private => vec![],
        CannedAcl::PublicRead => vec![to(Group::AllUsers, Permission::Read)],
        CannedAcl::PublicReadWrite => {
            vec![to(Group::AllUsers, Permission::Read), to(Group::AllUsers, Permission::Write)]
        }
        CannedAcl::AuthenticatedRead => vec![to(Group::AuthenticatedUsers, Permission::Read)],
        CannedAcl::LogDeliveryWrite => {
            vec![to(Group::LogDelivery, Permission::Write), to(Group::LogDelivery, Permission::ReadAcp)]
        }
    }
}

fn from_sdk(grant: &sdk::Grant, owner: Option<&str>) -> Value {
    let grantee = grant.grantee().map_or(Value::Null, |grantee| match grantee.id() {
        Some(id) if Some(id) == owner => json!(OWNER),
        _ => grantee_from_sdk(grantee),
    });
    json!({"grantee": grantee, "permission": grant.permission().map(sdk::Permission::as_str)})
}

fn to_sdk(grant: &Value, owner: &str) -> Result<sdk::Grant, Error> {
    let grantee = if grant["grantee"] == OWNER {
        Grantee { id: Some(owner.to_owned()), uri: None }
    } else {
        read_as(AclBlock::NAME, &grant["grantee"])?
    };
    let permission = sdk::Permission::from(grant["permission"].as_str().unwrap_or_default());
    Ok(sdk::Grant::builder().grantee(grantee_to_sdk(&grantee)?).permission(permission).build())
}

/// A grantee in the spec's words.
pub(super) fn grantee_from_sdk(grantee: &sdk::Grantee) -> Value {
    let known = [("id", grantee.id()), ("uri", grantee.uri()), ("emailAddress", grantee.email_address())];
    known.iter().find_map(|(field, value)| Some(json!({*field: (*value)?}))).unwrap_or_default()
}

/// A grantee as S3 takes it.
pub(super) fn grantee_to_sdk(grantee: &Grantee) -> Result<sdk::Grantee, Error> {
    let uri = grantee.uri.map(|uri| json!(uri)).and_then(|uri| uri.as_str().map(str::to_owned));
    let kind = if uri.is_some() { sdk::Type::Group } else { sdk::Type::CanonicalUser };
    sdk::Grantee::builder().set_id(grantee.id.clone()).set_uri(uri).r#type(kind).build().built()
}

/// Whether a list lets anybody else in.
pub(in crate::bucket) fn is_private(state: &Value) -> bool {
    state["grants"].as_array().is_none_or(|grants| grants.iter().all(|grant| grant["grantee"] == OWNER))
}
