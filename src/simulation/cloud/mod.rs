//! AWS as far as the operator uses it: a strict model of the control planes of S3 and DynamoDB.
//!
//! It stands in at the seam of [`ExternalResource`]: one op of a kind is one AWS call there, and one call of
//! the model here. What the SDK does with a request is left to the tests on LocalStack, against which
//! the model itself is checked (`super::conformance`).

pub mod bucket;
pub mod table;

use std::{collections::BTreeMap, sync::Arc};

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::{
    api::{CreationIntent, ImportStatus, Managed, Status, tags::Tags},
    aws::refusal,
    managed::{
        block::Answer,
        error::{Error, Reason},
        external::ExternalResource,
        identity::Identity,
        observation::{Existence, Made, Preparation, Reads, Transition},
        ownership::{AbsenceProof, Deletable, OwnershipProof},
        references::{Owners, Reference},
        secret::Outputs,
        step::Step,
    },
};

use super::world::{Leg, State, World};

/// The account that the operator's credentials belong to.
pub const ACCOUNT: &str = "111122223333";

/// Everything in AWS.
#[derive(Clone, Debug, Default)]
pub struct Cloud {
    pub buckets: BTreeMap<String, Existing<bucket::Bucket>>,
    pub tables: BTreeMap<String, Existing<table::Table>>,
    /// Successful creates and deletes, by name.
    pub counts: BTreeMap<String, (u32, u32)>,
    /// Ops with these words in them are accepted and never shown, as some endpoints do with what they do not
    /// know, and AWS with what it writes in another form.
    pub never_shown: Option<&'static str>,
    /// How long a bucket's configuration is read as it was before a write.
    pub lag: SignedDuration,
    /// Imports, by ARN: they outlive their tables.
    pub imports: BTreeMap<String, ImportStatus>,
    /// How imports end, unless all goes well.
    pub imports_end: Option<ImportEnd>,
}

/// How an import can fail.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ImportEnd {
    /// Seconds after it was taken, with no table: the bucket is not there.
    NoTable,
    /// With an ACTIVE table that holds the items before the bad one.
    SomeItems,
}

/// A resource and whose it is, in truth.
#[derive(Clone, Debug, PartialEq)]
pub struct Existing<T> {
    pub tags: Tags,
    /// Somebody else's: nothing of ours may ever write to it.
    pub foreign: bool,
    /// May be taken over, by its tags first.
    pub adoptable: bool,
    /// `namespace/name` of the object that made it or took it over.
    pub owner: Option<String>,
    pub inner: T,
}

impl<T> Existing<T> {
    /// Of an object of ours.
    fn ours(owner: &str, inner: T) -> Self {
        Self { tags: Tags::new(), foreign: false, adoptable: false, owner: Some(owner.to_owned()), inner }
    }

    /// Somebody else's.
    pub fn foreign(inner: T) -> Self {
        Self { tags: Tags::new(), foreign: true, adoptable: false, owner: None, inner }
    }
}

impl Cloud {
    /// Lets time pass: what AWS was busy with comes to an end.
    pub fn tick(&mut self, now: Timestamp) {
        let mut gone = Vec::new();
        for (name, table) in &mut self.tables {
            if table::import(&mut table.inner, self.imports_end, &mut self.imports, now) {
                gone.push(name.clone());
                continue;
            }
            if table::tick(&mut table.inner, now) {
                gone.push(name.clone());
            }
        }
        for name in gone {
            self.tables.remove(&name);
        }
    }

    fn made(&mut self, name: &str) {
        self.counts.entry(name.to_owned()).or_default().0 += 1;
    }

    fn deleted(&mut self, name: &str) {
        self.counts.entry(name.to_owned()).or_default().1 += 1;
    }
}

/// How the model behaves for one kind.
pub trait Kind: ExternalResource + Sized {
    const PLURAL: &'static str;
    /// The code of AWS's answer where there is no such resource.
    const NOT_FOUND: &'static str;
    /// The operation that makes it.
    const CREATE: &'static str;
    /// What the model holds of it.
    type Inner: Clone + PartialEq + Send + std::fmt::Debug;

