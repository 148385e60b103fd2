"""Each publication as a commit in a git repository, for whoever reads history with git. Mail never waits for it."""
