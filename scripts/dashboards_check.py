"""The check of scripts/dashboards-check. Arguments: the root of the repository, java, the class path of the program."""

import http.client
import http.server
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path

import grpc

ROOT, JAVA, CLASS_PATH = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
OBSERVABILITY = ROOT / "deploy/observability"
FAULTY = ROOT / "testing/interop/dashboards/FaultyProgram.java"
WORK = Path(tempfile.mkdtemp(prefix="holdfast-dashboards-"))
TARGETS = WORK / "targets"
STARTED = time.time()
SERVICE = "/holdfast.examples.v1.Orders/"
processes = []

# Panels without data and alerts that stay silent here, with what they would need. AlertRulesTest fires these alerts too.
DEFECT = "a defect of the program itself"
EMPTY = {
    "control: Services that could not be built": DEFECT,
}
SILENT = {
    "HoldfastControlBuildFails": DEFECT,
    "HoldfastGatewayFault": DEFECT,
}
# One more than a control plane serves.
SERVICES = 10_001


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start(name, command, **environment):
    with open(WORK / f"{name}.log", "ab") as log:
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            env={k: v for k, v in os.environ.items() if not k.startswith("HOLDFAST_")} | environment,
        )
    processes.append(process)
    return process


def say(text):
    print(f"{time.time() - STARTED:5.0f} s  {text}", flush=True)


def wait_for(what, condition, seconds=90):
    end = time.time() + seconds
    while time.time() < end:
        try:
            if condition():
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise SystemExit(f"{what}: not within {seconds} s; logs: {WORK}")


def accepts(port):
    with socket.create_connection(("127.0.0.1", port), 1):
        return True


def target(name, port):
    TARGETS.mkdir(exist_ok=True)
    (TARGETS / f"{name}.json").write_text(json.dumps([{"targets": [f"127.0.0.1:{port}"], "labels": {"process": name}}]))


def ask(path, **query):
    connection = http.client.HTTPConnection("127.0.0.1", PROMETHEUS, timeout=30)
    connection.request("GET", f"{path}?{urllib.parse.urlencode(query)}")
    answer = json.load(connection.getresponse())
    if answer["status"] != "success":
        raise SystemExit(f"{query}: {answer}")
    return answer["data"]


def start_prometheus():
    # Alerts fire at once: no fault here lasts for minutes.
    rules = re.sub(r"(?m)^( +for:) .*$", r"\1 0s", (OBSERVABILITY / "alerts.yaml").read_text())
    (WORK / "alerts.yaml").write_text(rules)
    (WORK / "prometheus.yml").write_text(
        f"""
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [alerts.yaml]
scrape_configs:
  - job_name: holdfast
    file_sd_configs: [{{files: ["{TARGETS}/*.json"], refresh_interval: 1s}}]
"""
    )
    start(
        "prometheus",
        ["prometheus", f"--config.file={WORK}/prometheus.yml", f"--storage.tsdb.path={WORK}/tsdb"]
        + [f"--web.listen-address=127.0.0.1:{PROMETHEUS}"],
    )
    wait_for("prometheus", lambda: accepts(PROMETHEUS))


class ApiServer(http.server.BaseHTTPRequestHandler):
    """An API server with one Service. Every third watch is left without an answer for longer than a client waits."""

    protocol_version = "HTTP/1.1"
    watches = 0
    SLICE = {
        "metadata": {"name": "orders-1", "namespace": "prod", "resourceVersion": "1"}
        | {"labels": {"kubernetes.io/service-name": "orders"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["127.0.0.1"], "conditions": {"ready": True}}],
        "ports": [{"name": "grpc", "port": 9, "protocol": "TCP"}],
    }

    def do_GET(self):
        if "watch=" in self.path:
            ApiServer.watches += 1
            time.sleep(1.5 if ApiServer.watches % 3 == 0 else 0)
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("connection", "close")
            self.end_headers()
            time.sleep(1)
            self.close_connection = True
            return
        body = json.dumps(
            {"kind": "EndpointSliceList", "apiVersion": "discovery.k8s.io/v1", "items": [ApiServer.SLICE]}
            | {"metadata": {"resourceVersion": "1"}}
        ).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def start_api_server():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), ApiServer)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (WORK / "token").write_text("t\n")
    (WORK / "kubeconfig").write_text(
        f"""
apiVersion: v1
kind: Config
current-context: c
clusters: [{{name: c, cluster: {{server: "http://127.0.0.1:{server.server_port}"}}}}]
users: [{{name: u, user: {{tokenFile: {WORK}/token}}}}]
contexts: [{{name: c, context: {{cluster: c, user: u}}}}]
"""
    )


