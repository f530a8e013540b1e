//! `metadata.md`: the names that Musubi gives to what it writes, and what users write for it.

use std::fmt::Write as _;

use crate::{
    api::{APPROVE, FINALIZER, RECONCILE_AT},
    kinds,
    managed::identity::{Origin, Owner, RELEASED},
};

use super::markdown::{page, sentence, table};

const ABOUT: &str = "Annotations, finalizers, labels, tags and Secret keys that Musubi reads or writes.";

const TAGS: &str = "\
Musubi sets these tags on each bucket and table that an object manages. They prove which object owns it: see
[Ownership](../concepts/ownership.md). `spec.tags` must not contain keys that begin with `musubi.dev/`. The tags count towards
the AWS limit of 50 tags.";

const RELEASE: &str = "\
When an object with `deletionPolicy: Retain` is deleted, the tags stay. [Leave](../platform/leave.md) explains how to remove
them.";

const SECRETS: &str = "\
The connection Secret is in the namespace of the object. Its name is the name of the object followed by `-bucket` or `-table`,
unless `connectionSecret.name` is set. It has the label `app.kubernetes.io/managed-by: musubi`, and the object is its owner.
It contains no credentials. The Secret is complete before the object becomes Ready.

`connectionSecret.keys` adds keys with names of your choice. Each takes its value from an output in these tables.
`status.outputs` contains the outputs that are not always in the Secret.";

/// Where an output goes.
#[derive(Clone, Copy, PartialEq)]
enum Goes {
    /// Into the Secret by itself.
    Always,
    /// Into the Secret where `connectionSecret.keys` asks for it.
    Asked,
    /// Into the Secret by itself, once AWS has it; and where it is asked for.
    Known,
    /// Into the status only.
    Status,
}

