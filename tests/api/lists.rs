//! Lists: parts that follow each other, filters, entity tags.

use reqwest::Method;
use serde_json::{Value, json};

use super::client::{Served, block_on};
use crate::world::{Engine, World, on_each_engine};

on_each_engine!(parts_follow_each_other_whatever_happens_meanwhile, the_language_of_filters_is_understood);

async fn trainings(api: &Served, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for n in 0..count {
        let key = format!("training {n}").replace(' ', "-");
        let (status, job) =
            api.post("/trainings/start", &json!({ "strategy": { "name": "fx_pullback" } }), Some(&key)).await;
        assert_eq!(status, 202, "{job}");
        ids.push(job["operation"].as_str().unwrap().to_owned());
    }
    ids
}

fn world(engine: Engine) -> World {
    let world = World::on(engine);
    world.generate("EURUSD", "random-walk", 2_000, 3);
    world.example("fx_pullback");
    world.json(&["queues", "pause", "training"]);
    world
}

fn ids(list: &Value) -> Vec<String> {
    list["operations"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

fn parts_follow_each_other_whatever_happens_meanwhile(engine: Engine) {
    let world = world(engine);
    let api = Served::up(&world, &[]);
    block_on(async {
        let mut all = trainings(&api, 5).await;
        all.reverse();
        let first = api.got("/operations?limit=2&type=training").await;
        assert_eq!((ids(&first), &first["total"]), (all[..2].to_vec(), &json!(5)));
        // Something newer comes: the next part begins where this one ended all the same.
        api.post("/trainings/start", &json!({ "strategy": { "name": "fx_pullback" } }), Some("newer")).await;
        let next = first["next"].as_str().unwrap();
        let second = api.got(&format!("/operations?limit=2&type=training&cursor={next}")).await;
        assert_eq!((ids(&second), &second["total"]), (all[2..4].to_vec(), &json!(6)));
        let next = second["next"].as_str().unwrap();
        let last = api.got(&format!("/operations?limit=2&type=training&cursor={next}")).await;
        assert_eq!((ids(&last), &last["next"]), (all[4..].to_vec(), &Value::Null));

        for wrong in [
            "limit=0",
            "limit=1001",
            "limit=x",
            "cursor=7",
            "cursor=cx",
            "cursor=c-1",
            "colour=red",
            "status=lost",
            "status",
        ] {
            let (status, problem) = api.get(&format!("/operations?{wrong}")).await;
            assert_eq!(
                (status, problem["code"].as_str()),
                (400, Some("invalid_request")),
                "{wrong}: {problem}"
            );
        }

        // Whoever has it already is not sent it again.
        let one = api.request(Method::GET, &format!("/operations/{}", all[0])).send().await.unwrap();
        let tag = one.headers()["etag"].clone();
        let again = api.request(Method::GET, &format!("/operations/{}", all[0])).header("If-None-Match", tag);
        let again = again.send().await.unwrap();
        assert_eq!((again.status().as_u16(), again.text().await.unwrap()), (304, String::new()));
    });
}

fn the_language_of_filters_is_understood(engine: Engine) {
    let world = world(engine);
    let api = Served::up(&world, &[]);
    block_on(async {
        let all = trainings(&api, 3).await;
        let (status, _) =
            api.post(&format!("/operations/{}/cancel", all[0]), &json!({ "reason": "no" }), None).await;
        assert_eq!(status, 200);
        let newest_first = |wanted: &[usize]| wanted.iter().map(|&n| all[n].clone()).collect::<Vec<_>>();
        for (filter, wanted) in [
            ("type=training", newest_first(&[2, 1, 0])),
            ("type=training&status=pending,cancelled", newest_first(&[2, 1, 0])),
            ("type=training&status=cancelled", newest_first(&[0])),
            ("type=training&status!=cancelled,failed", newest_first(&[2, 1])),
            ("type!=training", Vec::new()),
            ("status=pending&status!=pending", Vec::new()),
            (&format!("id={},{}", all[0], all[2]), newest_first(&[2, 0])),
            ("type=training&error!~disk", newest_first(&[2, 1, 0])),
            ("type=training&error~disk", Vec::new()),
            ("type%21=probe,training", Vec::new()),
        ] {
            let list = api.got(&format!("/operations?{filter}")).await;
            assert_eq!(ids(&list), wanted, "{filter}");
            // The same words on the command line.
            let typed = world.json(&["operations", "list", "--filter", filter]);
            assert_eq!(ids(&typed), wanted, "{filter}");
        }
    });
}