    fn resources(cloud: &mut Cloud) -> &mut BTreeMap<String, Existing<Self::Inner>>;

    /// The calls of one look, and what they bring.
    fn look(
        fake: &Fake<Self>,
        id: &Identity,
        reads: &Reads,
    ) -> impl Future<Output = Result<Existence<Self::Observed>, Error>> + Send;

    /// The truth, all of it.
    fn truth(inner: &Self::Inner) -> Self::Observed;

    fn make(creation: &Self::Creation, now: Timestamp) -> Self::Inner;

    /// Whether the answer to a create tells that it is new.
    fn tells(id: &Identity) -> bool;

    /// What AWS answers to the create of what the account has already, and what that does to it.
    fn made_again(
        resource: &mut Existing<Self::Inner>,
        creation: &Self::Creation,
        id: &Identity,
    ) -> Made<Self::Observed>;

    /// Does one op, or refuses it as AWS does.
    fn apply(resource: &mut Existing<Self::Inner>, op: &Self::Op, now: Timestamp) -> Result<(), Error>;

    /// Whether AWS deletes it, and at once.
    fn remove(resource: &mut Existing<Self::Inner>, now: Timestamp) -> Result<bool, Error>;

    /// Name of the call.
    fn words(op: &Self::Op) -> String;

    /// Why AWS makes nothing of this name.
    fn refuses(_creation: &Self::Creation, _id: &Identity) -> Option<Error> {
        None
    }
}

/// A kind whose calls go to the model.
pub struct Fake<X> {
    pub real: Arc<X>,
    pub world: Arc<World>,
    /// Which process calls.
    pub process: usize,
}

impl<X: Kind> Fake<X> {
    /// A read: no resource is no error here.
    pub async fn read<T>(
        &self,
        words: &str,
        id: &Identity,
        read: impl FnOnce(Option<&Existing<X::Inner>>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.read_in(words, id, |resource, _| read(resource)).await
    }

    /// A read that depends on what else there is.
    pub async fn read_in<T>(
        &self,
        words: &str,
        id: &Identity,
        read: impl FnOnce(Option<&Existing<X::Inner>>, &Cloud) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let name = id.name.clone();
        self.world
            .call(self.process, Leg::Aws, false, &format!("{words} {name}"), |state| {
                let resource = X::resources(&mut state.cloud).get(&name).cloned();
                read(resource.as_ref(), &state.cloud)
            })
            .await
    }
}

/// Says what must not be if this write reaches this resource.
fn check_write<T>(resource: &Existing<T>, id: &Identity, words: &str, claims: bool) -> Option<String> {
    let owner = id.owner.object();
    if resource.foreign && !(resource.adoptable && claims) {
        return Some(format!("I1: {words} on {}, which is somebody else's", id.name));
    }
    let others = resource.owner.as_ref().is_some_and(|of| *of != owner);
    let released = resource.tags.contains_key(crate::managed::identity::RELEASED);
    (others && !released).then(|| format!("I1: {words} on {} by {owner}, which is {:?}'s", id.name, resource.owner))
}

impl<X: Kind> ExternalResource for Fake<X> {
    type Object = X::Object;
    type Observed = X::Observed;
    type Creation = X::Creation;
    type Op = X::Op;

    const BLOCKS: &'static [&'static str] = X::BLOCKS;
    const NOT_EMPTY: Reason = X::NOT_EMPTY;

    fn tags_at_creation(&self, object: &Self::Object) -> bool {
        self.real.tags_at_creation(object)
    }

    fn admits(&self, object: &Self::Object, region: &str) -> Result<(), Error> {
        self.real.admits(object, region)
    }

    async fn account(&self) -> Result<String, Error> {
        Ok(ACCOUNT.to_owned())
    }

    async fn observe(&self, id: &Identity, reads: &Reads) -> Result<Existence<Self::Observed>, Error> {
        X::look(self, id, reads).await
    }

    fn creation(&self, object: &Self::Object, id: &Identity) -> Step<Self::Creation> {
        self.real.creation(object, id)
    }

    fn fresh(&self, creation: &Self::Creation) -> (Tags, Self::Observed) {
        self.real.fresh(creation)
    }

    fn is_assumed(block: &str) -> bool {
        X::is_assumed(block)
    }

