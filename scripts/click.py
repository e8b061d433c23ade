#!/usr/bin/env python3
"""Clicks on elements of a page in a headless Chromium, one after the other, with a mouse.

Usage: scripts/click.py URL PROFILE UNTIL SELECTOR..
Waits until the page shows each element and lets it be used, and in the end until an expression
of JavaScript is true; fails after a minute.
"""

import json
import os
import subprocess
import sys
import time

PATIENCE_SECONDS = 60
CENTRE = """(() => {
  const node = document.querySelector(%s);
  if (!node || node.disabled || document.body.dataset.ready !== 'yes') return null;
  const box = node.getBoundingClientRect();
  return box.width ? {x: box.x + box.width / 2, y: box.y + box.height / 2} : null;
})()"""


class Browser:
    """The DevTools protocol over pipes, which needs no port."""

    def __init__(self, profile):
        commands, self.commands = os.pipe()
        self.answers, answers = os.pipe()
        self.process = subprocess.Popen(
            ["bash", "-c", 'exec chromium "$@" 3<&%d 4>&%d' % (commands, answers), "chromium",
             "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe",
             "--user-data-dir=" + profile, "--window-size=1280,1000", "about:blank"],
            pass_fds=(commands, answers), stderr=subprocess.DEVNULL)
        os.close(commands)
        os.close(answers)
        self.number = 0
        self.rest = b""

    def ask(self, method, session=None, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in self.rest:
                part = os.read(self.answers, 65536)
                if not part:
                    sys.exit("the browser is gone")
                self.rest += part
            whole, _, self.rest = self.rest.partition(b"\0")
            answer = json.loads(whole)
            if answer.get("id") == self.number:
                if "error" in answer:
                    sys.exit("%s: %s" % (method, answer["error"]))
                return answer["result"]

    def close(self):
        self.process.terminate()
        self.process.wait()


def main(url, profile, until, *selectors):
    browser = Browser(profile)
    try:
        target = browser.ask("Target.createTarget", url=url)["targetId"]
        page = browser.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for selector in selectors:
            click(browser, page, selector)
        await_value(browser, page, until)
    finally:
        browser.close()


def click(browser, page, selector):
    found = await_value(browser, page, CENTRE % json.dumps(selector))
    for what in "mousePressed", "mouseReleased":
        browser.ask("Input.dispatchMouseEvent", page, type=what, button="left", clickCount=1, **found)


def await_value(browser, page, expression):
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        result = browser.ask("Runtime.evaluate", page, expression=expression, returnByValue=True)
        value = result["result"].get("value")
        if value and "exceptionDetails" not in result:
            return value
        if time.monotonic() > end:
            sys.exit("the page never had a value for: " + expression)
        time.sleep(0.1)


if __name__ == "__main__":
    main(*sys.argv[1:])
