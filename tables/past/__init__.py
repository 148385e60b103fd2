"""The tables as they were: at a release, a time or a change; what differs between two of them, and who did that."""
