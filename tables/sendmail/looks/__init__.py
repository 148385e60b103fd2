"""What a file looks like that is not one of sendmail's tables, one kind of file a module."""
