//! The contract between the interface and the core: every call is declared here, once.
//!
//! A call is a type that implements [`Call`]. The interface sends `(NAME, request as JSON)`, the core
//! answers `Response` or [`crate::error::Error`]. [`NAMES`] lists them all, so that a test can prove
//! that each one has a handler.

mod connection;
mod publishing;

pub use connection::{
    ConnectionInput, ConnectionOutcome, ConnectionView, DraftCounts, OtherWorkspace, WorkspaceAction, WorkspaceChoice,
    WorkspaceView,
};
pub use publishing::{FieldChange, PublishTicks, ReviewItem, ReviewView};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::api::Publication;
use crate::error::Problem;
use crate::lifecycle::Visitors;
use crate::model::{Experiment, Flag, Kind, MetricDefinition, Revision, Site, Status};
use crate::results::Excluded;
use crate::stats::Analysis;
use crate::theme::Theme;

/// One call from the interface to the core.
pub trait Call {
    /// Its name on the bridge.
    const NAME: &'static str;
    /// Body of the call.
    type Request: Serialize + DeserializeOwned;
    /// Body of the answer.
    type Response: Serialize + DeserializeOwned;
}

macro_rules! calls {
    ($($(#[$doc:meta])* $call:ident = $name:literal : $request:ty => $response:ty;)*) => {
        $($(#[$doc])* pub struct $call;
        impl Call for $call {
            const NAME: &'static str = $name;
            type Request = $request;
            type Response = $response;
        })*
        /// The names of all calls.
        pub const NAMES: &[&str] = &[$($name),*];
    };
}

calls! {
    /// Everything the window needs at the start.
    Overview = "overview": () => OverviewView;
    /// All sites that are not deleted.
    SiteList = "site.list": () => Vec<DocumentView<Site>>;
    /// Summaries of the documents of a kind that are not deleted, the newest change first.
    DocumentSummaries = "document.summaries": OfKind => Vec<Summary>;
    /// One site.
    SiteGet = "site.get": ById => DocumentView<Site>;
    /// Writes a site's draft, creating the document when `id` is `None`.
    SiteSave = "site.save": Save<Site> => DocumentView<Site>;
    /// All experiments that are not deleted.
    ExperimentList = "experiment.list": () => Vec<DocumentView<Experiment>>;
    /// One experiment.
    ExperimentGet = "experiment.get": ById => DocumentView<Experiment>;
    /// Writes an experiment's draft, creating the document when `id` is `None`.
    ExperimentSave = "experiment.save": Save<Experiment> => DocumentView<Experiment>;
    /// Marks the draft as running in a new phase; goes live with the next publication.
    ExperimentStart = "experiment.start": Start => DocumentView<Experiment>;
    /// Marks the draft as stopped; goes live with the next publication.
    ExperimentStop = "experiment.stop": ById => DocumentView<Experiment>;
    /// Hides an experiment that does not run from the lists.
    ExperimentArchive = "experiment.archive": ById => DocumentView<Experiment>;
    /// Brings an archived experiment back.
    ExperimentUnarchive = "experiment.unarchive": ById => DocumentView<Experiment>;
    /// All flags that are not deleted.
    FlagList = "flag.list": () => Vec<DocumentView<Flag>>;
    /// One flag.
    FlagGet = "flag.get": ById => DocumentView<Flag>;
    /// Writes a flag's draft, creating the document when `id` is `None`.
    FlagSave = "flag.save": Save<Flag> => DocumentView<Flag>;
    /// One metric.
    MetricGet = "metric.get": ById => DocumentView<MetricDefinition>;
    /// Writes a metric's draft, creating the document when `id` is `None`.
    MetricSave = "metric.save": Save<MetricDefinition> => DocumentView<MetricDefinition>;
    /// Makes documents of the metrics that an experiment defines itself.
    ExperimentShareMetrics = "experiment.share_metrics": ById => DocumentView<Experiment>;
    /// Switches a live flag off at once, whatever its draft holds.
    FlagKill = "flag.kill": Urgent => Publication;
    /// Stops a live experiment at once, whatever its draft holds.
    ExperimentHalt = "experiment.halt": Urgent => Publication;
    /// Makes drafts of a GrowthBook payload.
    PayloadImport = "payload.import": PayloadInput => ImportView;
    /// The drafts of a site as a GrowthBook payload.
    PayloadExport = "payload.export": ById => serde_json::Value;
    /// Deletes a document of any kind. What is live is marked for removal, which publishing carries out.
    DocumentDelete = "document.delete": Confirmed => ();
    /// Takes back a removal that is not published yet.
    DocumentRestore = "document.restore": ById => ();
    /// Makes a document's draft what is live again.
    DocumentDiscard = "document.discard": Confirmed => ();
    /// Decides a document's open conflict; everything else in it stays merged.
    ConflictResolve = "conflict.resolve": Resolve => ();
    /// The changes that publishing would make on the sites.
    PublishReview = "publish.review": () => ReviewView;
    /// Number of documents in the review, without comparing them.
    PublishCount = "publish.count": () => usize;
    /// Releases what was ticked and publishes.
    Publish = "publish.run": PublishTicks => Publication;
    /// Results of one experiment from the events on this machine.
    Results = "results.get": ResultsRequest => ResultsView;
    /// Ends the counting of an experiment's results. Its calls answer with
    /// [`Code::Cancelled`](crate::error::Code::Cancelled).
    ResultsCancel = "results.cancel": ById => ();
    /// The connection, without its key.
    ConnectionGet = "connection.get": () => ConnectionView;
    /// Tests the edge with the key, then stores the address, and the key in the keychain. Asks first if the edge holds
    /// another workspace.
    ConnectionSave = "connection.save": ConnectionInput => ConnectionOutcome;
    /// Forgets the address and the key.
    ConnectionForget = "connection.forget": () => ConnectionView;
    /// Opens another workspace that this computer has.
    WorkspaceOpen = "workspace.open": ById => ();
    /// Says that a [`Notice::Flush`] was obeyed: everything typed is saved.
    WindowFlushed = "window.flushed": () => ();
    /// Says that the network is back: a sync that waits tries again at once.
    SyncWake = "sync.wake": () => ();
    /// Syncs now: pushes, pulls, and fetches new events.
    SyncNow = "sync.now": () => SyncView;
}

/// Names a document and its kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DocumentRef {
    /// Its kind.
    pub kind: Kind,
    /// Document id.
    pub id: String,
}

/// Names a document that somebody gives up, having seen its draft. Another draft is not touched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Confirmed {
    /// Document id.
    pub id: String,
    /// Draft that the person saw.
    pub seen: serde_json::Value,
}

/// Names documents of a kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OfKind {
    /// The kind.
    pub kind: Kind,
    /// Only these documents; empty for all of the kind.
    #[serde(default)]
    pub ids: Vec<String>,
    /// The most rows, of those that changed last; without it all.
    #[serde(default)]
    pub first: Option<usize>,
}

