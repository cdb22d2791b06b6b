use std::cell::Cell;
use std::rc::Rc;

use beacon_shared::ipc::{ExperimentList, FlagList, Notice, Overview, SiteList};
use beacon_shared::model::Kind;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use super::data::{Action, Data, Store};
use crate::ipc;

/// What can be fetched anew.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Part {
    /// Counts and the connection.
    Overview,
    /// A list of documents.
    List(Kind),
}

/// Fetches one part, at most once at a time: what is asked for meanwhile is fetched once more at the end.
#[derive(Default)]
struct Flight {
    busy: Cell<bool>,
    again: Cell<bool>,
}

#[derive(Default)]
struct Flights {
    overview: Flight,
    sites: Flight,
    experiments: Flight,
    flags: Flight,
}

impl Flights {
    fn of(&self, part: Part) -> &Flight {
        match part {
            Part::Overview => &self.overview,
            Part::List(Kind::Site) => &self.sites,
            Part::List(Kind::Experiment) => &self.experiments,
            Part::List(Kind::Flag) => &self.flags,
        }
    }
}

async fn fetch(part: Part) -> Action {
    match part {
        Part::Overview => Action::Overview(ipc::call::<Overview>(()).await),
        Part::List(Kind::Site) => Action::Sites(ipc::call::<SiteList>(()).await),
        Part::List(Kind::Experiment) => Action::Experiments(ipc::call::<ExperimentList>(()).await),
        Part::List(Kind::Flag) => Action::Flags(ipc::call::<FlagList>(()).await),
    }
}

fn load(flights: &Rc<Flights>, dispatcher: &UseReducerDispatcher<Data>, part: Part) {
    let flight = flights.of(part);
    if flight.busy.replace(true) {
        flight.again.set(true);
        return;
    }
    let (flights, dispatcher) = (flights.clone(), dispatcher.clone());
    spawn_local(async move {
        let flight = flights.of(part);
        loop {
            flight.again.set(false);
            dispatcher.dispatch(fetch(part).await);
            if !flight.again.get() {
                break;
            }
        }
        flight.busy.set(false);
    });
}

/// The store of a window: loads everything once, then what the core says has changed.
#[hook]
pub fn use_provide() -> Store {
    let data = use_reducer_eq(Data::default);
    let flights = use_memo((), |()| Rc::new(Flights::default()));
    let load = {
        let (flights, dispatcher) = ((*flights).clone(), data.dispatcher());
        use_callback((), move |part, ()| load(&flights, &dispatcher, part))
    };
    {
        let (load, dispatcher) = (load.clone(), data.dispatcher());
        use_effect_with((), move |()| {
            for part in [Part::Overview, Part::List(Kind::Site), Part::List(Kind::Experiment), Part::List(Kind::Flag)] {
                load.emit(part);
            }
            let listening = ipc::listen(move |notice| {
                match &notice {
                    Notice::Changed { kind } => {
                        load.emit(Part::List(*kind));
                        load.emit(Part::Overview);
                    }
                    // The edge's name and version come with the connection.
                    Notice::Sync { .. } => load.emit(Part::Overview),
                    Notice::Events => {}
                }
                dispatcher.dispatch(Action::Notice(notice));
            });
            // Without a bridge the calls have failed as well, and those are shown.
            drop(listening);
        });
    }
    Store { data: Rc::new((*data).clone()), load }
}
