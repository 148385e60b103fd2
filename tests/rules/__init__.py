"""The rules of approval by their numbers: each is a test whose name says it."""
