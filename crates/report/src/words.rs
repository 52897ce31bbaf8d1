//! Codes of gates and of stops, in words.

/// What a gate said, as a sentence with its code and figures.
pub(crate) fn sentence(code: &str, figures: &str) -> String {
    match of_code(code) {
        unknown if unknown == code => format!("{code} ({figures})."),
        words => format!("{}: {code} ({figures}).", upper_first(words)),
    }
}

/// As the beginning of a sentence, or as a title.
pub(crate) fn upper_first(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// What stopped something, for people who do not know the code.
pub(crate) fn of_code(code: &str) -> &str {
    match code {
        "no_skill" => "forecasts no better than someone who only knows how often each class comes",
        "collapsed_answers" => "the network always gives the same answer",
        "too_few_test_rows" => "too few rows of dev were left to test on",
        "no_dev_profit" => "lost money on dev, on rows its networks never saw",
        "within_dev_null" => "chance does as well on dev too often",
        "not_a_champion" => "bred on dev, and others were better",
        "repetition" => "the same idea was examined before",
        "leakage" => "its decisions changed when the future was changed",
        "too_few_trades" => "too few trades to tell anything",
        "no_net_profit" => "earned nothing after costs",
        "drawdown_too_high" => "fell too far from its peak",
        "within_null" => "did no better than the same trades at other times",
        "deflated_sharpe_too_low" => "no better than the best of as many worthless trials",
        "not_a_discovery" => "good alone, not good enough among everything that was tested on this window",
        "metric_missing" => "a figure that is asked for is undefined",
        "in_sample" => "the model learned from the time it was examined on",
        "implausible" => "the figures are of a kind that no account has",
        "accuracy_below_threshold" => "the network is right too seldom",
        "loss_too_high" => "the network's loss is too high",
        "insufficient_loss_decrease" => "the network learned too little",
        "win_rate_too_low" => "too few trades won",
        "sharpe_too_low" => "too little reward for the risk",
        "budget_exhausted" => "nothing was left to spend",
        other => other,
    }
}
