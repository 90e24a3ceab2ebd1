//! The subcommands: reading the settings, doing what was asked, and saying how it went.

mod backups;
mod pages;

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use storage::{MigrationStatus, Storage};

use crate::cli::{
    AccountAction, AccountOptions, AuditOptions, AuditVerb, Cli, Command, ConfigAction,
    ConfigOptions, DoctorOptions, MigrateAction, MigrateOptions, ReplayOptions, ServeOptions,
    SettingFlags,
};
use crate::config::{Config, report};
use crate::serve::Migrations;
use crate::{
    administration, chat, database, doctor, extract, health, replay, seed, serve, telemetry,
};

/// The exit status for a setting that is malformed or not allowed (`EX_CONFIG` of sysexits).
const EXIT_CONFIG: u8 = 78;

/// The exit status for a reply that is another one now.
const EXIT_OTHER_TEXT: u8 = 2;

/// The exit status for migrations that wait to be applied.
const EXIT_PENDING: u8 = 3;

/// The exit status for a database that another program has migrated.
const EXIT_OTHER_SCHEMA: u8 = 4;

/// Does what the command line asks. The exit status says how it went, and the standard error stream says why.
pub fn run(cli: Cli) -> ExitCode {
    // The process that reads a foreign document has no threads and opens nothing.
    if let Command::Extract { ending, export } = &cli.command {
        return match export {
            true => extract::run_export(),
            false => extract::run(ending),
        };
    }
    let system = actix_web::rt::System::new();
    let status = system.block_on(async {
        match cli.command {
            Command::Serve(options) => serve_command(options).await,
            Command::Migrate(options) => migrate_command(options).await,
            Command::Seed(settings) => seed_command(&settings).await,
            Command::Account(options) => account_command(options).await,
            Command::Audit(options) => audit_command(options).await,
            Command::Chat(options) => finished(chat::run(options).await),
            Command::Replay(options) => replay_command(options).await,
            Command::Scrub(settings) => scrub_command(&settings).await,
            Command::Doctor(options) => doctor_command(options).await,
            Command::Health(settings) => health_command(&settings).await,
            Command::Config(options) => config_command(&options),
            Command::Backup(options) => backups::backup_command(options).await,
            Command::Restore(options) => backups::restore_command(options).await,
            Command::Extract { .. } => unreachable!("it is done above"),
            Command::Completions { shell } => pages::completions_command(shell),
            Command::Man { folder } => finished(pages::print_manual(folder.as_deref())),
        }
    });
    telemetry::stop();
    status
}

async fn serve_command(options: ServeOptions) -> ExitCode {
    let migrations = match options.migrate {
        true => Migrations::Always,
        false => Migrations::EmbeddedOnly,
    };
    match configured(&options.settings) {
        Ok(config) => finished(serve::run(&config, migrations).await),
        Err(status) => status,
    }
}

async fn migrate_command(options: MigrateOptions) -> ExitCode {
    match (configured(&options.settings), options.action) {
        (Ok(config), Some(MigrateAction::Status)) => status_command(&config).await,
        (Ok(config), None) => finished(migrate(&config).await),
        (Err(status), _) => status,
    }
}

async fn seed_command(settings: &SettingFlags) -> ExitCode {
    match configured(settings) {
        Ok(config) => finished(seed_and_tell(&config).await),
        Err(status) => status,
    }
}

async fn account_command(options: AccountOptions) -> ExitCode {
    let settings = match &options.action {
        AccountAction::GrantAdmin(options) | AccountAction::RevokeAdmin(options) => {
            &options.settings
        }
        AccountAction::Admins(settings) => settings,
    };
    let config = match configured(settings) {
        Ok(config) => config,
        Err(status) => return status,
    };
    let done = match &options.action {
        AccountAction::GrantAdmin(options) => {
            administration::grant_admin(&config, &options.email).await
        }
        AccountAction::RevokeAdmin(options) => {
            administration::revoke_admin(&config, &options.email).await
        }
        AccountAction::Admins(_) => administration::admins(&config).await,
    };
    finished(done.map(|text| print(&text)))
}

async fn audit_command(options: AuditOptions) -> ExitCode {
    let AuditVerb::Verify(options) = options.action;
    match configured(&options.settings) {
        Ok(config) => {
            let known = options.known.as_deref();
            let done = administration::verify_audit(&config, known).await;
            finished(done.map(|text| print(&text)))
        }
        Err(status) => status,
    }
}

async fn replay_command(options: ReplayOptions) -> ExitCode {
    let config = match configured(&options.settings) {
        Ok(config) => config,
        Err(status) => return status,
    };
    match replay::replay(&config, options.message).await {
        Ok(replayed) => {
            print(&replayed.report());
            match replayed.is_same() {
                true => ExitCode::SUCCESS,
                false => ExitCode::from(EXIT_OTHER_TEXT),
            }
        }
        Err(error) => finished(Err(error)),
    }
}

