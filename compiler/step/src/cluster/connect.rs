//! The client: of the cluster that the pod runs in, or of another one whose kubeconfig is mounted from a Secret.

use std::fs;
use std::path::Path;

use kube::client::AuthError;
use kube::config::{InClusterError, KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};

use super::pace::Pace;
use super::request::Cluster;
use crate::failure::Failure;

/// Bytes of a kubeconfig: what a Secret can hold.
const MAX: u64 = 1 << 20;

/// Connects lazily: the first request finds out whether somebody answers.
///
/// # Errors
/// There are no credentials, or they cannot be read.
pub(crate) async fn connect(kubeconfig: Option<&str>) -> Result<Cluster, Failure> {
    let pace = Pace::from_env()?;
    let mut config = match kubeconfig {
        Some(path) => from_file(Path::new(path)).await?,
        None => Config::incluster().map_err(|error| outside(&error))?,
    };
    config.connect_timeout = Some(pace.request);
    // Retries are made, and told, by the verbs.
    config.default_retry = false;
    let uri = &config.cluster_url;
    let port = uri.port().map(|port| format!(":{port}")).unwrap_or_default();
    let host = format!("{}://{}{port}", uri.scheme_str().unwrap_or("http"), uri.host().unwrap_or_default());
    let own = kubeconfig.is_none();
    let client = Client::try_from(config).map_err(|error| unusable(kubeconfig, &error))?;
    Ok(Cluster { client, host, own, pace })
}

async fn from_file(path: &Path) -> Result<Config, Failure> {
    let metadata = fs::metadata(path).map_err(|error| Failure::io("read the kubeconfig", path, &error))?;
    let shown = path.display();
    if !metadata.is_file() {
        return Err(Failure::new(format!("the kubeconfig {shown} is not a file")));
    }
    if metadata.len() > MAX {
        let bytes = metadata.len();
        return Err(Failure::new(format!(
            "the kubeconfig {shown} has {bytes} bytes, and {MAX} are the most"
        )));
    }
    let wrong = |error: KubeconfigError| Failure::new(format!("the kubeconfig {shown}: {}", told(&error)));
    let kubeconfig = Kubeconfig::read_from(path).map_err(wrong)?;
    let config =
        Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.map_err(wrong)?;
    if config.auth_info.exec.is_some() || config.auth_info.auth_provider.is_some() {
        return Err(Failure::new(format!(
            "the kubeconfig {shown} gets its credentials from a program, and there is none in this image: \
             give a kubeconfig with a token or a client certificate"
        )));
    }
    Ok(config)
}

/// What is wrong with a kubeconfig. Errors of the YAML reader show its lines, and they may be credentials.
#[allow(clippy::wildcard_enum_match_arm, reason = "one error must not be shown")]
fn told(error: &KubeconfigError) -> String {
    match error {
        KubeconfigError::Parse(_) => {
            "it cannot be read as YAML of a kubeconfig (not shown: it may hold credentials)".to_owned()
        }
        KubeconfigError::CurrentContextNotSet => "it has no current-context".to_owned(),
        KubeconfigError::LoadContext(name) => format!("it has no context `{name}`"),
        other => other.to_string(),
    }
}

#[allow(
    clippy::wildcard_enum_match_arm,
    reason = "one error has a known cause, the others speak for themselves"
)]
fn outside(error: &InClusterError) -> Failure {
    Failure::new(match error {
        InClusterError::ReadEnvironmentVariable(_) => {
            "this does not run in a pod of a cluster, and there is no `--kubeconfig=…`".to_owned()
        }
        InClusterError::ReadDefaultNamespace(_) | InClusterError::ReadCertificateBundle(_) => {
            "the pod has no credentials for its cluster: its ServiceAccount must say \
             `automountServiceAccountToken: true`, as the one in the generated access.yaml does"
                .to_owned()
        }
        other => format!("the credentials of the pod: {other}"),
    })
}

fn unusable(kubeconfig: Option<&str>, error: &kube::Error) -> Failure {
    if let kube::Error::Auth(AuthError::ReadTokenFile(error, path)) = error {
        return Failure::io("read the token", path, error);
    }
    let whose = kubeconfig
        .map_or_else(|| "the credentials of the pod".to_owned(), |path| format!("the kubeconfig {path}"));
    Failure::new(format!("{whose}: {error}"))
}
