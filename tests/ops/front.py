"""nginx as deploy/nginx sets it up, with a certificate of its own, and a DNS that knows where the nodes are."""

import json
import os
import shutil
import signal
import ssl

from programs import ROOT, Process, Program, free_port, run

# An administrator's programs are off the PATH of others.
PROGRAMS = os.pathsep.join([os.environ["PATH"], "/usr/sbin"])
NAME = "localhost"


def certificate(folder):
    """A key and a certificate for NAME, which this process and those that it starts believe from now on."""
    key, own = folder / "key.pem", folder / "certificate.pem"
    run(
        *["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
        *["-keyout", key, "-out", own, "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"],
    )
    os.environ["SSL_CERT_FILE"] = str(own)
    return {"TLS_CERTIFICATE": str(own), "TLS_CERTIFICATE_KEY": str(key)}


def browser_client(folder):
    """A small browser client as its build leaves it, and its policies as nginx reads them."""
    out = folder / "web"
    (out / "_next" / "static" / "chunks").mkdir(parents=True)
    pages = {"index.html": "<p>welcome", "chat.html": "<p>chat", "404.html": "<p>nothing here"}
    files = {**pages, "chat.txt": "0:chat", "icon.svg": "<svg/>", "_next/static/chunks/a1.js": "run()" * 400}
    for path, content in files.items():
        (out / path).write_text(content, encoding="utf-8")
    script = out / "_next" / "static" / "chunks" / "a1.js"
    for ending in ("br", "gz"):
        script.with_suffix(f".js.{ending}").write_text(f"in {ending}", encoding="utf-8")
    policies = {page: f"default-src 'none'; script-src 'self' 'sha256-{number}'" for number, page in enumerate(pages)}
    (out / "policies.json").write_text(json.dumps(policies), encoding="utf-8")
    (folder / "policies.conf").write_text(run("node", ROOT / "deploy" / "nginx" / "policies.mjs", out / "policies.json"), encoding="utf-8")
    return {"WEB_DIR": str(out), "POLICIES": str(folder / "policies.conf")}


class Nginx(Program):
    """nginx on free ports of 127.0.0.1; its settings are those of deploy/nginx/start.sh."""

    def __init__(self, name, folder, settings):
        self.http, self.https, health = free_port(), free_port(), free_port()
        self.folder, self.requests = folder / name, folder / f"{name}.requests"
        self.environment = {
            "PATH": PROGRAMS,
            "SERVER_NAME": NAME,
            "PUBLIC_PORT": str(self.https),
            "LISTEN_ADDRESSES": "127.0.0.1",
            "HTTP_PORT": str(self.http),
            "HTTPS_PORT": str(self.https),
            "HEALTH_PORT": str(health),
            "RUN_DIR": str(self.folder),
            "ACME_DIR": str(folder),
            "ACCESS_LOG": str(self.requests),
            "RATE_API": "10000r/s",
            "RATE_LOG_IN": "10000r/s",
            **settings,
        }
        start = ROOT / "deploy" / "nginx" / "start.sh"
        super().__init__(name, [start], folder, health, "/healthz", self.environment)
        self.url = f"https://{NAME}:{self.https}"
        self.plain_url = f"http://{NAME}:{self.http}"

    @property
    def configuration(self):
        return self.folder / "nginx.conf"

    def logged(self):
        """What nginx has noted of each request."""
        return [json.loads(line) for line in self.requests.read_text(encoding="utf-8").splitlines()]


class Dns(Process):
    """A DNS server for one name, whose addresses may change while it runs."""

    def __init__(self, folder, name, addresses):
        self.domain, self.hosts, self.port = name, folder / "hosts", free_port()
        self.hosts.mkdir()
        self.write(addresses)
        command = [shutil.which("dnsmasq", path=PROGRAMS), "-k", "-p", self.port, "--listen-address=127.0.0.1", "--bind-interfaces"]
        command += ["--no-resolv", "--no-hosts", f"--hostsdir={self.hosts}", "--pid-file=", "--user=root", "--conf-file=/dev/null"]
        super().__init__("dnsmasq", command, folder)

    def write(self, addresses):
        (self.hosts / "nodes").write_text("".join(f"{address} {self.domain}\n" for address in addresses), encoding="utf-8")

    def change(self, addresses):
        self.write(addresses)
        self.process.send_signal(signal.SIGHUP)


def tls(lowest, highest):
    """A client that speaks these versions of TLS only, also those that OpenSSL would rather not."""
    context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    context.minimum_version, context.maximum_version = lowest, highest
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


def findings(nginx):
    """What gixy finds in the configuration: severity and name."""
    found = json.loads(run("gixy", "-f", "json", nginx.configuration))
    return [(each["severity"], each["plugin"]) for each in found]
