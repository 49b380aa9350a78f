# SPDX-License-Identifier: Apache-2.0
"""A page in Chromium without a window, by chromedriver's HTTP interface (WebDriver)."""
import base64
import contextlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request

PATIENCE_S = 120
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the name that the standard gives to an element's id
KEYS = {"Enter": "\ue007", "Tab": "\ue004", "Shift": "\ue008", "Left": "\ue012", "Up": "\ue013",
        "Right": "\ue014", "Down": "\ue015"}


def missing():
    """The program that is not there, or None."""
    return next((name for name in ("chromium", "chromedriver") if not shutil.which(name)), None)


class Browser:
    def __init__(self, port, profile):
        self.root = f"http://127.0.0.1:{port}"
        arguments = ["--headless=new", f"--user-data-dir={profile}", "--hide-scrollbars", "--disable-gpu",
                     "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
                     "--disable-component-update", "--disable-sync", "--force-device-scale-factor=1"]
        if os.getuid() == 0:
            arguments.append("--no-sandbox")
        answer = self.send("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "timeouts": {"script": PATIENCE_S * 1000}, "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
            "goog:chromeOptions": {"binary": shutil.which("chromium"), "args": arguments,
                                   "browserStartupTimeout": PATIENCE_S * 1000}}}})
        self.root += f"/session/{answer['sessionId']}"

    def send(self, method, path, body=None):
        data = json.dumps(body if body is not None else {}).encode() if method == "POST" else None
        request = urllib.request.Request(self.root + path, data, {"Content-Type": "application/json"}, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=PATIENCE_S * 2) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as e:
            raise RuntimeError(f"{method} {path}: {json.load(e)['value']['message'][:500]}") from e

    def open(self, url):
        self.send("POST", "/url", {"url": url})

    def run(self, script, *arguments):
        """The script's own 'return'; a promise is waited for."""
        return self.send("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def devtools(self, command, **parameters):
        return self.send("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def press(self, *keys):
        """Keys to whatever has the focus: names of KEYS, or text."""
        actions = []
        for key in keys:
            for value in [KEYS[key]] if key in KEYS else key:
                actions += [{"type": "keyDown", "value": value}, {"type": "keyUp", "value": value}]
        self.send("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def size(self, width, height):
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                      mobile=False)

    def colours(self, scheme):
        self.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def offline(self):
        self.devtools("Network.enable")
        self.devtools("Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=0,
                      uploadThroughput=0)

    def log(self, kind):
        return self.send("POST", "/se/log", {"type": kind})

    def requests(self):
        """What the page has asked for since the last call."""
        events = [json.loads(entry["message"])["message"] for entry in self.log("performance")]
        return [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]

    def picture(self, path):
        size = self.devtools("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 6000), "scale": 1}
        data = self.devtools("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))


def port_of(driver):
    for line in driver.stdout:
        match = re.search(r"successfully on port (\d+)", line)
        if match:
            return int(match[1])
    raise RuntimeError(f"chromedriver ended with {driver.wait()}")


@contextlib.contextmanager
def browser():
    with tempfile.TemporaryDirectory(prefix="clambda-browser.", ignore_cleanup_errors=True) as folder:
        driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  text=True, env=dict(os.environ, HOME=folder, TMPDIR=folder))
        try:
            page = Browser(port_of(driver), os.path.join(folder, "profile"))
            try:
                yield page
            finally:
                page.send("DELETE", "")
        finally:
            driver.terminate()
            driver.wait()
