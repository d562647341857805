"""Webhook delivery: `http` sends one webhook safely, `worker` decides which and when, and settles every attempt."""

from services.notifier.delivery.http import AddressPolicy, EndpointRefused, Outcome, Resolver, parse_endpoint, post
from services.notifier.delivery.worker import Deliverer

__all__ = ["AddressPolicy", "Deliverer", "EndpointRefused", "Outcome", "Resolver", "parse_endpoint", "post"]
