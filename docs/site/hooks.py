"""Hooks of MkDocs for the documents of Holdfast, which are written for GitHub's Markdown.

- The navigation is made of the tables of docs/README.md, so that the index by task is written once. A page that no table
  and no index names is an error, as MkDocs warns of it and the build is strict.
- A link to a file of the repository that is no page becomes a link to the repository, whose address the environment
  variable HOLDFAST_REPOSITORY has; without one it becomes text. A link to a file that does not exist stays, and MkDocs
  reports it.
- Lists are nested by two spaces, as on GitHub.
"""

import os
import posixpath
import re

from markdown.extensions import Extension

ROOT = os.environ["HOLDFAST_ROOT"]
REPOSITORY = os.environ.get("HOLDFAST_REPOSITORY", "")
INDEX = "docs/README.md"
SECTION = re.compile(r"^## (.+)$")
LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s#]+)(#[^)\s]*)?\)")
FENCE = re.compile(r"^\s*```")
JAVADOC = "javadoc/index.html"


class TwoSpaces(Extension):
    """Two spaces nest a list, not four."""

    def extendMarkdown(self, md):
        md.tab_length = 2


def on_config(config):
    config.markdown_extensions.append(TwoSpaces())
    config.nav = navigation(config.docs_dir)
    return config


def navigation(pages):
    """Home, a tab for each section of the index by task, then the collections that have an index of their own."""
    listed = {"README.md", INDEX}
    nav = ["README.md"]
    for title, links in sections(pages):
        items = []
        for link in links:
            if link not in listed:
                listed.add(link)
                items.append(link)
                items.extend(collection(pages, link, listed))
        nav.append({title: items})
    nav[1][next(iter(nav[1]))].insert(0, INDEX)
    nav.append({"Javadoc": JAVADOC})
    return nav


def sections(pages):
    """The sections of the index, each with the pages that it links to, in their order."""
    found = []
    with open(os.path.join(pages, INDEX), encoding="utf-8") as index:
        for line in index:
            heading = SECTION.match(line)
            if heading:
                found.append((heading.group(1).strip(), []))
            elif found:
                for link in LINK.finditer(line):
                    if link.group(2).endswith(".md"):
                        found[-1][1].append(target(INDEX, link.group(2)))
    return found


def collection(pages, index, listed):
    """The other pages in the folder of an index such as docs/decisions/README.md, where it is one of records."""
    folder = posixpath.dirname(index)
    if folder not in ("docs/decisions", "docs/measurements") or not index.endswith("/README.md"):
        return []
    names = sorted(os.listdir(os.path.join(pages, folder)))
    items = [posixpath.join(folder, name) for name in names if name.endswith(".md")]
    items = [item for item in items if item not in listed]
    listed.update(items)
    return [{"All of them": items}] if items else []


def target(page, link):
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), link))


def on_page_markdown(markdown, page, config, files):
    """Links of a page to files of the repository that are no pages."""
    lines = []
    fenced = False
    for line in markdown.split("\n"):
        if FENCE.match(line):
            fenced = not fenced
        if not fenced:
            line = LINK.sub(lambda link: repository_link(link, page.file.src_uri, files), line)
        lines.append(line)
    return "\n".join(lines)


def repository_link(link, page, files):
    text, path = link.group(1), link.group(2)
    if re.match(r"[a-z][a-z0-9+.-]*:", path):
        return link.group(0)
    path = target(page, path)
    if files.get_file_from_path(path) or not os.path.exists(os.path.join(ROOT, path)):
        return link.group(0)
    if not REPOSITORY:
        return text
    kind = "tree" if os.path.isdir(os.path.join(ROOT, path)) else "blob"
    return "[%s](%s/%s/HEAD/%s)" % (text, REPOSITORY, kind, path)
