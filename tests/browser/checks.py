"""What must hold on every page, asked of the browser itself."""

from playwright.sync_api import Page

#: Text too much like what is behind it: less than 4.5 : 1, or 3 : 1 where it is large (WCAG 2.2, 1.4.3).
_FAINT = """() => {
  const channels = colour => (colour.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(c => c / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = channels(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some(n => n.nodeType === Node.TEXT_NODE && n.textContent.trim());
    if (!own || !element.checkVisibility({opacityProperty: true, visibilityProperty: true})) continue;
    if (element.closest(".visually-hidden, .skip-link, :disabled, option")) continue;
    const style = getComputedStyle(element);
    const [a, b] = [light(channels(style.color)), light(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const large = parseFloat(style.fontSize) >= 24;
    if (ratio < (large ? 3 : 4.5)) found.push(`${element.textContent.trim().slice(0, 40)}: ${ratio.toFixed(2)}`);
  }
  return found;
}"""

#: Controls and pictures that a screen reader could not name.
_NAMELESS = """() => [...document.querySelectorAll("input, select, textarea, button, a[href], img, summary")]
  .filter(e => e.type !== "hidden" && e.checkVisibility())
  .filter(e => !(e.labels && e.labels.length) && !e.getAttribute("aria-label") && !e.textContent.trim()
    && !e.hasAttribute("alt") && !e.title)
  .map(e => e.outerHTML.slice(0, 120))"""

_TWICE = """() => {
  const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
  return ids.filter((id, i) => ids.indexOf(id) !== i);
}"""

_TOO_WIDE = """() => document.documentElement.scrollWidth - document.documentElement.clientWidth"""


def faults(page: Page) -> list[str]:
    """Everything that is wrong with how the page looks; empty when all is well."""
    found = [f"faint: {text}" for text in page.evaluate(_FAINT)]
    found += [f"nameless: {markup}" for markup in page.evaluate(_NAMELESS)]
    found += [f"two elements with one id: {name}" for name in page.evaluate(_TWICE)]
    if wide := page.evaluate(_TOO_WIDE):
        found.append(f"{wide} pixels too wide")
    if (headings := page.locator("h1").count()) != 1:
        found.append(f"{headings} headings of the first level")
    return found