def certificate():
    subprocess.run(
        f"openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=gate -addext subjectAltName=DNS:gate "
        f"-keyout {WORK}/tls.key -out {WORK}/tls.crt".split(),
        check=True,
        capture_output=True,
    )


def field(number, value):
    """A length-delimited field of a protobuf message."""
    value = value.encode() if isinstance(value, str) else value
    size, prefix = len(value), bytearray()
    while size > 127:
        prefix.append(size & 127 | 128)
        size >>= 7
    return bytes([number << 3 | 2]) + bytes(prefix) + bytes([size]) + value


def descriptor_set():
    method = field(1, "Do") + field(2, ".a.M") + field(3, ".a.M")
    service = field(1, "S") + field(2, method)
    return field(1, field(1, "a.proto") + field(2, "a") + field(4, field(1, "M")) + field(6, service) + field(12, "proto3"))


def start_java(name, *words):
    """A program whose meters are scraped. It ends when its input does, which is when this one ends."""
    options = [f"-Dholdfast.demo.scrape-targets={TARGETS}", f"-Dholdfast.demo.name={name}"]
    command = [JAVA, "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m", *options, "-cp", CLASS_PATH]
    return start(name, [*command, *words])


def start_instance(name):
    return start_java(name, "dev.holdfast.cli.demo.process.InstanceMain", ORDERS, name)


def address(name):
    """The address on which an instance listens, once it does."""
    found = lambda: re.findall(r"(?m)^listening (\S+)$", (WORK / f"{name}.log").read_text())
    wait_for(name, found)
    return found()[0]


def start_gateway():
    certificate()
    instances = ", ".join(f"'{address('check-1')}' '{address('check-2')}'".split())
    (WORK / "a.pb").write_bytes(descriptor_set())
    (WORK / "not-a-folder").write_text("")
    (WORK / "gateway.yaml").write_text(
        f"""
listeners:
  - address: 127.0.0.1:{LISTEN["plain"]}
  - address: 127.0.0.1:{LISTEN["tls"]}
    tls: {{certificate: tls.crt, key: tls.key}}
  - address: 127.0.0.1:{LISTEN["proxy"]}
    proxy-protocol: require
    trusted: [127.0.0.1/32]
  - address: 127.0.0.1:{LISTEN["l4"]}
    protocol: l4
    cluster: redis
access-log: /dev/full
limits: {{handshake: 1s}}
clusters:
  orders: {{target: '{ORDERS}?relist=1s'}}
  files: {{target: 'file://{WORK}/files/orders'}}
  pods: {{target: 'kubernetes:///orders.prod:grpc?kubeconfig={WORK}/kubeconfig&request-timeout=500ms'}}
  dead: {{endpoints: ['127.0.0.1:9'], outliers: {{faults: 1}}}}
  mixed: {{endpoints: ['127.0.0.1:9', '127.0.0.1:{REDIS}'], outliers: {{faults: 1}}}}
  sick: {{endpoints: ['127.0.0.1:{REDIS}', {instances}], health: {{interval: 300ms, timeout: 200ms, unhealthy-threshold: 1}}}}
  redis: {{endpoints: ['127.0.0.1:{REDIS}']}}
  described: {{endpoints: ['127.0.0.1:9'], descriptor-sets: [a.pb]}}
routes:
  - {{name: orders, path: '{SERVICE}*', cluster: orders, resume: {{sessions: 1}}}}
  - {{name: dead, path: /dead.Dead/*, cluster: dead}}
  - {{name: mixed, path: /mixed.Mixed/*, cluster: mixed, retry: {{idempotent: true}}}}
  - {{name: sick, path: /sick.Sick/*, cluster: sick}}
"""
    )
    metrics = free_port()
    target("check-gateway", metrics)
    command = [ROOT / "holdfast", "gateway", "--config", WORK / "gateway.yaml", "--admin", "none"]
    start("gateway", command + ["--metrics", metrics], HOLDFAST_SNAPSHOT_DIR=str(WORK / "not-a-folder"))
    wait_for("gateway", lambda: accepts(metrics) and accepts(LISTEN["plain"]))