/// An urgent command on what is live.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Urgent {
    /// Document id.
    pub id: String,
    /// The revision at the edge that the person saw: [`DocumentView::revision`].
    pub revision: Revision,
}

/// The summary of a document, as lists show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Document id.
    pub id: String,
    /// Its kind.
    pub kind: Kind,
    /// The draft's key.
    pub key: String,
    /// The draft's name; may be empty.
    pub name: String,
    /// Document ids of the sites it is on.
    pub sites: Vec<String>,
    /// A site's domains.
    pub domains: Vec<String>,
    /// State of an experiment.
    pub status: Option<Status>,
    /// A metric's measure in words, such as `visitors with order`; empty while its event has no name.
    #[serde(default)]
    pub measure: String,
    /// Document ids of the metrics that an experiment is judged by.
    #[serde(default)]
    pub metrics: Vec<String>,
    /// True if an experiment defines metrics itself, as all did before metrics were documents.
    #[serde(default)]
    pub own_metrics: bool,
    /// True if the draft of a site or a flag is switched on.
    pub enabled: bool,
    /// True if something of it is released.
    pub live: bool,
    /// State of an experiment on pages; `None` while nothing of it is released.
    #[serde(default)]
    pub live_status: Option<Status>,
    /// True if what is released of a site or a flag is switched on.
    #[serde(default)]
    pub live_enabled: bool,
    /// Unix milliseconds at which the phase that runs on pages started.
    #[serde(default)]
    pub started_at: Option<i64>,
    /// True if an experiment runs on pages and publishing begins another phase.
    #[serde(default)]
    pub restarts: bool,
    /// True if the draft differs from what is released.
    pub unpublished: bool,
    /// True if the next publication may remove it.
    pub removed: bool,
    /// True if this version can read it. A document that it cannot read is kept as it is.
    pub readable: bool,
    /// Number of problems that keep it from going live.
    pub problems: usize,
    /// Its state towards the edge.
    pub sync: SyncState,
    /// Unix milliseconds of the last change here.
    pub updated_at: i64,
}

/// Names a document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ById {
    /// Document id.
    pub id: String,
}

/// An experiment to start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// Document id.
    pub id: String,
    /// The variants that visitors of an earlier phase get.
    #[serde(default)]
    pub visitors: Visitors,
}

/// A payload to import.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PayloadInput {
    /// Document id of the site that gets what is imported.
    pub site_id: String,
    /// As GrowthBook's `/api/features/…` answers, as text.
    pub payload: String,
}

/// The outcome of an import.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImportView {
    /// Number of flags.
    pub flags: usize,
    /// Number of experiments.
    pub experiments: usize,
    /// Number of segments.
    pub segments: usize,
    /// Parts that could not be carried over, addressed in the payload.
    pub report: Vec<Problem>,
}

/// Decides a conflict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resolve {
    /// Document id.
    pub id: String,
    /// The revision at the edge that the person saw: [`DocumentView::theirs`].
    pub theirs: Revision,
    /// Side whose values are taken where both changed.
    pub take: crate::sync::Take,
}

