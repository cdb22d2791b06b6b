use std::sync::Arc;

use beacon_shared::error::{Code, Error, Result};
use beacon_shared::ipc::{ById, ResultsRequest, ResultsView};
use beacon_shared::model::{Experiment, Phase, PhasePlan};

use super::document;
use crate::app::App;
use crate::charts;
use crate::results::{
    Analysed, DefinitionPart, EventStore, JudgedBy, SiteFacts, Zone, analyse_phase, assigned_in_groups, judged_by,
    notes,
};
use crate::store::Store;

/// Counts what ran: the released definition, or the draft while nothing is released. The count ends when nobody waits
/// for the answer any more.
pub async fn get(app: &Arc<App>, request: ResultsRequest) -> Result<ResultsView> {
    let id = request.id.clone();
    let document = document::get::<Experiment>(app, request.id).await?;
    let part = if document.released.is_some() { DefinitionPart::Released } else { DefinitionPart::Draft };
    let experiment = document.released.unwrap_or(document.draft);
    let JudgedBy { metrics, notes: metric_notes } = metrics(app, &experiment, part).await?;
    let phase = phase(&experiment, request.phase.as_deref())?.clone();
    let site = experiment.site_id.clone();
    let row = app.store(move |s| s.document(&site)).await?;
    let site = SiteFacts::of(&row.map(|row| row.replica.local.body).unwrap_or_default());
    let begun = app.counting().begin(&id);
    let cancel = begun.cancel();
    let (zone, site_id) = (site.zone.clone().unwrap_or(Zone::UTC), experiment.site_id.clone());
    let phase_id = phase.id.clone();
    let in_groups = assigned_in_groups(&experiment.assignment(&phase).audience.hash_attribute);
    let (analysed, log) = app
        .events(move |events: &dyn EventStore| {
            let analysed = analyse_phase(events, &experiment, metrics, &phase, &zone, &cancel)?;
            Ok((analysed, events.log(&site_id)?.unwrap_or_default()))
        })
        .await?;
    let Analysed { analysis, excluded, open_windows, idle_caps, events, data_as_of } = analysed;
    let mut notes = notes(&site.name, &log, site.zone.as_ref().unwrap_or(&Zone::UTC));
    if site.zone.is_none() {
        notes.push(format!("Beacon doesn't know the time zone of {}, so its days are in UTC.", site.name));
    }
    notes.extend(metric_notes);
    notes.extend(idle_caps);
    notes.extend(in_groups);
    Ok(ResultsView {
        chart_svg: charts::forest(&analysis, request.theme)?,
        chart_text: charts::alt_text(&analysis),
        variant_names: analysis.plan.names.clone(),
        phase: phase_id,
        excluded,
        notes,
        open_windows,
        events,
        data_as_of,
        analysis,
    })
}

/// Returns the plan of the experiment's next phase, from what the site's visitors did before. An experiment starts without
/// one rather than not at all.
pub async fn phase_plan(app: &Arc<App>, id: &str) -> Option<PhasePlan> {
    let planned = planned(app, id.to_owned()).await;
    planned.inspect_err(|error| tracing::warn!(%error, "a phase cannot be planned")).ok().flatten()
}

async fn planned(app: &Arc<App>, id: String) -> Result<Option<PhasePlan>> {
    let experiment = document::get::<Experiment>(app, id).await?.draft;
    let metrics = metrics(app, &experiment, DefinitionPart::Draft).await?.metrics;
    let site = experiment.site_id.clone();
    let row = app.store(move |s| s.document(&site)).await?;
    let zone = SiteFacts::of(&row.map(|row| row.replica.local.body).unwrap_or_default()).zone.unwrap_or(Zone::UTC);
    let now = app.now();
    app.events(move |events: &dyn EventStore| crate::results::phase_plan(events, &experiment, metrics, &zone, now))
        .await
}

/// The metrics of the experiment, as the workspace defines them.
async fn metrics(app: &Arc<App>, experiment: &Experiment, part: DefinitionPart) -> Result<JudgedBy> {
    let experiment = experiment.clone();
    let body_of = |s: &Store, id: &str| Ok(s.document(id)?.map(|row| row.replica.local.body));
    app.store(move |s| judged_by(&experiment, part, |id| body_of(s, id))).await
}

/// Ends the counts of an experiment. Their calls answer with [`Code::Cancelled`].
pub async fn cancel(app: &Arc<App>, request: ById) -> Result<()> {
    app.counting().cancel(&request.id);
    Ok(())
}

/// The phase with this id, or the newest one.
fn phase<'a>(experiment: &'a Experiment, id: Option<&str>) -> Result<&'a Phase> {
    let found = match id {
        Some(id) => experiment.phases.iter().find(|phase| phase.id == id),
        None => experiment.phase(),
    };
    found.ok_or_else(|| match id {
        Some(_) => Error::new(Code::NotFound, "This experiment has no such phase. Go back to its results."),
        None => Error::new(
            Code::Invalid,
            "This experiment hasn't started yet. Start it and publish it; results appear as visitors come.",
        ),
    })
}
