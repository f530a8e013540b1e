//! Namespaces and clusters that were made again under their names.

use super::*;
use crate::managed::identity::Origin;

fn origin(cluster: &str, namespace: &str) -> Origin {
    Origin { cluster: cluster.into(), namespace: namespace.into() }
}

/// A bucket that an object of the same name, and of this origin, has left behind; seen from namespace `n2` of `c1`.
async fn left_behind(spec: Value, by: Origin) -> Point {
    let mut point = Point::new(Where::Aws, spec).await;
    let owner = |point: &mut Point, uid: &str, origin: Origin| {
        let identity = point.identity.as_mut().expect("resolved");
        identity.owner.uid = uid.into();
        identity.owner.origin = Some(origin);
    };
    owner(&mut point, "u0", by);
    let tags = point.own_tags();
    owner(&mut point, "u1", origin("c1", "n2"));
    point.sees(tags);
    point.object.metadata.finalizers = Some(vec![FINALIZER.to_owned()]);
    point
}

fn claims(point: &Point) -> bool {
    let steps = match point.decide() {
        Action::Reserve(_) => return true,
        Action::Perform(_, steps) => steps,
        _ => return false,
    };
    steps.iter().any(|step| step.block == TAGS)
}

#[tokio::test]
async fn what_an_earlier_namespace_left_behind_is_claimed_by_nobody_without_two_yeses() {
    let adopt = json!({"adoptionPolicy": "Adopt"});
    let point = left_behind(json!({}), origin("c1", "n1")).await;
    assert_eq!(point.concluded(), ("NamespaceRecreated".to_owned(), Next::Mend));
    let mut point = left_behind(adopt, origin("c1", "n1")).await;
    assert_eq!(point.concluded().0, "NamespaceRecreated", "the administrator has a say");
    point.settings.allow_adoption = vec!["shop=assets".parse().expect("an allowance")];
    assert!(claims(&point), "{:?}", point.decide());
}

#[tokio::test]
async fn a_cluster_rebuilt_from_git_and_an_object_made_again_go_on_as_before() {
    for by in [origin("c0", "n1"), origin("c1", "n2")] {
        let point = left_behind(json!({}), by.clone()).await;
        assert!(claims(&point), "{by}: {:?}", point.decide());
    }
}

#[tokio::test]
async fn which_namespace_it_is_is_asked_before_anything_rests_on_it() {
    let forget = |point: &mut Point| point.identity.as_mut().expect("resolved").owner.origin = None;
    let mut point = left_behind(json!({}), origin("c1", "n1")).await;
    forget(&mut point);
    assert_eq!(point.decide(), Action::ReadNamespace, "a predecessor's");
    point.progress.observation = Some(Existence::Missing);
    assert_eq!(point.decide(), Action::ReadNamespace, "about to be made");
    let mut point = Point::in_sync(json!({})).await;
    point.sees(point.own_tags());
    forget(&mut point);
    assert!(matches!(point.decide(), Action::WriteSecret { .. }), "nothing rests on it: {:?}", point.decide());
    // Made by a version that knew no origins.
    point.sees(point.own_tags());
    assert_eq!(point.decide(), Action::ReadNamespace);
    point.identity.as_mut().expect("resolved").owner.origin = Some(origin("c1", "n2"));
    point.progress.live = true;
    assert_eq!(point.only_step().changes[0].path, "tags[musubi.dev/origin]");
}