async fn scrub_command(settings: &SettingFlags) -> ExitCode {
    match configured(settings) {
        Ok(config) => finished(scrub(&config).await),
        Err(status) => status,
    }
}

async fn doctor_command(options: DoctorOptions) -> ExitCode {
    let findings = doctor::examine(&options.settings.sources()).await;
    print(&match options.json {
        true => doctor::as_json(&findings),
        false => doctor::as_text(&findings),
    });
    match findings.iter().all(|finding| finding.is_fine()) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

async fn health_command(settings: &SettingFlags) -> ExitCode {
    match resolve(settings) {
        Ok(config) => finished(health::ask(&config).await),
        Err(status) => status,
    }
}

fn config_command(options: &ConfigOptions) -> ExitCode {
    let config = match resolve(&options.settings) {
        Ok(config) => config,
        Err(status) => return status,
    };
    for warning in &config.warnings {
        complain(warning);
    }
    match options.action {
        None => print(report(&config).trim_end()),
        Some(ConfigAction::Check) => print("All settings are well-formed and allowed."),
    }
    ExitCode::SUCCESS
}

async fn migrate(config: &Config) -> anyhow::Result<()> {
    let storage = database::open(config).await?;
    let applied = storage.migrate().await?;
    storage.close().await;
    let database = database::describe(&config.database);
    match applied.len() {
        0 => print(&format!("Nothing to do: {database} is up to date.")),
        _ => print(&format!("Applied to {database}: {}.", applied.join(", "))),
    }
    Ok(())
}

async fn scrub(config: &Config) -> anyhow::Result<()> {
    let storage = database::open(config).await?;
    let scrubbed = storage.scrub().await;
    storage.close().await;
    let database = database::describe(&config.database);
    let scrubbed = scrubbed.with_context(|| format!("{database} could not be scrubbed"))?;
    print(&format!(
        "Wrote {} tables of {database} anew, without what was deleted.",
        scrubbed.tables
    ));
    for left in scrubbed.left {
        print(&format!("Left: {left}."));
    }
    Ok(())
}

async fn status_command(config: &Config) -> ExitCode {
    let status = match migration_status(config).await {
        Ok(status) => status,
        Err(error) => return finished(Err(error)),
    };
    let MigrationStatus {
        applied,
        pending,
        unknown,
        changed,
    } = &status;
    let lists = [
        ("applied", applied),
        ("pending", pending),
        ("unknown", unknown),
        ("changed", changed),
    ];
    for (word, names) in lists {
        for name in names {
            print(&format!("{word}  {name}"));
        }
    }
    if !unknown.is_empty() || !changed.is_empty() {
        complain(&format!(
            "{} was migrated by another program: run the newer one, or restore a backup",
            database::describe(&config.database)
        ));
        return ExitCode::from(EXIT_OTHER_SCHEMA);
    }
    match pending.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(EXIT_PENDING),
    }
}

async fn migration_status(config: &Config) -> anyhow::Result<MigrationStatus> {
    database::make_data_folder(config)?;
    let status = Storage::migration_status_of(&config.database).await;
    status.with_context(|| format!("{} cannot be opened", database::describe(&config.database)))
}

async fn seed_and_tell(config: &Config) -> anyhow::Result<()> {
    let seeded = seed::seed(config).await?;
    let documents = seeded.documents_added.len();
    let database = database::describe(&config.database);
    match seeded == seed::Seeded::default() {
        true => print(&format!(
            "Nothing to do: the demo account is in {database}."
        )),
        false => print(&format!(
            "The demo account is in {database}, with the twin Ada ({documents} documents taken in now)."
        )),
    }
    print(&format!(
        "Log in as {} with the password {}.",
        seed::DEMO_EMAIL,
        seed::DEMO_PASSWORD
    ));
    Ok(())
}

fn configured(settings: &SettingFlags) -> Result<Config, ExitCode> {
    let config = resolve(settings)?;
    telemetry::start(&config).map_err(|error| {
        complain(&format!("{error:#}"));
        ExitCode::from(EXIT_CONFIG)
    })?;
    Ok(config)
}

fn resolve(settings: &SettingFlags) -> Result<Config, ExitCode> {
    Config::resolve(&settings.sources()).map_err(|error| {
        complain(&error.to_string());
        ExitCode::from(EXIT_CONFIG)
    })
}

fn finished(outcome: anyhow::Result<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Writes to the standard output. Where nobody reads it any more (`| head`), there is nobody to tell.
fn print(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

fn complain(text: &str) {
    for line in text.lines() {
        let _ = writeln!(std::io::stderr().lock(), "digital-twin: {line}");
    }
}
