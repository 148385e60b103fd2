"""What a change can do harm with, judged by what sendmail would look up before it and after it."""
