//! Bars and their windows, strategies, models: which request each use case is. What it takes and gives is the application floor's; only its place differs.

use async_trait::async_trait;
use ktrdr_app::AppError;
use ktrdr_app::data::{CheckedSeries, GenerateRequest, ImportRequest, ListedSeries};
use ktrdr_app::resample::{ResampleRequest, ResampledSeries};
use ktrdr_app::strategies::{
    ListedModel, ListedStrategy, ModelDetail, ModelImportance, StrategyDetail, StrategyText,
};
use ktrdr_app::submit::SubmittedJob;
use ktrdr_app::use_cases::Library;
use ktrdr_app::windows::{InstrumentWindows, RollPlan, RollRequest};
use ktrdr_domain::{DataRef, StrategyName, Symbol, Timeframe};
use serde_json::json;

use crate::Client;
use crate::lists::ALL;
use crate::request::{Request, body_of, query_of};

#[async_trait]
impl Library for Client {
    async fn import_data(&self, request: &ImportRequest, csv: &[u8]) -> Result<SubmittedJob, AppError> {
        let post = Request::post(&["data", "import"]).query(query_of(request, &[])).csv(csv)?;
        self.ask(post.once(request.idempotency_key.as_ref())).await
    }

    async fn generate_data(&self, request: &GenerateRequest) -> Result<DataRef, AppError> {
        self.ask(Request::post(&["data", "generate"]).json(body_of(request, &[])).once(None)).await
    }

    async fn resample_data(&self, request: &ResampleRequest) -> Result<ResampledSeries, AppError> {
        self.ask(Request::post(&["data", "resample"]).json(body_of(request, &[])).once(None)).await
    }

    async fn check_data(&self, symbol: &Symbol, timeframe: Timeframe) -> Result<CheckedSeries, AppError> {
        self.ask(Request::get(&["data", symbol.as_str(), &timeframe.to_string(), "health"])).await
    }

    async fn list_data(&self) -> Result<Vec<ListedSeries>, AppError> {
        self.list("data", &["data"], "", ALL).await
    }

    async fn windows(&self, symbol: &Symbol) -> Result<InstrumentWindows, AppError> {
        self.ask(Request::get(&["windows", symbol.as_str()])).await
    }

    async fn plan_roll_windows(&self, request: &RollRequest) -> Result<RollPlan, AppError> {
        let path = ["windows", request.symbol.as_str(), "roll"];
        self.ask_for("planned", Request::post(&path).json(body_of(request, &["symbol"])).repeatable()).await
    }

    async fn roll_windows(&self, plan: RollPlan) -> Result<InstrumentWindows, AppError> {
        let path = ["windows", plan.symbol.as_str(), "roll"];
        // What was agreed to is done, or nothing.
        let body = json!({ "reason": plan.reason, "before": plan.before, "confirm": true });
        self.ask_for("done", Request::post(&path).json(body).once(None)).await
    }

    async fn strategies(&self) -> Result<Vec<ListedStrategy>, AppError> {
        self.list("strategies", &["strategies"], "", ALL).await
    }

    async fn strategy(&self, name: &StrategyName) -> Result<StrategyDetail, AppError> {
        self.ask(Request::get(&["strategies", name.as_str()])).await
    }

    async fn strategy_text(&self, name: &StrategyName) -> Result<StrategyText, AppError> {
        self.ask(Request::get(&["strategies", name.as_str(), "text"])).await
    }

    async fn models(&self) -> Result<Vec<ListedModel>, AppError> {
        self.list("models", &["models"], "", ALL).await
    }

    async fn model(&self, strategy: &StrategyName, version: Option<u32>) -> Result<ModelDetail, AppError> {
        self.ask(Request::get(&["models", strategy.as_str()]).query(of(version))).await
    }

    async fn importance(
        &self,
        strategy: &StrategyName,
        version: Option<u32>,
    ) -> Result<ModelImportance, AppError> {
        self.ask(Request::get(&["models", strategy.as_str(), "importance"]).query(of(version))).await
    }
}

/// `version=N`, if one is meant.
fn of(version: Option<u32>) -> String {
    version.map_or_else(String::new, |version| format!("version={version}"))
}
