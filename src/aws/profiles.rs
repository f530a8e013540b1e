//! The profiles of AWS that people have on laptops are ones that the SDK is built for.

use aws_config::profile::ProfileFileCredentialsProvider;
#[expect(deprecated, reason = "the module that has them now is not public")]
use aws_config::profile::profile_file::{ProfileFileKind, ProfileFiles};
use aws_credential_types::{Credentials, provider::ProvideCredentials as _, provider::error::CredentialsError};

#[expect(deprecated, reason = "see above")]
async fn credentials(profile: &str) -> Result<Credentials, CredentialsError> {
    let text = format!("[profile laptop]\nregion = eu-west-1\n{profile}");
    let files = ProfileFiles::builder().with_contents(ProfileFileKind::Config, text).build();
    let provider = ProfileFileCredentialsProvider::builder().profile_files(files).profile_name("laptop").build();
    provider.provide_credentials().await
}

#[tokio::test]
async fn profiles_of_laptops_are_read() {
    let said = r#"{"Version": 1, "AccessKeyId": "AKIALAPTOP", "SecretAccessKey": "s"}"#;
    let found = credentials(&format!("credential_process = echo '{said}'\n")).await.expect("credentials");
    assert_eq!(found.access_key_id(), "AKIALAPTOP");
    // Nobody has signed in here.
    for profile in [
        "sso_start_url = https://d-1.awsapps.com/start\nsso_region = eu-west-1\nsso_account_id = 1\nsso_role_name = dev\n",
        "login_session = arn:aws:iam::111122223333:user/dev\n",
    ] {
        let error = format!("{:?}", credentials(profile).await.expect_err("nobody has signed in"));
        assert!(!error.contains("FeatureNotEnabled"), "{profile}: {error}");
    }
}
