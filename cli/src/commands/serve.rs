//! `tagpol serve`: the server, and the process that evaluates for it.

use std::ffi::OsString;
use std::io::{Write as _, stdin, stdout};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tagpol_app::StateAccess;
use tagpol_serve_core::secrets::MasterKey;
use tagpol_serve_http::{
    BackupError, BackupSummary, Configuration, LISTEN, Server, Settings, StartError, TlsFiles, back_up,
    examine, restore, serve,
};

use crate::args::{
    BackupArgs, RestoreArgs, ServeArgs, ServeCommand, ServeOptions, StoredArgs, WaitArgs, listen_address,
};
use crate::context::context;
use crate::demo::{self, Demo};
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::project::root_and_manifest;
use crate::state;

/// The argument with which this program evaluates for a server.
pub(crate) const WORKER: &str = "serve-worker";

/// How long a request waits while another process writes to the database, unless `--wait` is given: whoever made it waits as well.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) fn run(args: &ServeArgs, output: &mut Output) -> Result<Exit, Failure> {
    match &args.command {
        Some(ServeCommand::Doctor(options)) => doctor(options, output),
        Some(ServeCommand::Backup(args)) => backup(args, output),
        Some(ServeCommand::Restore(args)) => restored(args, output),
        None if args.demo => {
            // Kept until the server has ended: a temporary folder is removed with it.
            let demo = demo(&args.options, output)?;
            start(&ServeOptions { project: Some(demo.folder.clone()), ..args.options.clone() }, output)
        }
        None => start(&args.options, output),
    }
}

/// Does what the server asks for on standard input.
pub(crate) fn work() -> ExitCode {
    match tagpol_serve_http::work(stdin().lock(), stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        // Nobody reads the answer any more.
        Err(_) => ExitCode::FAILURE,
    }
}

fn start(options: &ServeOptions, output: &mut Output) -> Result<Exit, Failure> {
    let settings = Settings { stop: crate::interrupt::flag(), ..settings(options)? };
    let folder = settings.folder.display().to_string();
    let server = Server::start(settings)?;
    let mut text = String::new();
    if let Some(link) = server.administrator_link()? {
        text.push_str(&format!("sign in as the first administrator, once, within 24 hours:\n  {link}\n"));
    }
    if server.has_other_url() {
        text.push_str(&format!("listening on {}\n", server.listens_on()));
    }
    // The last line, whatever comes before it, for programs that start a server.
    text.push_str(&format!("serving `{folder}` at {}\n", server.url()));
    output.print_exactly(text)?;
    serve(server)?;
    Ok(Exit::Success)
}

/// Makes the demonstration in the folder that is named, or in a temporary one.
fn demo(options: &ServeOptions, output: &Output) -> Result<Demo, Failure> {
    let access = state_access(&options.wait, options.state.as_deref());
    demo::prepare(options.project.as_deref(), &access, &context(None), output.is_watched())
}

fn doctor(options: &ServeOptions, output: &mut Output) -> Result<Exit, Failure> {
    let findings = examine(&settings(options)?);
    let mut text = String::new();
    for finding in &findings {
        let mark = if finding.is_good { "ok" } else { "error" };
        text.push_str(&format!("{mark}: {}: {}\n", finding.subject, finding.text));
        if let Some(help) = &finding.help {
            text.push_str(&format!("  help: {help}\n"));
        }
    }
    output.print(&text)?;
    Ok(if findings.iter().all(|finding| finding.is_good) { Exit::Success } else { Exit::Engine })
}

fn backup(args: &BackupArgs, output: &mut Output) -> Result<Exit, Failure> {
    let (root, _) = root_and_manifest(args.project.as_deref())?;
    let (state, data) = stored(&args.wait, &args.stored);
    let BackupSummary { rows, files, key, .. } = back_up(&root, (&state, data.as_deref()), &args.output)?;
    let file = args.output.display();
    output.print(&format!("wrote {rows} rows and {files} files to `{file}`\n"))?;
    if key.is_file() {
        let key = key.display();
        output.print(&format!("  help: the key `{key}` is not in it: keep a copy in another place\n"))?;
    }
    Ok(Exit::Success)
}

fn restored(args: &RestoreArgs, output: &mut Output) -> Result<Exit, Failure> {
    let folder = args.project.clone().unwrap_or_else(|| PathBuf::from("."));
    let (state, data) = stored(&args.wait, &args.stored);
    let BackupSummary { rows, files, created_at, key } =
        restore(&args.backup, &folder, (&state, data.as_deref()), args.replace)?;
    output.print(&format!("restored {rows} rows and {files} files of {created_at}\n"))?;
    if !key.is_file() && self::key()?.is_none() {
        let key = key.display();
        output.print(&format!("  help: put the key of the server back to `{key}` before you start it\n"))?;
    }
    Ok(Exit::Success)
}

fn stored(wait: &WaitArgs, args: &StoredArgs) -> (StateAccess, Option<PathBuf>) {
    (state_access(wait, args.state.as_deref()), data_folder(args.data.as_ref()))
}

