"""Work on many entries at once. Whatever it is, it makes a draft: the one preview, and then the one way of a change."""
