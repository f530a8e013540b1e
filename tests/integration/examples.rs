//! The examples as they stand, but for names in AWS, which others in the rig may have.

use musubi::api::{Bucket, DOMAIN, Table};
use serde_json::{Value, json};

use crate::world::{World, status};

/// One Bucket or Table of `examples/`.
pub struct Example {
    pub name: String,
    pub object: Value,
}

impl Example {
    pub fn is_bucket(&self) -> bool {
        self.object["kind"] == "Bucket"
    }

    /// Whether it is only planned until somebody approves.
    pub fn is_planned(&self) -> bool {
        self.object["spec"]["managementPolicy"] == "Plan"
    }
}

/// All of them, with names that only this world has.
pub fn examples(world: &World) -> Vec<Example> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let files = std::fs::read_dir(folder).expect("examples").flatten().map(|file| file.path());
    let mut all = Vec::new();
    for file in files.filter(|file| file.extension().is_some_and(|extension| extension == "yaml")) {
        let text = std::fs::read_to_string(file).expect("an example");
        let text = text.replace("musubi-example-", &format!("{}-", world.namespace));
        for mut object in serde_saphyr::from_multiple::<Value>(&text).expect("it is YAML") {
            let is_ours = object["apiVersion"].as_str().is_some_and(|version| version.contains(DOMAIN));
            if !is_ours {
                continue;
            }
            assert!(["Bucket", "Table"].map(Value::from).contains(&object["kind"]), "nothing applies {object:#}");
            let name = object["metadata"]["name"].as_str().expect("a name").to_owned();
            if !object["spec"]["name"].as_str().is_some_and(|own| own.starts_with(&world.namespace)) {
                object["spec"]["name"] = json!(world.name(&name));
            }
            all.push(Example { name, object });
        }
    }
    assert!(all.iter().filter(|example| example.is_bucket()).count() >= 10, "buckets");
    assert!(all.iter().filter(|example| !example.is_bucket()).count() >= 5, "tables");
    all
}

/// Applies them as a user does.
pub async fn apply(world: &World, examples: &[Example]) {
    for Example { name, object } in examples {
        if object["kind"] == "Bucket" {
            world.apply::<Bucket>(name, object["spec"].clone()).await;
        } else {
            world.apply::<Table>(name, object["spec"].clone()).await;
        }
    }
}

/// Waits until each is Ready, or planned where it is to be no more than that.
pub async fn settled(world: &World, examples: &[Example]) {
    for example in examples {
        if example.is_planned() {
            let planned = |bucket: Option<&Bucket>| bucket.is_some_and(|bucket| status(bucket).plan.is_some());
            world.wait(&example.name, "planned", planned).await;
        } else if example.is_bucket() {
            world.ready::<Bucket>(&example.name).await;
        } else {
            world.ready::<Table>(&example.name).await;
        }
    }
}
