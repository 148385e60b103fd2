"""Keys and values taken apart into named pieces, and put together again for a form. One module a table."""
