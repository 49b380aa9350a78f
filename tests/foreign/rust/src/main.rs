// SPDX-License-Identifier: Apache-2.0

//! A Rust function on the official runtime, to be run in the sandbox as it would be uploaded: echoes
//! its event with the number of invocations that this process has seen.
use lambda_runtime::{run, service_fn, Error, LambdaEvent};
use serde_json::{json, Value};
use std::sync::atomic::{AtomicU64, Ordering};

static SEEN: AtomicU64 = AtomicU64::new(0);

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let seen = SEEN.fetch_add(1, Ordering::Relaxed) + 1;
    let function = std::env::var("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default();
    match event.payload["do"].as_str() {
        Some("fail") => return Err("asked to fail".into()),
        Some("panic") => panic!("asked to panic"),
        Some("exit") => std::process::exit(3),
        _ => println!("seen {seen}"),
    }
    let has_id = event.context.request_id.len() == 36;
    let remaining = event.context.deadline > 0;
    Ok(json!({"event": event.payload, "seen": seen, "function": function,
              "hasId": has_id, "remaining": remaining}))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(handle)).await
}
