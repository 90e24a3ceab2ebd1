//! The command line: its subcommands, and a flag for every setting.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Arg, ArgMatches, Args, FromArgMatches, Parser, Subcommand};
use clap_complete::Shell;

use protocol::MessageId;

use crate::chat::ChatOptions;
use crate::config::{SETTINGS, Sources};

/// A personal digital twin platform: twins of people that others talk with in real time.
///
/// Without any configuration it runs on embedded parts: SQLite, an in-process bus and libtorch on the CPU.
#[derive(Debug, Parser)]
#[command(
    name = "digital-twin",
    version,
    arg_required_else_help = true,
    after_help = "Start with `digital-twin seed`, then `digital-twin serve`, then in another terminal \
                  `digital-twin chat --twin ada \"How many prisms does the lens of Skarholm have?\"`.\n\
                  Every setting is a flag or a variable of the environment; a flag wins. \
                  `digital-twin config` prints all of them.\n\
                  Exit status: 0 success, 1 failure, 2 wrong command line, 78 wrong setting."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve HTTP and WebSockets until SIGTERM or Ctrl-C
    ///
    /// Applies the migrations that an embedded SQLite database lacks; a PostgreSQL database is only migrated with
    /// --migrate or by `digital-twin migrate`. The first signal drains: clients are told to reconnect, replies in
    /// progress may end. A second signal stops at once.
    Serve(ServeOptions),
    /// Bring the database's schema up to date, or say whether it is
    Migrate(MigrateOptions),
    /// Make the demo account demo@example.com with the twin Ada and her documents
    ///
    /// May be run any number of times; what is there is left alone. Production refuses it.
    Seed(SettingFlags),
    /// Say who administers the server
    Account(AccountOptions),
    /// Check the log of what happened to accounts
    Audit(AuditOptions),
    /// Talk with a twin in this terminal: one question, or as many as you like
    ///
    /// Needs a running server. The reply goes to the standard output as it comes, notices to the standard error stream.
    Chat(ChatOptions),
    /// Have a twin say once more what it said in a reply, and compare the texts
    ///
    /// Builds the prompt from what was kept of the reply: the persona of then, memories, passages and turns, with the same seed.
    /// Exit status: 0 the same text, 1 failure, 2 another text; what was different about the prompt or the model is said.
    Replay(ReplayOptions),
    /// Take what was deleted out of the database's files and its log, too
    ///
    /// A server on SQLite does so by itself. On PostgreSQL each table is locked while it is written anew, so run it when few are there;
    /// it says what the database does not let it do.
    Scrub(SettingFlags),
    /// Check libtorch, models, database, backups, bus, files, port and secrets, and say how to mend what is wrong
    Doctor(DoctorOptions),
    /// Ask the server that these settings describe whether it may be given work, for health checks of containers
    Health(SettingFlags),
    /// Print every setting with its value and where that came from; secrets are redacted
    Config(ConfigOptions),
    /// Back up database, files and secrets into one encrypted archive, while servers run; or look whether one restores
    ///
    /// Everything that is committed when it begins is in it. docs/BACKUP.md tells how to run it on a schedule.
    Backup(BackupOptions),
    /// Put a backup back into an empty installation
    ///
    /// All of the archive is read before anything is touched, and the rows come back in one transaction. No server may run
    /// on the database meanwhile.
    Restore(RestoreOptions),
    /// Read one document from the standard input and print what it says as JSON, confined: how the server reads foreign bytes
    #[command(hide = true)]
    Extract {
        /// The ending of the document's name: it tells apart formats that are all plain text
        #[arg(long, default_value = "")]
        ending: String,
        /// Read an export of an account instead, which the standard input must be as a file, and hand on what it holds
        #[arg(long)]
        export: bool,
    },
    /// Print a script by which a shell completes this command line
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Print the manual page, or write the pages of all subcommands into a folder
    Man {
        /// The folder; its pages are digital-twin.1 and one for each subcommand.
        folder: Option<PathBuf>,
    },
}

