//! Which references of an object have to be checked, which no allowance covers, and which are of its own namespace.

use serde_json::Value;

use crate::{
    api::tags::Tags,
    aws::partition,
    managed::{
        identity::{CLUSTER, Identity, NAMESPACE, RELEASED},
        object::ManagedObject,
    },
};

use super::{Field, Form, Reference, ReferenceAllowance};

/// Whether anything of `object` has to be checked at all: a cheap question, asked at every decision.
pub fn to_check<K: ManagedObject>(object: &K, allowed: &[ReferenceAllowance], creating: bool) -> bool {
    if creating && object.copies() {
        return true;
    }
    let declared = || object.declared_blocks();
    let names =
        |block: &str| K::REFERENCES.iter().any(|field| !field.source && field.path.split('.').next() == Some(block));
    !allowed.is_empty() && declared().into_iter().any(|block| names(block) || names(&format!("{block}[]")))
}

/// What `object` names and no allowance covers, `creating` its resource or not.
pub fn unallowed<K: ManagedObject>(
    object: &K,
    identity: &Identity,
    allowed: &[ReferenceAllowance],
    creating: bool,
) -> Vec<Reference> {
    let checked = |field: &Field| if field.source { creating } else { !allowed.is_empty() };
    let fields: Vec<&Field> = K::REFERENCES.iter().filter(|field| checked(field)).collect();
    if fields.is_empty() {
        return Vec::new();
    }
    let spec = serde_json::to_value(object).unwrap_or_default()["spec"].take();
    let namespace = &identity.owner.namespace;
    let covered = |arn: &str| allowed.iter().any(|allowance| allowance.0.admits(namespace, arn));
    let named = fields.into_iter().flat_map(|field| named(&spec, field, identity));
    named.filter(|reference| !covered(&reference.arn)).collect()
}

/// What one field names, in every item of the lists that it is in.
fn named(spec: &Value, field: &Field, identity: &Identity) -> Vec<Reference> {
    let mut at = vec![(String::new(), spec, identity.region.as_str())];
    for part in field.path.split('.') {
        let (key, list) = part.strip_suffix("[]").map_or((part, false), |key| (key, true));
        at = at
            .into_iter()
            .flat_map(|(path, value, region)| {
                let path = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
                let value = &value[key];
                let items = value.as_array().filter(|_| list).into_iter().flatten().enumerate();
                let items = items.map({
                    let path = path.clone();
                    move |(index, item)| {
                        let name = ["id", "regionName", "name"].iter().find_map(|key| item[*key].as_str());
                        let name = name.map_or_else(|| index.to_string(), str::to_owned);
                        // A replica's key is in the replica's region.
                        (format!("{path}[{name}]"), item, item["regionName"].as_str().unwrap_or(region))
                    }
                });
                let own = (!list).then_some((path, value, region));
                items.chain(own).collect::<Vec<_>>()
            })
            .collect();
    }
    at.into_iter()
        .filter_map(|(path, value, region)| {
            let arn = arn(value, field.form, region, identity)?;
            let taggable = matches!(field.form, Form::BucketArn | Form::BucketName | Form::TableArn);
            Some(Reference { path, arn, taggable, source: field.source })
        })
        .collect()
}

/// The ARN that a value means; `None` where it names nothing, or what AWS manages for the whole account.
fn arn(value: &Value, form: Form, region: &str, identity: &Identity) -> Option<String> {
    let (partition, account) = (partition(region), &identity.account_id);
    if form == Form::EventBus {
        return (value == true).then(|| format!("arn:{partition}:events:{region}:{account}:event-bus/default"));
    }
    let text = value.as_str().filter(|text| !text.is_empty())?;
    Some(match form {
        Form::BucketName => format!("arn:{partition}:s3:::{text}"),
        // `aws/s3` is what encrypts without a key being named, too.
        Form::Key if text.starts_with("alias/aws/") => return None,
        Form::Key if text.starts_with("arn:") => text.to_owned(),
        Form::Key if text.starts_with("alias/") => format!("arn:{partition}:kms:{region}:{account}:{text}"),
        Form::Key => format!("arn:{partition}:kms:{region}:{account}:key/{text}"),
        Form::Arn | Form::BucketArn | Form::TableArn | Form::EventBus => text.to_owned(),
    })
}