    fn plan(
        object: &Self::Object,
        managed: &Managed,
        id: &Identity,
        tags: Option<&Tags>,
        observed: &Self::Observed,
    ) -> Vec<Step<Self::Op>> {
        X::plan(object, managed, id, tags, observed)
    }

    fn release(id: &Identity, tags: &Tags) -> Step<Self::Op> {
        X::release(id, tags)
    }

    fn advance(tags: &mut Option<Tags>, observed: &mut Self::Observed, op: &Self::Op) {
        X::advance(tags, observed, op);
    }

    fn confirm(observed: &mut Self::Observed, read: Self::Observed) {
        X::confirm(observed, read);
    }

    fn transition(observed: &Self::Observed) -> Option<Transition> {
        X::transition(observed)
    }

    fn progress(object: &Self::Object, observed: &Self::Observed) -> Option<String> {
        X::progress(object, observed)
    }

    fn at_work(object: &Self::Object, observed: &Self::Observed) -> Vec<&'static str> {
        X::at_work(object, observed)
    }

    fn failures(object: &Self::Object, observed: &Self::Observed) -> Vec<(&'static str, Error)> {
        X::failures(object, observed)
    }

    fn obstacle(object: &Self::Object, id: &Identity, observed: Option<&Self::Observed>) -> Option<Error> {
        X::obstacle(object, id, observed)
    }

    fn before_deletion(object: &Self::Object, observed: &Self::Observed) -> Result<Preparation<Self::Op>, Error> {
        X::before_deletion(object, observed)
    }

    fn emptied(op: &Self::Op) -> usize {
        X::emptied(op)
    }

    fn block_errors(observed: &Self::Observed) -> Vec<(&'static str, Error)> {
        X::block_errors(observed)
    }

    fn scope(id: &Identity) -> String {
        X::scope(id)
    }

    fn bears_out(object: &Self::Object, intent: &CreationIntent, observed: &Self::Observed) -> bool {
        X::bears_out(object, intent, observed)
    }

    fn guard_of(block: &str) -> Option<&'static str> {
        X::guard_of(block)
    }

    async fn create(&self, proof: &AbsenceProof, creation: &Self::Creation) -> Result<Made<Self::Observed>, Error> {
        let id = proof.identity();
        let words = format!("{} {}", X::CREATE, id.name);
        self.world
            .call(self.process, Leg::Aws, true, &words, |state| {
                if let Some(what) = check_object::<X>(state, id, false) {
                    state.violated(what);
                }
                if let Some(refusal) = X::refuses(creation, id) {
                    return Err(refusal);
                }
                let now = super::world::now();
                let resources = X::resources(&mut state.cloud);
                if let Some(there) = resources.get_mut(&id.name) {
                    if there.foreign && !there.adoptable {
                        return Err(refusal(X::CREATE, Some("BucketAlreadyExists"), 409, "somebody else has the name"));
                    }
                    return Ok(X::made_again(there, creation, id));
                }
                let (tags, _) = self.real.fresh(creation);
                let inner = X::make(creation, now);
                let observed = X::truth(&inner);
                let resource = Existing { tags: tags.clone(), ..Existing::ours(&id.owner.object(), inner) };
                resources.insert(id.name.clone(), resource);
                state.cloud.made(&id.name);
                Ok(if X::tells(id) { Made::New { tags, observed } } else { Made::Unclear { observed } })
            })
            .await
    }

    async fn perform(&self, proof: &OwnershipProof, op: &Self::Op) -> Result<(), Error> {
        let id = proof.identity();
        let words = format!("{} {}", X::words(op), id.name);
        self.world
            .call(self.process, Leg::Aws, true, &words, |state| {
                let now = super::world::now();
                let dropped = state.cloud.never_shown.is_some_and(|words| format!("{op:?}").contains(words));
                let Some(resource) = X::resources(&mut state.cloud).get_mut(&id.name) else {
                    return Err(refusal(&words, Some(X::NOT_FOUND), 404, "there is no such thing"));
                };
                let before = resource.tags.clone();
                let mut after = resource.clone();
                let answer = X::apply(&mut after, op, now);
                if dropped {
                    after = resource.clone();
                }
                let claims = after.tags != before;
                let violation = check_write(resource, id, &words, claims);
                if answer.is_ok() {
                    if claims && (resource.adoptable || before.contains_key(crate::managed::identity::RELEASED)) {
                        after.foreign = false;
                        after.owner = Some(id.owner.object());
                    }
                    *resource = after;
                }
                state.violations.extend(violation);
                if state.calm && answer.as_ref().is_err_and(|error| error.reason == "ResourceInUseException") {
                    state.violated(format!("{words} while AWS was busy with the write before"));
                }
                answer
            })
            .await
    }

    async fn delete(&self, proof: &Deletable) -> Result<(), Error> {
        let id = proof.identity();
        let words = format!("Delete {}", id.name);
        self.world
            .call(self.process, Leg::Aws, true, &words, |state| {
                let (late, past) = (state.late, state.has_shown_the_past("GetBucketTagging"));
                let object = check_object::<X>(state, id, true);
                let now = super::world::now();
                let Some(resource) = X::resources(&mut state.cloud).get_mut(&id.name) else { return Ok(()) };
                let mut violation = check_write(resource, id, &words, false).or(object);
                let uid = resource.tags.get("musubi.dev/uid");
                // Who claims a resource right after the tags were read, or is not shown yet, is not seen.
                if uid.is_some_and(|uid| *uid != id.owner.uid) && !past {
                    violation = Some(format!("I2: {words} by {}, but it is {uid:?}'s", id.owner.uid));
                }
                let before = resource.inner.clone();
                let answer = X::remove(resource, now);
                let begun = resource.inner != before;
                if let Ok(gone) = answer {
                    if gone {
                        X::resources(&mut state.cloud).remove(&id.name);
                    }
                    if gone || begun {
                        state.cloud.deleted(&id.name);
                    }
                }
                state.violations.extend(violation.filter(|_| !late));
                answer.map(drop)
            })
            .await
    }

    fn recreated(id: &Identity) -> String {
        X::recreated(id)
    }

    fn outputs(&self, id: &Identity, observed: &Self::Observed) -> Outputs {
        self.real.outputs(id, observed)
    }

    fn report(object: &Self::Object, id: &Identity, observed: &Self::Observed, as_read: bool, status: &mut Status) {
        X::report(object, id, observed, as_read, status);
    }
}

