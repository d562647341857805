"""Pure rules of the notifier: whom a change concerns, how it is told, how a webhook is signed and tried again."""
