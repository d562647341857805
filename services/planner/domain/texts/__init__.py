"""What offices write of the plan by section: which sections there are, their Markdown, the figures that they name."""
