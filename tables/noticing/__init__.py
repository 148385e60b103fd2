"""Who is told of what: kinds, recipients, and the writing of notices. :mod:`tables.notices` is what others call."""