/// An output of a kind: which, its name, where it goes, what it is.
type Output = (&'static str, &'static str, Goes, &'static str);

const OUTPUTS: &[Output] = &[
    ("bucket", "type", Goes::Always, "`s3`."),
    ("bucket", "provider", Goes::Always, "`aws`."),
    ("bucket", "bucket", Goes::Always, "Name of the bucket in AWS."),
    ("bucket", "region", Goes::Always, "AWS region."),
    ("bucket", "arn", Goes::Always, "ARN of the bucket."),
    ("bucket", "endpoint", Goes::Always, "URL of the S3 endpoint."),
    ("bucket", "uri", Goes::Always, "`s3://` followed by the name."),
    ("bucket", "account", Goes::Asked, "ID of the AWS account."),
    ("bucket", "path-style-endpoint", Goes::Asked, "URL of the bucket, with its name in the path."),
    ("bucket", "virtual-host-endpoint", Goes::Asked, "URL of the bucket, with its name in the host. AWS only."),
    ("bucket", "domain-name", Goes::Asked, "Host of the bucket without region. AWS only."),
    ("bucket", "regional-domain-name", Goes::Asked, "Host of the bucket with region. AWS only."),
    ("bucket", "website-endpoint", Goes::Asked, "URL of the static website. AWS only."),
    ("bucket", "website-domain", Goes::Asked, "Domain of static websites in the region. AWS only."),
    ("table", "type", Goes::Always, "`dynamodb`."),
    ("table", "provider", Goes::Always, "`aws`."),
    ("table", "table", Goes::Always, "Name of the table in AWS."),
    ("table", "region", Goes::Always, "AWS region."),
    ("table", "arn", Goes::Always, "ARN of the table."),
    ("table", "endpoint", Goes::Always, "URL of the DynamoDB endpoint."),
    ("table", "uri", Goes::Always, "`dynamodb://` followed by region and name."),
    ("table", "stream-arn", Goes::Known, "ARN of the stream, while the table has one."),
    ("table", "stream-label", Goes::Asked, "Label of the stream, while the table has one."),
    ("table", "table-id", Goes::Asked, "ID of the table."),
    ("table", "global-table-version", Goes::Status, "Version of global tables, if the table has replicas."),
    ("table", "item-count", Goes::Status, "Number of items. AWS updates it about every six hours."),
    ("table", "table-size-bytes", Goes::Status, "Size of the table. AWS updates it about every six hours."),
];

pub(super) fn markdown() -> String {
    let mut out = page("Annotations, tags and Secrets", ABOUT);
    out.push_str("\n## Annotations\n\nYou set these annotations on a Bucket or Table.\n\n");
    let annotations = [
        (
            RECONCILE_AT,
            "Any new value triggers a reconciliation at once. `status.lastHandledReconcileAt` repeats the value when it is done.",
        ),
        (
            APPROVE,
            "Approves the plan with this hash, once. The hash is in `status.plan.hash`. See [Approval](../concepts/approval.md).",
        ),
    ];
    table(&mut out, ["Annotation", "Effect"], annotations.map(|(name, effect)| [code(name), effect.to_owned()]));
    let _ = write!(
        out,
        "\n## Finalizer\n\n`{FINALIZER}` keeps an object until its bucket or table is deleted or released. Do not remove it by \
         hand while the operator runs: the `deletionPolicy` would not be applied.\n\n## Labels\n\n",
    );
    let labels = [
        ("app.kubernetes.io/managed-by: musubi", "Connection Secrets."),
        (
            "servicebinding.io/provisioned-service: \"true\"",
            "The CustomResourceDefinitions, for implementations of Service Binding.",
        ),
    ];
    table(&mut out, ["Label", "On"], labels.map(|(label, on)| [code(label), on.to_owned()]));
    let _ = write!(out, "\n## Tags in AWS\n\n{TAGS}\n\n");
    table(&mut out, ["Tag", "Value"], tags().map(|(key, value)| [code(&key), sentence(&value)]));
    let _ = write!(out, "\n{RELEASE}\n\n## Connection Secret\n\n{SECRETS}\n");
    for kind in kinds::ALL {
        let _ = write!(out, "\n### Outputs of a {}\n\n", kind.resource().kind);
        let own = OUTPUTS.iter().filter(|(noun, ..)| *noun == kind.noun);
        let rows = own.map(|(_, name, goes, what)| {
            let goes = match goes {
                Goes::Always => "always",
                Goes::Asked => "if `connectionSecret.keys` names it",
                Goes::Known => "if it exists",
                Goes::Status => "never",
            };
            [code(name), goes.to_owned(), (*what).to_owned()]
        });
        table(&mut out, ["Output", "In the Secret", "Value"], rows);
    }
    out
}

/// The tags of an owner, as the operator itself makes them, and the one of what is released.
fn tags() -> impl Iterator<Item = (String, String)> {
    let owner = Owner {
        cluster: "Name of the cluster, from `--cluster-name`".to_owned(),
        namespace: "Namespace of the object".to_owned(),
        name: "Name of the object".to_owned(),
        uid: "UID of the object".to_owned(),
        origin: Some(Origin {
            cluster: "`<UID of kube-system>".to_owned(),
            namespace: "<UID of the namespace of the object>`".to_owned(),
        }),
    };
    let released =
        "NAMESPACE/NAME of the object that released it. Set when an object with `deletionPolicy: Retain` is deleted";
    owner.tags().into_iter().chain([(RELEASED.to_owned(), released.to_owned())])
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

#[cfg(test)]
mod tests {
    use std::{
        collections::{BTreeMap, BTreeSet},
        sync::Arc,
    };

    use crate::{
        api::StreamViewType,
        aws::{Aws, AwsKind as _},
        bucket::{self, Buckets},
        managed::{external::ExternalResource as _, identity::Identity, secret},
        table::{self, Facts, Tables},
    };

    use super::*;

    fn listed(noun: &str, goes: &[Goes]) -> BTreeSet<&'static str> {
        OUTPUTS.iter().filter(|output| output.0 == noun && goes.contains(&output.2)).map(|output| output.1).collect()
    }

    fn names<V>(outputs: &BTreeMap<&'static str, V>) -> BTreeSet<&'static str> {
        outputs.keys().copied().collect()
    }

    fn agree(noun: &str, outputs: &secret::Outputs) {
        assert_eq!(names(&outputs.values), listed(noun, &[Goes::Always, Goes::Known]));
        let (mut more, mut others) = (names(&outputs.more), listed(noun, &[Goes::Known, Goes::Asked, Goes::Status]));
        more.extend(names(&outputs.measured));
        assert_eq!(more, others);
        // What the schema lets `connectionSecret.keys` name.
        others.retain(|name| !listed(noun, &[Goes::Status]).contains(name));
        others.extend(names(&outputs.values));
        let kind = kinds::ALL.iter().find(|kind| kind.noun == noun).expect("a kind");
        let crd = serde_json::to_string(&kind.crd().expect("a CRD")).expect("JSON");
        let list = others.iter().map(|name| format!("'{name}'")).collect::<BTreeSet<_>>();
        let rule = crd.split("self.connectionSecret.keys[k] in [").nth(1).and_then(|rest| rest.split(']').next());
        let named: BTreeSet<String> = rule.expect("the rule").split(", ").map(str::to_owned).collect();
        assert_eq!(named, list);
    }

    #[tokio::test]
    async fn outputs_are_those_of_the_kinds_and_of_the_schema() {
        let (aws, _) = Aws::mock(|_| (200, String::new()));
        let (aws, id) = (Arc::new(aws), Identity::sample("assets"));
        agree("bucket", &Buckets::new(aws.clone()).outputs(&id, &bucket::Observed::default()));
        let text = || Some("x".to_owned());
        let facts = Facts {
            id: text(),
            stream_arn: text(),
            stream_label: text(),
            items: Some(1),
            bytes: Some(1),
            global_table_version: text(),
            ..Facts::default()
        };
        let observed = table::Observed { facts, stream: Some(StreamViewType::KeysOnly), ..table::Observed::default() };
        agree("table", &Tables::new(aws).outputs(&id, &observed));
    }
}
