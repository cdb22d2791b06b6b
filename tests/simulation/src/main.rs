//! `sim [--seeds N] [--start S] [--mutants]`: plays histories, or says after how many each mutant is killed.

use std::process::ExitCode;

use anyhow::{Result, bail};
use beacon_shared::sync::mutant::Mutant;
use beacon_simulation::{kill, play};

fn main() -> ExitCode {
    match run(&std::env::args().skip(1).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    let (mut seeds, mut start, mut mutants) = (1_000, 1, false);
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let mut number = || match arguments.next().and_then(|n| n.parse::<u64>().ok()) {
            Some(number) => Ok(number),
            None => bail!("`{argument}` takes a number."),
        };
        match argument.as_str() {
            "--seeds" => seeds = number()?,
            "--start" => start = number()?,
            "--mutants" => mutants = true,
            unknown => bail!("There is no `{unknown}`: use --seeds N, --start S or --mutants."),
        }
    }
    if mutants {
        return kill_all(seeds);
    }
    for seed in start..start.saturating_add(seeds) {
        play(seed)?;
        if (seed - start + 1) % 100 == 0 {
            println!("{} histories hold.", seed - start + 1);
        }
    }
    println!("{seeds} histories hold.");
    Ok(())
}

fn kill_all(seeds: u64) -> Result<()> {
    let mut survivors = 0;
    for mutant in Mutant::ALL {
        match kill(mutant, seeds) {
            Some(after) => println!("{mutant:?}: killed by seed {after}"),
            None => {
                println!("{mutant:?}: survived {seeds} histories");
                survivors += 1;
            }
        }
    }
    if survivors == 0 { Ok(()) } else { bail!("{survivors} mutants survived.") }
}
