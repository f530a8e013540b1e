//! The pure parts of the rules that no answer of an endpoint shows from all sides.

use serde_json::{Value, json};

use crate::proxy::{
    call, is_loopback,
    rules::{is_public, with_version},
    xml,
};

fn allow(principal: Value, condition: Value) -> Value {
    json!({"Statement": [{"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": "*",
        "Condition": condition}]})
}

#[test]
fn a_policy_is_public_where_it_lets_anyone_in() {
    for principal in [json!("*"), json!({"AWS": "*"}), json!({"AWS": ["111122223333", "*"]})] {
        assert!(is_public(&allow(principal.clone(), Value::Null)), "{principal}");
        let narrow = json!({"StringEquals": {"aws:PrincipalOrgID": "o-1"}});
        assert!(!is_public(&allow(principal.clone(), narrow)), "{principal}");
        assert!(!is_public(&allow(principal, json!({"StringEquals": {"AWS:SourceVpc": "vpc-1"}}))));
    }
    assert!(!is_public(&allow(json!({"AWS": "arn:aws:iam::111122223333:root"}), Value::Null)));
    assert!(!is_public(&json!({"Statement": {"Effect": "Deny", "Principal": "*"}})));
    assert!(is_public(&json!({"Statement": {"Effect": "Allow", "Principal": "*"}})), "one statement stands alone");
}

#[test]
fn a_version_that_is_there_stays() {
    let mut policy = json!({"Version": "2012-10-17"});
    with_version(&mut policy);
    assert_eq!(policy["Version"], "2012-10-17");
    with_version(&mut Value::Null);
}

#[test]
fn text_goes_through_xml_and_back() {
    let text = "a<b & \"c\" &amp; >";
    assert_eq!(xml::first(&format!("<Key>{}</Key>", xml::escaped(text)), "Key").as_deref(), Some(text));
    assert_eq!(xml::all("<T>1</T><T>2</T><U/>", "T"), ["1", "2"]);
}

#[test]
fn a_sub_resource_is_found_in_the_query() {
    assert_eq!(call::resource("id=a&inventory"), Some("inventory"));
    assert_eq!(call::resource("policyStatus"), None);
    assert!(is_loopback("http://127.0.0.1:1/") && !is_loopback("http://example.com/"));
}
