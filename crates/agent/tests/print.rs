mod support;
use support::*;
#[test]
fn show() {
    let mut c = Campaign::new(vec![bars(43_000, 0.02, 1)], 7);
    for i in 0..12 {
        let t = std::time::Instant::now();
        let d = c.design(i).unwrap();
        println!("{:?} {}\n  {}\n  {}\n  {}", t.elapsed(), d.strategy.name, d.origin, d.rationale, d.strategy.hypothesis.clone().unwrap());
        if i == 0 { println!("{}", serde_json::to_string_pretty(&d.strategy).unwrap()); }
        c.learn(d.strategy, if i % 2 == 0 { 2.0 } else { -1.0 });
    }
}
