//! The broker of the fleet's engine as a subject: a virtual host of its own on a real server.

use std::sync::Arc;

use ktrdr_fabric::broker::Queue;
use ktrdr_fleet::amqp::{AmqpBroker, AmqpSettings};

use crate::vhost::{Place, Vhost};
use crate::world::{World, boot};

pub(crate) async fn world() -> World {
    let vhost = Vhost::at(Place::shared()).await;
    vhost.apply().await;
    let settings = AmqpSettings::new(vhost.url().parse().unwrap(), "exam", boot("exam"), Queue::all());
    let broker = AmqpBroker::connect(settings).await.unwrap();
    // Of the rest nothing is asked here.
    World { broker: Arc::new(broker), _belongings: Box::new(vhost), ..crate::embedded::world() }
}
