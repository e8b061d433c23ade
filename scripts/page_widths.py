#!/usr/bin/env python3
"""Fails when an element of a page is wider than the viewport, in a headless Chromium.

Usage: scripts/page_widths.py URL PROFILE PICTURES WIDTH..
PICTURES is a folder for one picture of each width, or - for none.
"""

import base64
import json
import os
import sys

from click import Browser, await_value

HEIGHT = 900
# The page itself must not scroll sideways either, whatever hides what sticks out.
TOO_WIDE = """(() => {
  if (document.body.dataset.ready !== 'yes' || innerWidth !== %d) return null;
  const found = [];
  for (const node of [document.documentElement, ...document.querySelectorAll('body *')]) {
    const box = node.getBoundingClientRect();
    if (box.width && (box.left < -0.5 || box.right > innerWidth + 0.5 || node.scrollWidth > innerWidth)) {
      found.push(node.tagName.toLowerCase() + (node.id ? '#' + node.id : '')
        + (node.className.baseVal === undefined && node.className ? '.' + node.className : '')
        + ' from ' + Math.round(box.left) + ' to ' + Math.round(box.right));
    }
  }
  return JSON.stringify(found);
})()"""


def main(url, profile, pictures, *widths):
    browser = Browser(profile)
    failed = False
    try:
        target = browser.ask("Target.createTarget", url=url)["targetId"]
        page = browser.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for width in map(int, widths):
            browser.ask("Emulation.setDeviceMetricsOverride", page, width=width, height=HEIGHT,
                        deviceScaleFactor=1, mobile=False)
            found = json.loads(await_value(browser, page, TOO_WIDE % width))
            if pictures != "-":
                picture = browser.ask("Page.captureScreenshot", page, format="png",
                                      captureBeyondViewport=True)
                with open(os.path.join(pictures, "page-%d.png" % width), "wb") as file:
                    file.write(base64.b64decode(picture["data"]))
            for each in found:
                failed = True
                print("at %d px wider than the page: %s" % (width, each))
    finally:
        browser.close()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
