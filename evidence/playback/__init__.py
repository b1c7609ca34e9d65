"""Going back: recorded footage for the browser, under a permit, with a byte account."""
