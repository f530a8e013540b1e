//! A small web shop: it stores orders in a DynamoDB table and their receipts in an S3 bucket.
//!
//! It knows neither the bucket nor the table: their names, the region and the endpoints come from the connection Secrets
//! that Musubi writes, as environment variables (`app.yaml`). Credentials come from the SDK's default chain, on EKS from
//! the role of the pod's ServiceAccount.
//!
//! - `PUT /orders/ID` with any body stores the order and its receipt.
//! - `GET /orders/ID` returns the order from the table and the receipt from the bucket.

use std::{collections::HashMap, env, sync::Arc};

use anyhow::{Context as _, anyhow};
use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::types::AttributeValue;
use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    routing::get,
};

struct Shop {
    s3: aws_sdk_s3::Client,
    bucket: String,
    dynamodb: aws_sdk_dynamodb::Client,
    table: String,
}

impl Shop {
    /// From the environment. The SDK itself reads `AWS_REGION` and the two endpoints.
    async fn from_env() -> anyhow::Result<Self> {
        let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
        // An endpoint such as LocalStack has no DNS name for each bucket; AWS supports both styles.
        let s3 = aws_sdk_s3::config::Builder::from(&config).force_path_style(true).build();
        Ok(Self {
            s3: aws_sdk_s3::Client::from_conf(s3),
            bucket: env::var("BUCKET_NAME").context("BUCKET_NAME")?,
            dynamodb: aws_sdk_dynamodb::Client::new(&config),
            table: env::var("TABLE_NAME").context("TABLE_NAME")?,
        })
    }

    async fn put(&self, id: &str, order: String) -> anyhow::Result<()> {
        let receipt = format!("Receipt for order {id}: {order}\n");
        self.s3.put_object().bucket(&self.bucket).key(id).body(receipt.into_bytes().into()).send().await?;
        let item = HashMap::from([
            ("id".to_owned(), AttributeValue::S(id.to_owned())),
            ("order".to_owned(), AttributeValue::S(order)),
        ]);
        self.dynamodb.put_item().table_name(&self.table).set_item(Some(item)).send().await?;
        Ok(())
    }

    /// The order and its receipt, if there is such an order.
    async fn get(&self, id: &str) -> anyhow::Result<Option<String>> {
        let id = AttributeValue::S(id.to_owned());
        let found = self.dynamodb.get_item().table_name(&self.table).key("id", id.clone()).send().await?;
        let Some(item) = found.item else { return Ok(None) };
        let order = item.get("order").and_then(|order| order.as_s().ok()).context("the item has no order")?;
        let key = id.as_s().map_err(|_| anyhow!("the key is a string"))?;
        let receipt = self.s3.get_object().bucket(&self.bucket).key(key).send().await?;
        let receipt = receipt.body.collect().await?.to_vec();
        Ok(Some(format!("{order}\n{}", String::from_utf8_lossy(&receipt))))
    }
}

type Answer = (StatusCode, String);

async fn put_order(State(shop): State<Arc<Shop>>, Path(id): Path<String>, order: String) -> Answer {
    match shop.put(&id, order).await {
        Ok(()) => (StatusCode::CREATED, format!("stored order {id}\n")),
        Err(error) => failed(&error),
    }
}

async fn get_order(State(shop): State<Arc<Shop>>, Path(id): Path<String>) -> Answer {
    match shop.get(&id).await {
        Ok(Some(order)) => (StatusCode::OK, order),
        Ok(None) => (StatusCode::NOT_FOUND, format!("there is no order {id}\n")),
        Err(error) => failed(&error),
    }
}

fn failed(error: &anyhow::Error) -> Answer {
    eprintln!("{error:#}");
    (StatusCode::BAD_GATEWAY, format!("{error:#}\n"))
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let shop = Shop::from_env().await?;
    let names = format!("bucket {}, table {}", shop.bucket, shop.table);
    let router = Router::new()
        .route("/orders/{id}", get(get_order).put(put_order))
        .route("/healthz", get(|| async { "ok\n" }))
        .with_state(Arc::new(shop));
    let address = env::var("LISTEN_ADDRESS").unwrap_or_else(|_| "0.0.0.0:8080".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("listening on {}: {names}", listener.local_addr()?);
    axum::serve(listener, router).await?;
    Ok(())
}