/// Options of `serve`.
#[derive(Debug, Args)]
pub struct ServeOptions {
    /// Apply pending migrations to PostgreSQL as well
    #[arg(long)]
    pub migrate: bool,
    /// The settings.
    #[command(flatten)]
    pub settings: SettingFlags,
}

/// Options of `replay`.
#[derive(Debug, Args)]
pub struct ReplayOptions {
    /// The reply's id
    pub message: MessageId,
    /// The settings.
    #[command(flatten)]
    pub settings: SettingFlags,
}

/// Options of `migrate`.
#[derive(Debug, Args)]
pub struct MigrateOptions {
    /// What to do with the migrations.
    #[command(subcommand)]
    pub action: Option<MigrateAction>,
    /// The settings.
    #[command(flatten)]
    pub settings: SettingFlags,
}

/// What to do with the migrations.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum MigrateAction {
    /// Only print which migrations are applied, pending, unknown to this program, or changed since they were applied
    ///
    /// Exit status: 0 up to date, 1 failure, 3 migrations are pending, 4 the database has migrations that this program does not
    /// know or knows otherwise.
    Status,
}

/// Options of `backup`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct BackupOptions {
    /// What to do in place of taking a backup.
    #[command(subcommand)]
    pub action: Option<BackupAction>,
    /// Restore the archive into a scratch database, to see that it can be
    #[arg(long)]
    pub verify: bool,
    /// Delete archives in the folder, but not the newest of each of so many days (with --keep-weekly: nor of so many weeks)
    #[arg(long, value_name = "DAYS")]
    pub keep_daily: Option<usize>,
    /// Delete archives in the folder, but not the newest of each of so many weeks; the newest that was verified always stays
    #[arg(long, value_name = "WEEKS")]
    pub keep_weekly: Option<usize>,
    /// Copy the archives of the folder that are not there yet to this target of rclone, such as remote:folder
    #[arg(long, value_name = "TARGET")]
    pub copy_to: Option<String>,
    /// Let everybody who finds the archive read it; secrets of this installation are left out
    #[arg(long)]
    pub unencrypted: bool,
    /// Print what was done as JSON
    #[arg(long)]
    pub json: bool,
    /// The settings.
    #[command(flatten)]
    pub settings: SettingFlags,
}

/// What to do about backups.
#[derive(Debug, Subcommand)]
pub enum BackupAction {
    /// Restore an archive into a scratch database and compare every table with the archive's manifest
    Verify(BackupVerifyOptions),
    /// Make an identity, write it into a new file, and print the public key for TWIN_BACKUP_RECIPIENTS
    Keygen {
        /// The file. Whoever has it can open the backups, and nobody can without: keep it elsewhere.
        file: PathBuf,
    },
}

/// Options of `backup verify`.
#[derive(Debug, Args)]
pub struct BackupVerifyOptions {
    /// The archive.
    pub file: PathBuf,
    /// File with an identity of age that opens it; absent: TWIN_BACKUP_PASSPHRASE does
    #[arg(long, value_name = "FILE")]
    pub identity: Option<PathBuf>,
    /// Print what the archive is and holds as JSON
    #[arg(long)]
    pub json: bool,
    /// The settings.
    #[command(flatten)]
    pub settings: SettingFlags,
}

/// Options of `restore`.
#[derive(Debug, Args)]
pub struct RestoreOptions {
    /// The archive.
    pub file: PathBuf,
    /// File with an identity of age that opens it; absent: TWIN_BACKUP_PASSPHRASE does
    #[arg(long, value_name = "FILE")]
    pub identity: Option<PathBuf>,
    /// Replace what is in the database, the files and the secrets
    #[arg(long)]
    pub replace: bool,
    /// The settings.
    #[command(flatten)]
    pub settings: SettingFlags,
}

/// Options of `account`.
#[derive(Debug, Args)]
pub struct AccountOptions {
    /// What to do.
    #[command(subcommand)]
    pub action: AccountAction,
}

/// What to do with accounts.
#[derive(Debug, Subcommand)]
pub enum AccountAction {
    /// Make the person with this e-mail address an administrator: sees accounts, health and the audit log, and closes accounts
    GrantAdmin(AdminOptions),
    /// Make the person with this e-mail address an administrator no longer; that holds at once
    RevokeAdmin(AdminOptions),
    /// List the administrators
    Admins(SettingFlags),
}

