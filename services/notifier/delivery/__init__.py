"""Webhook delivery: `http` sends one webhook safely, `worker` decides which and when and writes down what came of it."""

from services.notifier.delivery.http import (
    DENIED_NETWORKS,
    AddressPolicy,
    Endpoint,
    EndpointRefused,
    Outcome,
    Resolver,
    parse_endpoint,
    post,
    resolve_by_system,
)
from services.notifier.delivery.worker import Deliverer
