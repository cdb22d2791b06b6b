//! The editor of one metric.

mod basics;
mod choices;
mod counting;
mod measure;
mod uses;

use std::rc::Rc;

use beacon_shared::error::Problem;
use beacon_shared::ipc::DocumentView;
use beacon_shared::model::{Kind, MetricDefinition, MetricKind};
use yew::prelude::*;

use crate::pages::documents::{Deletion, Heading, again, ask, heading, problem_at, title_of};
use crate::state::{Editor, use_editor};
use crate::widgets::{Badge, Reveal};
use basics::Basics;
pub use choices::{KINDS, kind_of_event};
use counting::CountingFields;
use measure::Measure;
use uses::Uses;

#[derive(Properties, PartialEq)]
pub struct MetricEditorProps {
    pub document: Option<Rc<DocumentView<MetricDefinition>>>,
    pub on_created: Callback<String>,
    pub on_close: Callback<()>,
}

/// What every part of the editor gets.
#[derive(Properties, PartialEq)]
pub struct PartProps {
    pub editor: Editor<MetricDefinition>,
    pub metric: MetricDefinition,
    pub problems: Vec<Problem>,
}

impl PartProps {
    fn problem(&self, field: &str) -> Option<AttrValue> {
        problem_at(&self.problems, &format!("/{field}"))
    }
}

/// Returns options as a [`Choice`](crate::widgets::Choice) takes them.
fn options<const N: usize>(options: [(&'static str, &'static str); N]) -> Vec<(AttrValue, AttrValue)> {
    options.map(|(value, text)| (value.into(), text.into())).to_vec()
}

#[component]
pub fn MetricEditor(props: &MetricEditorProps) -> Html {
    let fresh = || MetricDefinition::new(MetricKind::Conversion { event: String::new() });
    let editor = use_editor(props.document.clone(), fresh, props.on_created.clone());
    let (metric, problems, view) = (editor.draft(), editor.problems(), editor.view());
    let part = || PartProps { editor: editor.clone(), metric: metric.clone(), problems: problems.clone() };
    let released = view.as_ref().and_then(|v| v.released.as_ref());
    let top = Heading {
        list: "Metrics",
        back_testid: "metric-back",
        title: title_of(&metric.name, "New metric"),
        badges: html! {
            if released.is_some_and(|released| *released != metric) {
                <Badge text="Unpublished changes" tone="busy" />
            }
        },
        actions: Html::default(),
    };
    html! {
        <ContextProvider<Reveal> context={Reveal(!editor.is_new())}>
            { heading(&editor, &props.on_close, top) }
            <Basics ..part() />
            <section class="card">
                <h2>{ "What it measures" }</h2>
                <Measure ..part() />
                <CountingFields ..part() />
            </section>
            <Uses id={editor.id()} published={released.is_some()} />
            <Deletion id={editor.id()} kind={Kind::Metric} live={released.is_some()}
                removed={view.as_ref().is_some_and(|v| v.removed)} on_deleted={props.on_close.clone()}
                again={again(&editor)} ask={ask(&editor)} />
        </ContextProvider<Reveal>>
    }
}
