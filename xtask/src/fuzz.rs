//! `fuzz`: coverage-guided fuzzing of what reads other people's input.

use anyhow::{Context, Result, bail};

use crate::command::{cargo, run, say};
use crate::{paths, tools};

const TARGETS: [&str; 4] = ["evaluate", "condition", "document", "import"];
const SECONDS: u64 = 60;
/// The longest input that is tried, in bytes.
const LONGEST: u32 = 4096;

/// The task.
pub fn task(arguments: &[String]) -> Result<()> {
    let (mut targets, mut seconds) = (TARGETS.to_vec(), SECONDS);
    for word in arguments {
        match TARGETS.iter().find(|target| *target == word) {
            Some(target) => targets = vec![target],
            None if word.starts_with(|c: char| c.is_ascii_digit()) => {
                seconds = word.parse().with_context(|| format!("`{word}` is no number of seconds."))?;
            }
            None => bail!("`fuzz` takes a target ({}) and a number of seconds.", TARGETS.join(", ")),
        }
    }
    tools::CARGO_FUZZ.install()?;
    targets.into_iter().try_for_each(|target| fuzz(target, seconds))
}

/// Every target for a minute.
pub fn all() -> Result<()> {
    task(&[])
}

fn fuzz(target: &str, seconds: u64) -> Result<()> {
    say(&format!("Fuzzing `{target}` for {seconds} s."));
    let folder = paths::cache()?.join("fuzz");
    let corpus = folder.join("corpus").join(target);
    std::fs::create_dir_all(&corpus)?;
    let mut command = std::process::Command::new(tools::CARGO_FUZZ.need()?);
    command.args(["run", "--fuzz-dir"]).arg(paths::root().join("tests/fuzz"));
    command.arg("--target-dir").arg(folder.join("target")).arg(target).arg(corpus).arg("--");
    command.args([format!("-max_total_time={seconds}"), format!("-max_len={LONGEST}"), "-verbosity=0".to_owned()]);
    // The sanitizers' flags are not stable; the compiler that is here has them all the same.
    command.env("RUSTC_BOOTSTRAP", "1").env("CARGO", cargo(&[])?.get_program()).current_dir(paths::root());
    run(&mut command)
}