def start_control():
    folder = WORK / "files"
    for service, host in (("orders", "127.0.0.1"), ("named", "localhost")):
        (folder / service).mkdir(parents=True)
        for n in range(1, 5):
            (folder / service / f"{n}.json").write_text(json.dumps({"address": f"{host}:{n}"}))
    (WORK / "policy.yaml").write_text("services: {orders: {balancer: round_robin}}\n")
    metrics = free_port()
    target("check-control", metrics)
    start(
        "control",
        [ROOT / "holdfast", "control", "--registry", f"file://{folder}", "--listen", XDS, "--admin", free_port()]
        + ["--metrics", metrics, "--policy", WORK / "policy.yaml"],
    )
    wait_for("control", lambda: accepts(metrics) and accepts(XDS))
    # Another one, whose registry never answers.
    metrics = free_port()
    target("check-control-waiting", metrics)
    start(
        "control-waiting",
        [ROOT / "holdfast", "control", "--registry", "etcd://127.0.0.1:9/check", "--listen", free_port()]
        + ["--admin", free_port(), "--metrics", metrics, "--service", "orders"],
    )
    wait_for("control without a registry", lambda: accepts(metrics))
    # And one with more services than it serves.
    for n in range(SERVICES):
        (WORK / f"many/service-{n}").mkdir(parents=True)
        (WORK / f"many/service-{n}/1.json").write_text(json.dumps({"address": "127.0.0.1:1"}))
    metrics = free_port()
    target("check-control-full", metrics)
    start(
        "control-full",
        [ROOT / "holdfast", "control", "--registry", f"file://{WORK}/many", "--listen", free_port()]
        + ["--admin", free_port(), "--metrics", metrics],
    )
    wait_for("control with many services", lambda: accepts(metrics))


