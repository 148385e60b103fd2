"""Does the history hold, and does everything else say what it says? Each module proves one thing; nothing here writes.

All of it reads ordered streams side by side, so that a million entries need no more memory than ten.
"""
