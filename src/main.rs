//! The `musubi` command: arguments, telemetry, run; nothing else.

use clap::Parser as _;
use musubi::{
    api::crd,
    cli::{Cli, Command},
    iam, kinds, runtime, telemetry,
};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Run(run) => {
            let telemetry = telemetry::init(run.log_format);
            let shutdown = CancellationToken::new();
            tokio::spawn(cancel_on_signal(shutdown.clone()));
            let result = runtime::run(run.options(), shutdown).await;
            telemetry.end();
            Ok(result?)
        }
        Command::Crds => {
            for (_, crd) in kinds::crds()? {
                print!("---\n{}", crd::yaml(&crd)?);
            }
            Ok(())
        }
        Command::IamPolicy(asked) => {
            let policy = iam::policy(&asked.scope());
            println!("{}", serde_json::to_string_pretty(&policy)?);
            Ok(())
        }
    }
}

/// SIGTERM from Kubernetes, SIGINT from a terminal.
async fn cancel_on_signal(shutdown: CancellationToken) {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::error!("cannot listen for SIGTERM and SIGINT; the operator will not shut down gracefully");
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    shutdown.cancel();
}
