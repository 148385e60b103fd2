"""Icons drawn once: heroicons makes each anew from its XML, which for a list of fifty entries took half of the time."""

from functools import lru_cache

from django import template
from heroicons.templatetags import heroicons

register = template.Library()

#: One of each name and class: the templates name them all.
register.simple_tag(lru_cache(maxsize=256)(heroicons.heroicon_outline), name="heroicon_outline")
