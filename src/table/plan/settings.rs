//! Class, protection, stream and encryption.

use serde_json::{Value, json};

use crate::{
    api::{Impact, KeyOwner, StreamViewType, TableBlock, TableClass, TableEncryption},
    managed::{
        error::{Error, ErrorKind, Reason},
        step::Step,
    },
    table::state::{Encryption, Key},
};

use super::{Observed, Op, Update, Want, replicas, update};

pub(super) fn class(want: Want<'_>, observed: &Observed) -> Option<Step<Op>> {
    let block = TableBlock::TableClass;
    let (class, _) = want.of(block, want.spec.table_class, TableClass::default)?;
    (observed.class != Some(class)).then(|| update(block, Update::Class(class), &json!(observed.class), &json!(class)))
}

/// Protection is switched on before anything else is done, and off after all.
pub(super) fn protection(want: Want<'_>, observed: &Observed) -> (Option<Step<Op>>, Option<Step<Op>>) {
    let block = TableBlock::DeletionProtection;
    let Some((on, reset)) = want.of(block, want.spec.deletion_protection, || false) else { return (None, None) };
    if on == observed.deletion_protection {
        return (None, None);
    }
    let step = update(block, Update::Protection(on), &json!(!on), &json!(on));
    if on { (Some(step), None) } else { (None, Some(lowering(step, reset))) }
}

/// A reset that lowers a guard; what is declared does not, whatever it says.
pub(super) fn lowering(step: Step<Op>, reset: bool) -> Step<Op> {
    if reset { step.with_impact(Impact::Weakening) } else { step }
}

/// Another view type takes two changes, off and on again, and makes another stream with another ARN.
pub(super) fn stream(want: Want<'_>, observed: &Observed) -> Option<Step<Op>> {
    let block = TableBlock::Stream;
    let feeds = want.spec.replicas.as_ref().is_some_and(|replicas| !replicas.is_empty());
    if want.spec.stream.is_none() && feeds {
        // Declared replicas keep the stream that nobody declares any more.
        return None;
    }
    let declared = want.spec.stream.as_ref().map(|block| block.view_type.filter(|_| block.enabled));
    let (view, reset) = want.of(block, declared, || None)?;
    if view == observed.stream {
        return None;
    }
    if observed.stream.is_some() && !replicas::deletions(want, observed).is_empty() {
        // It follows when they are gone.
        return None;
    }
    let display = |view: Option<StreamViewType>| json!({"enabled": view.is_some(), "viewType": view});
    let next = if observed.stream.is_some() { None } else { view };
    let step = update(block, Update::Stream(next), &display(observed.stream), &display(view));
    let disrupts = observed.stream.is_some() && (view.is_some() || reset);
    let not_yet = (next.is_none() && !observed.replicas.is_empty()).then(|| {
        let message = "Replicas use the stream, so it is disabled after they are deleted";
        Error::new(ErrorKind::Quota, Reason::StreamUsedByReplicas, message)
    });
    let impact = if disrupts { Impact::Disruptive } else { Impact::Update };
    Some(Step { not_yet, impact, ..step })
}

/// Alone in its request. AWS says of `aws/dynamodb` what it says of any key, so that KMS is asked whose it is; where
/// it does not answer, `AwsManaged` is any key.
pub(super) fn encryption(want: Want<'_>, observed: &Observed) -> Option<Step<Op>> {
    let block = TableBlock::Encryption;
    let default = || TableEncryption { type_: KeyOwner::AwsOwned, kms_key_id: None };
    let (wanted, reset) = want.of(block, want.spec.encryption.clone(), default)?;
    let equal = match (&observed.encryption.key, wanted.type_) {
        (None, owner) => owner == KeyOwner::AwsOwned,
        (Some(_), KeyOwner::AwsOwned) => false,
        (Some(key), KeyOwner::AwsManaged) => key.aws_managed != Some(false),
        (Some(key), KeyOwner::CustomerManaged) => {
            key.aws_managed != Some(true) && Some(&key.arn) == wanted.kms_key_id.as_ref()
        }
    };
    if equal {
        return None;
    }
    let step = update(block, Update::Encryption(wanted.clone()), &display(&observed.encryption), &json!(wanted));
    Some(lowering(step, reset))
}

fn display(encryption: &Encryption) -> Value {
    match &encryption.key {
        None => json!({"type": "AwsOwned"}),
        Some(key) if key.aws_managed == Some(true) => json!({"type": "AwsManaged"}),
        Some(key) => json!({"type": "CustomerManaged", "kmsKeyId": key.arn}),
    }
}

/// What a table has once this has been applied.
pub(super) fn encrypted(block: &TableEncryption) -> Encryption {
    let arn = block.kms_key_id.clone().unwrap_or_default();
    let key = Key { arn, aws_managed: Some(block.type_ == KeyOwner::AwsManaged) };
    Encryption { key: Some(key).filter(|_| block.type_ != KeyOwner::AwsOwned), changing: false }
}
