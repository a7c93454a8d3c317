"""The console: what it sees of a stack, how it answers, and the two ways of asking, by hand and through a pipe."""
