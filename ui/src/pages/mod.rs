//! One module for every page of the window, and one for what editors of all kinds have.

mod documents;
mod experiments;
mod flags;
mod metrics;
mod publish;
mod results;
mod settings;
mod sites;

pub use experiments::Experiments;
pub use flags::Flags;
pub use metrics::Metrics;
pub use publish::Publish;
pub use results::Results;
pub use settings::Settings;
pub use sites::Sites;
