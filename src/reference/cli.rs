//! `cli.md`: every command, flag and environment variable.

use std::fmt::Write as _;

use clap::{Arg, Command};

use super::markdown::{cell, page, prose, sentence, table};

const ABOUT: &str = "Each flag of `musubi run` can also be set as an environment variable. A flag takes precedence over its \
                     variable. In a variable, separate the values of a repeatable flag with commas. \
                     [Helm values](helm.md) set these variables in a cluster.";

/// The page, from the program's own definition of its command line.
pub fn markdown(mut command: Command) -> String {
    // What clap adds by itself, too.
    command.build();
    let mut out = page("Command line", ABOUT);
    let commands: Vec<&Command> = command.get_subcommands().filter(|found| found.get_name() != "help").collect();
    out.push('\n');
    let rows = commands.iter().map(|found| {
        let name = format!("musubi {}", found.get_name());
        [format!("[`{name}`](#{})", name.replace(' ', "-")), about(found)]
    });
    table(&mut out, ["Command", "What it does"], rows);
    out.push_str("\n`musubi --help` and `musubi --version` print help and the version.\n");
    for found in commands {
        let _ = write!(out, "\n## musubi {}\n\n{}\n", found.get_name(), about(found));
        flags(&mut out, found);
    }
    out
}

fn about(command: &Command) -> String {
    let about = command.get_long_about().or_else(|| command.get_about()).map(ToString::to_string).unwrap_or_default();
    prose(&sentence(&about.replace('\n', " ")))
}

fn flags(out: &mut String, command: &Command) {
    let flags: Vec<&Arg> = command.get_arguments().filter(|arg| arg.get_id() != "help").collect();
    if flags.is_empty() {
        return;
    }
    let has_variables = flags.iter().any(|arg| arg.get_env().is_some());
    out.push('\n');
    if has_variables {
        table(
            out,
            ["Flag and variable", "Default", "Meaning"],
            flags.iter().map(|arg| {
                let variable =
                    arg.get_env().map(|name| format!("<br>`{}`", name.to_string_lossy())).unwrap_or_default();
                [format!("{}{variable}", flag(arg)), default(arg), meaning(arg)]
            }),
        );
    } else {
        table(out, ["Flag", "Default", "Meaning"], flags.iter().map(|arg| [flag(arg), default(arg), meaning(arg)]));
    }
}

/// The flag with the name of its value.
fn flag(arg: &Arg) -> String {
    let takes = arg.get_action().takes_values();
    let names = arg.get_value_names().filter(|_| takes).unwrap_or_default();
    names.iter().fold(format!("`--{}", arg.get_long().unwrap_or_default()), |flag, name| flag + " <" + name + ">") + "`"
}

fn default(arg: &Arg) -> String {
    let values: Vec<_> = arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    match values.as_slice() {
        _ if arg.is_required_set() => "required".to_owned(),
        _ if !arg.get_action().takes_values() => "off".to_owned(),
        [] => "not set".to_owned(),
        values => format!("`{}`", values.join(",")),
    }
}

fn meaning(arg: &Arg) -> String {
    let help = arg.get_long_help().or_else(|| arg.get_help()).map(ToString::to_string).unwrap_or_default();
    let choices = arg.get_possible_values();
    let choices =
        choices.iter().filter(|_| arg.get_action().takes_values()).map(|value| format!("`{}`", value.get_name()));
    let choices = choices.collect::<Vec<_>>().join(", ");
    let choices = if choices.is_empty() { String::new() } else { format!(" One of {choices}.") };
    cell(&format!("{}{choices}", sentence(&help)))
}
