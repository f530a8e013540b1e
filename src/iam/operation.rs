//! An operation of AWS that the code calls, and the IAM actions that it needs.

use serde_json::Value;

use super::scope::{Scope, With};

/// An operation of AWS. It stands beside the code that calls it, so that what is called and what is granted cannot
/// part.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// The prefix of the service's IAM actions: `s3`, `dynamodb`, `kms`.
    pub service: &'static str,
    /// Its name in the API of the service.
    pub name: &'static str,
    statement: &'static Statement,
    action: Option<&'static str>,
    more: &'static [Action],
}

/// An IAM action and the statement that grants it.
pub type Action = (&'static Statement, &'static str);

impl Operation {
    /// An operation whose action has its name, as most have (Service Authorization Reference, "Actions, resources, and
    /// condition keys", a page for each service).
    pub const fn new(service: &'static str, name: &'static str, statement: &'static Statement) -> Self {
        Self { service, name, statement, action: None, more: &[] }
    }

    /// The same where the action has another name, which is given with its service: `s3:GetBucketCORS`.
    #[must_use]
    pub const fn action(self, action: &'static str) -> Self {
        Self { action: Some(action), ..self }
    }

    /// The same with further actions.
    #[must_use]
    pub const fn and(self, more: &'static [Action]) -> Self {
        Self { more, ..self }
    }

    /// The IAM actions that a caller needs, each with the statement that grants it.
    pub fn actions(self) -> impl Iterator<Item = (&'static Statement, String)> {
        let own = self.action.map_or_else(|| format!("{}:{}", self.service, self.name), str::to_owned);
        let more = self.more.iter().map(|(statement, action)| (*statement, (*action).to_owned()));
        std::iter::once((self.statement, own)).chain(more)
    }
}

/// A statement of the policy: what its actions are granted on. Those of one `sid` become one statement.
#[derive(Debug)]
pub struct Statement {
    /// Its name in the policy.
    pub sid: &'static str,
    /// Whether it is granted at all.
    pub if_asked: fn(With) -> bool,
    /// The ARNs that it is about.
    pub resources: fn(&Scope) -> Vec<String>,
    /// Its condition, `null` for none.
    pub condition: fn(&Scope) -> Value,
}

impl Statement {
    /// Granted always and without a condition.
    pub const fn on(sid: &'static str, resources: fn(&Scope) -> Vec<String>) -> Self {
        Self { sid, if_asked: |_| true, resources, condition: |_| Value::Null }
    }

    /// The same where the administrator must ask for it.
    #[must_use]
    pub const fn if_asked(self, if_asked: fn(With) -> bool) -> Self {
        Self { if_asked, ..self }
    }

    /// The same with a condition.
    #[must_use]
    pub const fn condition(self, condition: fn(&Scope) -> Value) -> Self {
        Self { condition, ..self }
    }
}
