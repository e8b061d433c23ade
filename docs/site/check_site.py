"""Checks a site that was built: every link and every file that a page loads.

    check_site.py SITE

Of each page outside javadoc/: a relative link leads to a file of the site, its anchor to an element of that file; nothing is
loaded from another host; no list or table was left as text. Prints each fault and a last line
"pages= links= broken= foreign= unrendered=", and exits with 1 when there is a fault.
"""

import html.parser
import os
import re
import sys
import urllib.parse

LOADED = {("script", "src"), ("img", "src"), ("link", "href"), ("iframe", "src"), ("source", "src"), ("video", "src")}
NOT_LOADED = {"canonical", "next", "prev", "edit", "alternate"}
LIST_OR_TABLE = re.compile(r"^\s*([-*] \S|\d{1,2}\. \S|\|.*\|\s*$|#{1,6} \S)", re.MULTILINE)
FOREIGN_STYLE = re.compile(r"url\(\s*['\"]?(?:https?:)?//|@import")


class Page(html.parser.HTMLParser):
    """The links, the anchors and the paragraphs of a page."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.links = []
        self.loads = []
        self.anchors = set()
        self.paragraphs = []
        self.paragraph = None
        self.code = 0
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        for name in ("id", "name"):
            if attributes.get(name):
                self.anchors.add(attributes[name])
        if tag == "a" and attributes.get("href"):
            self.links.append(attributes["href"])
        for name in ("src", "href"):
            if (tag, name) in LOADED and attributes.get(name) and attributes.get("rel") not in NOT_LOADED:
                self.loads.append(attributes[name])
        if tag == "p":
            self.paragraph = []
        if tag in ("code", "pre"):
            self.code += 1

    def handle_endtag(self, tag):
        if tag == "p" and self.paragraph is not None:
            self.paragraphs.append("".join(self.paragraph))
            self.paragraph = None
        if tag in ("code", "pre"):
            self.code -= 1

    def handle_data(self, data):
        if self.paragraph is not None:
            # Code may begin with anything.
            self.paragraph.append("`" if self.code else data)


class Site:
    def __init__(self, folder):
        self.folder = os.path.abspath(folder)
        self.pages = {}
        self.faults = {"broken": 0, "foreign": 0, "unrendered": 0}
        self.links = 0

    def page(self, path):
        if path not in self.pages:
            with open(path, encoding="utf-8") as file:
                self.pages[path] = Page(file.read())
        return self.pages[path]

    def fault(self, kind, path, text):
        self.faults[kind] += 1
        print("%s: %s: %s" % (os.path.relpath(path, self.folder), kind, text))

    def check(self):
        checked = 0
        for folder, names, files in os.walk(self.folder):
            if folder == self.folder and "javadoc" in names:
                names.remove("javadoc")
            for name in sorted(files):
                path = os.path.join(folder, name)
                if name.endswith(".html"):
                    checked += 1
                    self.check_page(path)
                elif name.endswith(".css"):
                    self.check_style(path)
        print("pages=%d links=%d %s" % (checked, self.links, " ".join("%s=%d" % each for each in self.faults.items())))
        return checked > 0 and not any(self.faults.values())

    def check_style(self, path):
        with open(path, encoding="utf-8") as file:
            if FOREIGN_STYLE.search(file.read()):
                self.fault("foreign", path, "a style loads from elsewhere")

    def check_page(self, path):
        page = self.page(path)
        for link in page.links + page.loads:
            self.links += 1
            self.check_link(path, link)
        for load in page.loads:
            if urllib.parse.urlsplit(load).netloc:
                self.fault("foreign", path, load)
        for paragraph in page.paragraphs:
            found = LIST_OR_TABLE.search(paragraph)
            if found:
                self.fault("unrendered", path, found.group(0).strip())

    def check_link(self, path, link):
        parts = urllib.parse.urlsplit(link)
        if parts.scheme or parts.netloc:
            return
        if os.path.basename(path) == "404.html":
            # Shown at any address, so its links begin at the root.
            parts = parts._replace(path=parts.path.lstrip("/"))
        if parts.path.startswith("/"):
            self.fault("broken", path, link + " (expected: a relative link)")
            return
        target = os.path.normpath(os.path.join(os.path.dirname(path), urllib.parse.unquote(parts.path))) if parts.path else path
        if os.path.isdir(target):
            target = os.path.join(target, "index.html")
        if not os.path.isfile(target):
            self.fault("broken", path, link)
        elif parts.fragment and target.endswith(".html"):
            if urllib.parse.unquote(parts.fragment) not in self.page(target).anchors:
                self.fault("broken", path, link + " (no such anchor)")


def main(arguments):
    if len(arguments) != 1 or not os.path.isdir(arguments[0]):
        sys.exit("usage: check_site.py SITE (expected: a folder)")
    sys.exit(0 if Site(arguments[0]).check() else 1)


if __name__ == "__main__":
    main(sys.argv[1:])