impl<X: Kind> Owners for Fake<X> {
    fn tags_of<'a>(&'a self, _: &'a Identity, reference: &'a Reference) -> Answer<'a, Option<Tags>> {
        Box::pin(async move {
            let name = reference.arn.rsplit([':', '/']).next().unwrap_or_default().to_owned();
            let words = format!("TagsOf {name}");
            self.world
                .call(self.process, Leg::Aws, false, &words, |state| {
                    let cloud = &state.cloud;
                    let bucket =
                        cloud.buckets.get(&name).filter(|_| reference.arn.contains(":s3:")).map(|b| b.tags.clone());
                    Ok(bucket.or_else(|| cloud.tables.get(&name).map(|table| table.tags.clone())))
                })
                .await
        })
    }
}

/// Whether the object, as the API server has it now, wants this: to be made, or to be deleted.
fn check_object<X: Kind>(state: &State, id: &Identity, deleting: bool) -> Option<String> {
    if state.late {
        return None;
    }
    let key = (X::PLURAL.to_owned(), id.owner.name.clone());
    let word = if deleting { "deleted" } else { "made" };
    let Some(object) = state.store.objects.get(&key).filter(|object| object["metadata"]["uid"] == *id.owner.uid) else {
        return Some(format!("I2: {} {word} for an object that is no more ({})", id.name, id.owner.uid));
    };
    let dying = !object["metadata"]["deletionTimestamp"].is_null();
    if dying != deleting {
        return Some(format!("I2: {} {word}, against what the object says", id.name));
    }
    if deleting && object["spec"]["deletionPolicy"] == "Retain" {
        return Some(format!("I2: {} deleted under Retain", id.name));
    }
    if object["spec"]["managementPolicy"] == "Paused" {
        return Some(format!("{} {word} while Paused", id.name));
    }
    None
}