/// Whether these tags say that what carries them belongs to an object of the same cluster and namespace. What was
/// released belongs to nobody.
pub fn owned_here(tags: &Tags, identity: &Identity, also_owns: &[String]) -> bool {
    let owner = &identity.owner;
    let ours = |cluster: &String| *cluster == owner.cluster || also_owns.contains(cluster);
    tags.get(CLUSTER).is_some_and(ours) && tags.get(NAMESPACE) == Some(&owner.namespace) && !tags.contains_key(RELEASED)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        api::{Bucket, Table},
        kinds,
    };

    fn bucket(spec: Value) -> Bucket {
        serde_json::from_value(json!({"apiVersion": "s3.musubi.dev/v1alpha1", "kind": "Bucket",
            "metadata": {"name": "assets", "namespace": "n"}, "spec": spec}))
        .expect("a bucket")
    }

    fn table(mut spec: Value) -> Table {
        spec["partitionKey"] = json!({"name": "id", "type": "S"});
        serde_json::from_value(json!({"apiVersion": "dynamodb.musubi.dev/v1alpha1", "kind": "Table",
            "metadata": {"name": "orders", "namespace": "n"}, "spec": spec}))
        .expect("a table")
    }

    fn allowed(texts: &[&str]) -> Vec<ReferenceAllowance> {
        texts.iter().map(|text| text.parse().expect("an allowance")).collect()
    }

    fn told<K: ManagedObject>(object: &K, allowances: &[&str], creating: bool) -> Vec<(String, String)> {
        let id = Identity::sample("assets");
        let found = unallowed(object, &id, &allowed(allowances), creating);
        found.into_iter().map(|reference| (reference.path, reference.arn)).collect()
    }

    #[test]
    fn without_an_allowance_everything_is_free_but_what_is_copied() {
        let logging = bucket(json!({"logging": {"targetBucket": "victims-logs"}}));
        assert_eq!(told(&logging, &[], true), []);
        let arn = "arn:aws:dynamodb:us-east-1:111122223333:table/victim";
        let restored = table(json!({"createFrom": {"pointInTime": {"sourceTableArn": arn}}}));
        let path = "createFrom.pointInTime.sourceTableArn".to_owned();
        assert_eq!(told(&restored, &[], true), [(path, arn.to_owned())]);
        assert_eq!(told(&restored, &[], false), [], "it is read when the table is made and never again");
        assert_eq!(told(&restored, &["n=arn:aws:dynamodb:*:*:table/victim"], true), []);
    }

    #[test]
    fn with_one_allowance_everybody_needs_one_for_whatever_they_name() {
        let logging = bucket(json!({"logging": {"targetBucket": "victims-logs"}}));
        let named = [("logging.targetBucket".to_owned(), "arn:aws:s3:::victims-logs".to_owned())];
        assert_eq!(told(&logging, &["other=arn:aws:s3:::victims-logs"], false), named, "another namespace's");
        assert_eq!(told(&logging, &["n=arn:aws:s3:::shop-*"], false), named);
        assert_eq!(told(&logging, &["n=arn:aws:s3:::victims-*"], false), []);
        assert_eq!(told(&logging, &["*=*"], false), []);
    }

    #[test]
    fn a_key_is_matched_as_the_arn_it_means_in_the_region_it_is_used_in() {
        let other = ["x=*"];
        let key =
            |key: &str| told(&bucket(json!({"encryption": {"algorithm": "aws:kms", "kmsKeyId": key}})), &other, false);
        assert_eq!(key("0b7d")[0].1, "arn:aws:kms:us-east-1:111122223333:key/0b7d");
        assert_eq!(key("alias/shop")[0].1, "arn:aws:kms:us-east-1:111122223333:alias/shop");
        assert_eq!(key("arn:aws:kms:eu-west-1:1:key/k")[0].1, "arn:aws:kms:eu-west-1:1:key/k");
        assert_eq!(key("alias/aws/s3"), []);
        let replica = table(json!({"replicas": [{"regionName": "eu-west-1", "kmsKeyId": "k"}]}));
        let found = told(&replica, &other, false);
        assert_eq!(
            found,
            [("replicas[eu-west-1].kmsKeyId".to_owned(), "arn:aws:kms:eu-west-1:111122223333:key/k".to_owned())]
        );
    }

    #[test]
    fn only_tags_of_this_cluster_and_namespace_make_it_ones_own() {
        let id = Identity::sample("assets");
        let own = id.owner.tags();
        let with = |key: &str, value: &str| {
            let mut tags = own.clone();
            tags.insert(key.to_owned(), value.to_owned());
            tags
        };
        assert!(owned_here(&own, &id, &[]));
        assert!(owned_here(&with("musubi.dev/name", "another"), &id, &[]), "of the same namespace");
        assert!(owned_here(&with("musubi.dev/cluster", "old"), &id, &["old".to_owned()]));
        for tags in [
            Tags::new(),
            with("musubi.dev/namespace", "victim"),
            with("musubi.dev/cluster", "old"),
            with("musubi.dev/released", "n/o"),
        ] {
            assert!(!owned_here(&tags, &id, &[]), "{tags:?}");
        }
    }

    #[test]
    fn an_allowance_says_arns_and_nothing_else() {
        for wrong in ["shop", "shop=logs", "arn:aws:s3:::logs", "shop=s3:*"] {
            let error = wrong.parse::<ReferenceAllowance>().expect_err(wrong);
            assert!(error.contains("NAMESPACE=ARN"), "{error}");
        }
    }

    /// Every text field of the schema that could hold an ARN, or the name of a bucket, key, role or the like, is a
    /// reference or is known not to be one.
    #[test]
    fn the_lists_hold_every_field_of_the_schemas_that_names_something() {
        // Twelve digits that AWS checks the owner of a bucket against; a name that is the object's own; switches.
        const NONE: [&str; 6] = [
            "inventory.configurations[].destination.accountId",
            "analytics.configurations[].dataExport.bucketAccountId",
            "replication.rules[].destination.account",
            "createFrom.s3Import.bucketOwner",
            "replication.rules[].destination.accessControlTranslation.owner",
            "inventory.configurations[].optionalFields[]",
        ];
        let listed: Vec<_> = kinds::ALL.iter().flat_map(|kind| kind.references).collect();
        let mut found = Vec::new();
        for (_, crd) in kinds::crds().expect("the CRDs") {
            let crd = serde_json::to_value(crd).expect("JSON");
            texts("", &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"], &mut found);
        }
        for (path, schema) in &found {
            let name = path.rsplit('.').next().unwrap_or(path).to_lowercase();
            let words =
                ["arn", "bucket", "role", "key", "account", "owner", "topic", "queue", "function", "stream", "table"];
            let described = schema["description"].as_str().is_some_and(|text| text.contains("ARN"));
            let shaped = schema["pattern"].as_str().is_some_and(|pattern| pattern.contains("arn:"));
            let suspect = words.iter().any(|word| name.contains(word)) || described || shaped;
            let kept_within =
                ["Prefix", "errorDocument", "replaceKey", "keyPrefix", "connectionSecret", "nonKeyAttributes"];
            let own = kept_within.iter().any(|word| path.contains(word)) || schema["enum"].is_array();
            let known = listed.iter().any(|field| field.path == *path) || NONE.contains(&path.as_str());
            assert!(!suspect || own || known, "does {path} name something in AWS? List it in REFERENCES, or in NONE");
        }
        for field in &listed {
            let there = found.iter().any(|(path, _)| path == field.path);
            assert!(there || field.form == Form::EventBus, "{} is no field", field.path);
        }
    }

    fn texts(path: &str, schema: &Value, found: &mut Vec<(String, Value)>) {
        if schema["type"] == "string" {
            found.push((path.to_owned(), schema.clone()));
        }
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            let inner = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            texts(&inner, field, found);
        }
        if schema["items"].is_object() {
            texts(&format!("{path}[]"), &schema["items"], found);
        }
    }

    /// Each field is found in the object that `tests/*-blocks.yaml` makes of it.
    #[test]
    fn each_field_is_found_where_it_is_declared() {
        let text =
            include_str!("../../../tests/bucket-blocks.yaml").replace("TARGET", "target").replace("NAME", "assets");
        let blocks: Value = serde_saphyr::from_str(&text).expect("YAML");
        let mut paths = Vec::new();
        for (block, values) in blocks.as_object().expect("blocks") {
            for variant in values["variants"].as_array().expect("variants") {
                let mut spec = json!({});
                spec[block] = variant.clone();
                paths.extend(told(&bucket(spec), &["x=*"], true).into_iter().map(|(path, _)| path));
            }
        }
        let plain = |path: &String| {
            let mut parts = path.split('[');
            let first = parts.next().unwrap_or_default().to_owned();
            parts.fold(first, |all, part| format!("{all}[]{}", part.split(']').nth(1).unwrap_or_default()))
        };
        let paths: Vec<String> = paths.iter().map(plain).collect();
        for field in Bucket::REFERENCES {
            assert!(paths.iter().any(|path| path == field.path), "{} in {paths:?}", field.path);
        }
    }
}