/// A draft to write.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Save<T> {
    /// The document, or `None` for a new one.
    pub id: Option<String>,
    /// The draft that this one was edited from. What changed here since then stays, and so does what was typed.
    /// `None` for a new document.
    #[serde(default = "none")]
    pub base: Option<T>,
    /// The whole draft. An incomplete one is kept too: see [`DocumentView::problems`].
    pub draft: T,
}

fn none<T>() -> Option<T> {
    None
}

/// The state of a document towards the edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncState {
    /// The edge has it as it is here.
    Synced,
    /// Changed here since.
    Pending,
    /// Changed here and elsewhere, in the same place.
    Conflict,
    /// The edge refuses it; see the problems.
    Rejected,
}

/// A document as the interface shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DocumentView<T> {
    /// Document id.
    pub id: String,
    /// The definition as it is edited.
    pub draft: T,
    /// The released definition, if there is one.
    pub released: Option<T>,
    /// True if the next publication may remove it.
    #[serde(default)]
    pub removed: bool,
    /// The newest revision at the edge that is known here; number 0 while the edge does not have it.
    #[serde(default)]
    pub revision: Revision,
    /// The revision at the edge that an open conflict is with.
    #[serde(default)]
    pub theirs: Option<Revision>,
    /// Its state towards the edge.
    pub sync: SyncState,
    /// Unix milliseconds of the last change here.
    pub updated_at: i64,
    /// Problems that keep it from going live. An incomplete draft is kept and synced nevertheless.
    pub problems: Vec<Problem>,
}

/// Everything the window needs at the start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OverviewView {
    /// The app's version.
    pub version: String,
    /// Number of sites.
    pub sites: usize,
    /// Number of experiments.
    pub experiments: usize,
    /// Number of flags.
    pub flags: usize,
    /// The connection.
    pub connection: ConnectionView,
    /// Sync.
    pub sync: SyncView,
}

/// The state of sync.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SyncView {
    /// True if the last attempt reached the edge.
    pub online: bool,
    /// True if an attempt is under way.
    pub busy: bool,
    /// Documents that the edge does not have as they are here.
    pub pending: usize,
    /// Documents in conflict.
    pub conflicts: usize,
    /// Unix milliseconds of the last complete sync.
    pub last_at: Option<i64>,
    /// Reason why documents do not sync, as a sentence that says what to do.
    pub problem: Option<String>,
    /// Reason why events do not arrive, as a sentence that says what to do.
    #[serde(default)]
    pub events_problem: Option<String>,
    /// Sentences about what is wrong with the events that are here, such as those missing at the edge.
    #[serde(default)]
    pub events_notes: Vec<String>,
}

/// A request for an experiment's results, drawn for a theme.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResultsRequest {
    /// Document id of the experiment.
    pub id: String,
    /// For the chart.
    pub theme: Theme,
    /// Id of the phase; `None` for the newest one.
    #[serde(default)]
    pub phase: Option<String>,
}

/// Results of one experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResultsView {
    /// The decision and the numbers it comes from.
    pub analysis: Analysis,
    /// Names of the variants, in the order of the analysis.
    pub variant_names: Vec<String>,
    /// Id of the phase.
    pub phase: String,
    /// The exposures and outcomes that were left out, by reason.
    pub excluded: Vec<Excluded>,
    /// Sentences about the events that the numbers come from, such as which are missing at the edge.
    pub notes: Vec<String>,
    /// Sentences about visitors whose outcome may still change, one for each metric with open windows.
    #[serde(default)]
    pub open_windows: Vec<String>,
    /// Number of the site's events on this machine.
    pub events: u64,
    /// Unix milliseconds: everything the edge acknowledged before it is in. `None` before the first fetch.
    pub data_as_of: Option<i64>,
    /// The lift with its interval, as SVG made by the core.
    pub chart_svg: String,
    /// The same chart in words, for a screen reader.
    pub chart_text: String,
}

/// A part of the data that is brought up to date at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preparing {
    /// The drafts.
    Drafts,
    /// The events.
    Events,
}

/// A message from the core to the window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Notice {
    /// These documents changed.
    Changed {
        /// The documents.
        documents: Vec<DocumentRef>,
    },
    /// Sync stands differently.
    Sync {
        /// The new state.
        view: SyncView,
    },
    /// New events arrived.
    Events,
    /// Notices were lost on the way: read everything again.
    Resync,
    /// Another workspace is open now: begin as at the start of the app.
    Workspace,
    /// A part of the data is brought up to date. Drafts come before anything else is answered; events behind the open
    /// window, until they are done or the next [`Notice::Events`].
    Preparing {
        /// The part at work.
        step: Preparing,
        /// Part of it that is done, in percent; 100 at its end. `None` while that is unknown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        percent: Option<u8>,
    },
    /// The window closes: save what was typed last, then call [`WindowFlushed`].
    Flush,
}

/// The name of the one webview event that carries a [`Notice`].
pub const NOTICE: &str = "notice";