/// Returns the folder of evaluations and of the key. None: that of the state.
fn data_folder(option: Option<&PathBuf>) -> Option<PathBuf> {
    option.cloned().or_else(|| variable("TAGPOL_SERVE_DATA").map(PathBuf::from))
}

fn state_access(wait: &WaitArgs, url: Option<&str>) -> StateAccess {
    let mut access = state::always(wait);
    if let Some(url) = url {
        access.environment.state = Some(url.to_owned());
    }
    access
}

fn settings(options: &ServeOptions) -> Result<Settings, Failure> {
    let (root, manifest) = root_and_manifest(options.project.as_deref())?;
    let mut state = state_access(&options.wait, options.state.as_deref());
    if options.wait.wait.is_none() {
        state.patience = PATIENCE;
    }
    let program = std::env::current_exe()
        .map_err(|error| Failure::engine(format!("cannot find this program in the file system: {error}")))?;
    Ok(Settings {
        folder: options.project.clone().unwrap_or(root),
        listen: listen(options, manifest.serve.listen.as_deref())?,
        data: data_folder(options.data.as_ref()),
        replace_key: options.replace_key,
        public_url: options.public_url.clone().or_else(|| variable("TAGPOL_PUBLIC_URL")),
        allow_plain_http: options.allow_plain_http,
        tls: tls(options)?,
        configuration: configuration(options)?,
        state,
        key: key()?,
        worker: vec![program.into_os_string(), OsString::from(WORKER)],
        log: Arc::new(|line| {
            // The server goes on if nobody reads its log any more.
            let _ = writeln!(std::io::stderr().lock(), "{line}");
        }),
        stop: Arc::default(),
    })
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

fn configuration(options: &ServeOptions) -> Result<Configuration, Failure> {
    let path = options.config.clone().or_else(|| variable("TAGPOL_SERVE_CONFIG").map(PathBuf::from));
    match path {
        Some(path) => Configuration::read(&path, variable).map_err(Failure::usage),
        None => Ok(Configuration::default()),
    }
}

/// Returns the files of the options, or those of the environment.
fn tls(options: &ServeOptions) -> Result<Option<TlsFiles>, Failure> {
    let path = |option: &Option<PathBuf>, name| option.clone().or_else(|| variable(name).map(PathBuf::from));
    match (path(&options.tls_cert, "TAGPOL_TLS_CERT"), path(&options.tls_key, "TAGPOL_TLS_KEY")) {
        (Some(certificate), Some(key)) => Ok(Some(TlsFiles { certificate, key })),
        (None, None) => Ok(None),
        _ => Err(Failure::usage("TLS needs a certificate and its key")
            .help("set both variables, TAGPOL_TLS_CERT and TAGPOL_TLS_KEY, or neither")),
    }
}

fn listen(options: &ServeOptions, manifest: Option<&str>) -> Result<SocketAddr, Failure> {
    if let Some(listen) = options.listen {
        return Ok(listen);
    }
    let of_variable = variable("TAGPOL_LISTEN");
    let text = of_variable.as_deref().or(manifest).unwrap_or(LISTEN);
    listen_address(text)
        .map_err(|help| Failure::usage(format!("`{text}` is not an address and a port")).help(help))
}

/// Returns the key of the variable, or of the file that the other variable names.
fn key() -> Result<Option<MasterKey>, Failure> {
    let text = match (variable("TAGPOL_SERVE_KEY"), variable("TAGPOL_SERVE_KEY_FILE")) {
        (Some(text), _) => text,
        (None, Some(path)) => std::fs::read_to_string(&path)
            .map_err(|error| Failure::usage(format!("cannot read the key in `{path}`: {error}")))?,
        (None, None) => return Ok(None),
    };
    let key = MasterKey::parse(&text).ok_or_else(|| {
        Failure::usage("the key of the server is not 32 bytes in URL-safe base64")
            .help("make one: `head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '='`")
    })?;
    Ok(Some(key))
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        let (message, help) = (error.to_string(), error.help());
        let failure = match error {
            StartError::PlainHttp { .. } | StartError::PublicUrl { .. } | StartError::Configuration(_) => {
                Self::usage(message)
            }
            StartError::App(error) => return error.into(),
            StartError::State(error) => return error.into(),
            StartError::Listen { .. }
            | StartError::Key { .. }
            | StartError::NoKey { .. }
            | StartError::Policies(_)
            | StartError::Tls { .. }
            | StartError::Runtime(_) => Self::engine(message),
        };
        match help {
            Some(help) => failure.help(help),
            None => failure,
        }
    }
}

impl From<BackupError> for Failure {
    fn from(error: BackupError) -> Self {
        let (message, help) = (error.to_string(), error.help());
        let failure = match error {
            BackupError::App(error) => return error.into(),
            BackupError::State(error) => return error.into(),
            BackupError::Rows(_) | BackupError::Differs { .. } | BackupError::Unused { .. } => {
                Self::usage(message)
            }
            BackupError::Output(_) | BackupError::File { .. } | BackupError::Damaged { .. } => {
                Self::engine(message)
            }
        };
        match help {
            Some(help) => failure.help(help),
            None => failure,
        }
    }
}