def call(path, body=b"\0\0\0\0\0", kind="application/grpc-web+proto", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", LISTEN["plain"], timeout=10)
    connection.request("POST", path, body, {"content-type": kind, **headers})
    connection.getresponse().read()


def raw(port, data):
    """Sends bytes, and reads until the other side closes or is silent for 2 s."""
    with socket.create_connection(("127.0.0.1", port), 2) as connection:
        connection.sendall(data)
        connection.settimeout(2)
        try:
            while connection.recv(100):
                pass
        except OSError:
            pass


def stream_of_events():
    """A resumable stream whose reader leaves; the next one evicts it."""
    connection = http.client.HTTPConnection("127.0.0.1", LISTEN["plain"], timeout=10)
    headers = {"content-type": "application/json", "accept": "text/event-stream"}
    connection.request("POST", SERVICE + "Follow", json.dumps({"id": "7"}), headers)
    connection.getresponse().read(20)
    connection.close()


def traffic(until):
    while not until.is_set():
        for action in (
            lambda: call(SERVICE + "Get", b'{"id":"7"}', "application/json"),
            lambda: call("/dead.Dead/Do"),
            lambda: call("/mixed.Mixed/Do"),
            lambda: call("/sick.Sick/Do"),
            lambda: call("/nobody.Nobody/Do"),
            lambda: call(SERVICE + "Get", **{"x-large": "x" * 30_000}),
            lambda: raw(LISTEN["plain"], b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
            lambda: raw(LISTEN["tls"], b"no handshake\r\n\r\n"),
            lambda: raw(LISTEN["proxy"], b"GET / HTTP/1.1\r\n\r\n"),
            lambda: raw(LISTEN["l4"], b"PING\r\n"),
            stream_of_events,
        ):
            try:
                action()
            except (OSError, http.client.HTTPException):
                pass
        until.wait(0.1)


def discovery_client():
    """A client that rejects, asks for an unknown type, asks for too much, and reports load."""
    channel = grpc.insecure_channel(f"127.0.0.1:{XDS}")
    kind = "type.googleapis.com/envoy.config.{}"
    node = field(2, field(1, "check"))

    def talk(method, messages, seconds=3):
        open_until = time.time() + seconds

        def requests():
            for message in messages:
                yield message
                time.sleep(0.7)
            time.sleep(max(0, open_until - time.time()))

        try:
            for response in channel.stream_stream(method)(requests(), timeout=seconds + 3):
                nonces.append(re.findall(rb"\x2a(.)", response, re.S))
        except grpc.RpcError as e:
            say(f"xDS: {e.code().name} {e.details()}")

    nonces = []
    ads = "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources"
    listeners, clusters = kind.format("listener.v3.Listener"), kind.format("cluster.v3.Cluster")
    rejection = field(6, field(2, "rejected by the check"))
    numbers = [str(n) for n in range(1, 4)]
    talk(
        ads,
        [node + field(4, clusters)]
        + [field(4, clusters) + field(1, "v") + field(5, n) for n in numbers]
        + [field(4, listeners)]
        + [field(4, clusters) + field(5, n) + rejection for n in numbers]
        + [field(4, "type.googleapis.com/nobody.Nothing")],
        9,
    )
    talk(ads, [node + field(4, clusters) + field(3, "x" * 100_000)])
    load = "/envoy.service.load_stats.v3.LoadReportingService/StreamLoadStats"
    talk(load, [field(1, field(1, "check")), field(2, field(1, "orders")), field(2, field(1, "orders"))], 12)


def faults(instance, etcd):
    """Everything that goes wrong beside the demos."""
    say("faults: records, certificates, descriptors, policy, token")
    (WORK / "files/orders/bad.json").write_text("no record")
    (WORK / "tls.crt").write_text("no certificate")
    (WORK / "a.pb").write_bytes(b"\xff" * 20)
    (WORK / "policy.yaml").write_text("services: {orders: {balancer: nobody}}\n")
    (WORK / "token").unlink()
    for n in range(1, 4):
        (WORK / f"files/orders/{n}.json").unlink()
    time.sleep(2)
    (WORK / "files/orders/4.json").unlink()
    say("fault: another process announces the address of an instance")
    command = [ROOT / "holdfast", "register", "--registry", ORDERS.rpartition("/")[0], "--service", "orders"]
    host, port = address("check-1").split(":")
    second = start("second", command + ["--advertise", host, "--port", port])
    wait_for("conflict", lambda: "to=CONFLICT" in (WORK / "check-1.log").read_text())
    time.sleep(3)
    second.kill()
    say("fault: etcd is killed for longer than a lease lasts")
    etcd.kill()
    etcd.wait()
    time.sleep(14)
    start_etcd()
    time.sleep(8)
    say("fault: the instances stop")
    for each in instance:
        each.send_signal(signal.SIGTERM)


def start_etcd():
    url, peer = f"http://127.0.0.1:{ETCD}", f"http://127.0.0.1:{PEER}"
    command = ["etcd", "--data-dir", WORK / "etcd", "--listen-client-urls", url, "--advertise-client-urls", url]
    process = start("etcd", command + ["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer]
                    + ["--initial-cluster", f"default={peer}"])
    wait_for("etcd", lambda: accepts(ETCD))
    return process


def start_redis():
    command = ["redis-server", "--port", REDIS, "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes"]
    process = start("redis", command + ["--dir", WORK])
    wait_for("redis", lambda: accepts(REDIS))
    return process


def demos(redis):
    say("demo")
    calls = start("demo", [ROOT / "holdfast", "demo", "--seconds", "20", "--scrape-targets", TARGETS])
    calls.wait(240)
    for name in ("client", "gateway"):
        (TARGETS / f"{name}.json").unlink(missing_ok=True)
    say("demo streams")
    command = [ROOT / "holdfast", "demo", "streams", "--seconds", "30", "--devices", "40", "--scrape-targets", TARGETS]
    streams = start("demo-streams", command + ["--redis", f"redis://127.0.0.1:{REDIS}/0"])
    wait_for("devices", lambda: "look at the sessions" in (WORK / "demo-streams.log").read_text())
    time.sleep(12)
    say("fault: Redis is killed, until that was noticed, and may have forgotten the last second")
    redis.kill()
    redis.wait()
    time.sleep(4)
    # Servers are restarted meanwhile, and whoever has just begun has asked nothing yet.
    failed = 'holdfast_streams_redis_responses_answers_total{response="FAILED"} > 0'
    wait_for("requests to Redis that fail", lambda: ask("/api/v1/query", query=failed)["result"])
    start_redis()
    try:
        streams.wait(90)
    except subprocess.TimeoutExpired:
        streams.terminate()


def panels():
    for file in sorted((OBSERVABILITY / "dashboards").glob("*.json")):
        for panel in json.loads(file.read_text())["panels"]:
            if panel["type"] != "row":
                yield file.stem, panel["title"], [each["expr"] for each in panel["targets"]]


def has_data(expression):
    query = expression.replace("$__rate_interval", "10s").replace("$job", ".*").replace("$instance", ".*")
    series = ask("/api/v1/query_range", query=query, start=STARTED, end=time.time(), step=2)["result"]
    return any(value not in ("NaN", "+Inf") for each in series for _, value in each["values"])


def report():
    empty, titles = [], []
    for dashboard, title, expressions in panels():
        titles.append(f"{dashboard}: {title}")
        if not all(has_data(each) for each in expressions):
            empty.append(titles[-1])
    query = 'count by (alertname) (count_over_time(ALERTS{alertstate="firing"}[15m]))'
    fired = {each["metric"]["alertname"] for each in ask("/api/v1/query", query=query)["result"]}
    groups = ask("/api/v1/rules", type="alert")["groups"]
    alerts = [rule["name"] for group in groups for rule in group["rules"]]
    silent = [name for name in alerts if name not in fired]
    unexpected = [f"{each} is listed and unknown" for each in [*EMPTY, *SILENT] if each not in titles + alerts]
    for kind, found, listed in (("empty", empty, EMPTY), ("silent", silent, SILENT)):
        for each in found:
            print(f"{kind}: {each}: {listed.get(each, 'UNEXPECTED')}")
        unexpected += [each for each in found if each not in listed]
        for each in listed:
            if each not in found:
                print(f"not {kind}, although listed: {each}")
    for each in unexpected:
        print(f"failed: {each}")
    print(
        f"RESULT dashboards={len(list((OBSERVABILITY / 'dashboards').glob('*.json')))} panels={len(titles)}"
        f" empty={len(empty)} listed_empty={len(EMPTY)} alerts={len(alerts)} fired={len(fired)}"
        f" listed_silent={len(SILENT)} seconds={time.time() - STARTED:.0f}"
    )
    return 1 if unexpected else 0


def end():
    for process in reversed(processes):
        if process.poll() is None:
            process.terminate()
    for process in processes:
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


PROMETHEUS, ETCD, PEER, REDIS, XDS = (free_port() for _ in range(5))
LISTEN = {name: free_port() for name in ("plain", "tls", "proxy", "l4")}
ORDERS = f"etcd://127.0.0.1:{ETCD}/check/orders"


def main():
    status = 1
    done = threading.Event()
    try:
        TARGETS.mkdir()
        start_prometheus()
        etcd, redis = start_etcd(), start_redis()
        start_api_server()
        instances = [start_instance("check-1"), start_instance("check-2")]
        start_control()
        start_gateway()
        start_java("faulty", FAULTY, f"file://{WORK}/faulty")
        say("everything runs")
        threads = [
            threading.Thread(target=traffic, args=(done,)),
            threading.Thread(target=discovery_client),
            threading.Thread(target=faults, args=(instances, etcd)),
        ]
        time.sleep(5)
        for thread in threads:
            thread.daemon = True
            thread.start()
        threads[2].join()
        demos(redis)
        wait_for("faults of a Java program", lambda: "done" in (WORK / "faulty.log").read_text())
        done.set()
        time.sleep(3)
        status = report()
    finally:
        end()
        if status == 0:
            shutil.rmtree(WORK, ignore_errors=True)
        else:
            print(f"the logs of the processes are kept in {WORK}")
    return status


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.exit(main())
