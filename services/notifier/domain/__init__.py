"""Pure rules of the notifier: when a webhook is tried again and how it is signed."""