/// Options of `account grant-admin` and `account revoke-admin`.
#[derive(Debug, Args)]
pub struct AdminOptions {
    /// The e-mail address of the account
    pub email: String,
    /// The settings.
    #[command(flatten)]
    pub settings: SettingFlags,
}

/// Options of `audit`.
#[derive(Debug, Args)]
pub struct AuditOptions {
    /// What to do.
    #[command(subcommand)]
    pub action: AuditVerb,
}

/// What to do with the audit log.
#[derive(Debug, Subcommand)]
pub enum AuditVerb {
    /// Check that no row was changed or taken out, and name the first that was
    Verify(VerifyOptions),
}

/// Options of `audit verify`.
#[derive(Debug, Args)]
pub struct VerifyOptions {
    /// A row as an earlier check or an export gave it: who rewrites the whole log cannot keep it
    #[arg(long, value_name = "NUMBER:HASH")]
    pub known: Option<String>,
    /// The settings.
    #[command(flatten)]
    pub settings: SettingFlags,
}

/// Options of `doctor`.
#[derive(Debug, Args)]
pub struct DoctorOptions {
    /// Print the findings as JSON
    #[arg(long)]
    pub json: bool,
    /// The settings.
    #[command(flatten)]
    pub settings: SettingFlags,
}

/// Options of `config`.
#[derive(Debug, Args)]
pub struct ConfigOptions {
    /// What to do with the settings.
    #[command(subcommand)]
    pub action: Option<ConfigAction>,
    /// The settings.
    #[command(flatten)]
    pub settings: SettingFlags,
}

/// What to do with the settings.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum ConfigAction {
    /// Only say whether all settings are well-formed and allowed
    Check,
}

/// The flags of the settings, one for each entry of the table.
#[derive(Debug, Clone, Default)]
pub struct SettingFlags(BTreeMap<String, String>);

impl SettingFlags {
    /// The flags together with the environment of this process.
    pub fn sources(&self) -> Sources {
        Sources::of_process(self.0.clone())
    }
}

impl Args for SettingFlags {
    fn augment_args(command: clap::Command) -> clap::Command {
        SETTINGS.iter().fold(command, |command, setting| {
            let default = setting
                .default
                .map_or_else(String::new, |value| format!("; default: {value}"));
            let help = format!("{} [env: {}{default}]", setting.help, setting.name);
            let flag = Arg::new(setting.name)
                .long(setting.flag())
                .value_name("VALUE")
                .help(help)
                .help_heading("Settings");
            command.arg(flag)
        })
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for SettingFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = SETTINGS.iter().filter_map(|setting| {
            let value: &String = matches.get_one(setting.name)?;
            Some((setting.name.to_owned(), value.clone()))
        });
        Ok(Self(given.collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0.extend(Self::from_arg_matches(matches)?.0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::{Cli, Command};
    use crate::config::SETTINGS;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn help_names_every_setting_and_its_variable() {
        let mut command = Cli::command();
        let serve = command.find_subcommand_mut("serve").unwrap();
        let help = serve.render_long_help().to_string();
        let missing: Vec<_> = SETTINGS
            .iter()
            .filter(|setting| !help.contains(setting.name) || !help.contains(&setting.flag()))
            .map(|setting| setting.name)
            .collect();
        assert_eq!(missing, Vec::<&str>::new());
    }

    #[test]
    fn flags_reach_their_settings() {
        let arguments = [
            "digital-twin",
            "serve",
            "--port",
            "8001",
            "--reply-tokens-max=7",
        ];
        let Command::Serve(options) = Cli::try_parse_from(arguments).unwrap().command else {
            panic!("serve was asked for");
        };
        let flags = options.settings.sources().flags;
        assert_eq!(
            (
                flags["PORT"].as_str(),
                flags["TWIN_REPLY_TOKENS_MAX"].as_str()
            ),
            ("8001", "7")
        );
    }
}
