"""The files of deploy for images, Compose, Kubernetes, systemd and the environments: their own tools accept them, and they agree with
each other and with the program. Nothing is started; tests/images does that."""

import os
import re
import stat
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import yaml
from programs import NODE, ROOT, run

DEPLOY = ROOT / "deploy"
COMPOSE = DEPLOY / "compose.yaml"
INFERENCE = DEPLOY / "compose.inference.yaml"
# Requests that are under way when the drain is over: REQUESTS_GRACE in src/serve.rs.
REQUESTS_GRACE_SECONDS = 5
UNITS = ["digital-twin@.service", "digital-twin-migrate.service", "digital-twin-web.service"]
# Tenths of systemd's measure of how much a unit is exposed to: of 100, what is confined well stays below 20.
EXPOSURE_MAX = 20


def known_settings():
    """Name -> value of every setting, as the program prints them when nobody says anything."""
    said = run(NODE, "config", env={"PATH": os.environ["PATH"]}, cwd=ROOT)
    return {name: value for name, value in re.findall(r"^(\w+)=(\S*)", said, re.MULTILINE)}


def drain_seconds():
    return int(known_settings()["TWIN_DRAIN_SECONDS"])


def composed(*more):
    """What Compose makes of its files."""
    files = [word for path in (COMPOSE, *more) for word in ("-f", path)]
    environment = {"PATH": os.environ["PATH"], "SERVER_NAME": "twin.example.com"}
    return yaml.safe_load(run("docker-compose", *files, "config", env=environment))


def env_file(path):
    """The variables that a file sets."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def with_secrets(variables, folder):
    """The same variables, with the files of secrets that lie in a folder."""
    return {name: str(folder / Path(value).name) if name.endswith("_FILE") else value for name, value in variables.items()}


class SecretsTest(unittest.TestCase):
    def test_what_is_missing_is_made_and_what_is_there_stays(self):
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary) / "secrets"
            run(DEPLOY / "make-secrets.sh", folder)
            made = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
            self.assertEqual(set(made), {Path(each["file"]).name for each in composed()["secrets"].values()})
            self.assertEqual(len(set(made.values())), len(made))
            self.assertEqual(stat.S_IMODE(folder.stat().st_mode), 0o700)
            self.assertEqual({stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}, {0o644}, "users of containers read them")
            (folder / "db_password").unlink()
            run(DEPLOY / "make-secrets.sh", folder)
            again = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
            self.assertEqual([name for name in made if made[name] != again[name]], ["db_password"])


class EnvironmentTest(unittest.TestCase):
    def test_every_file_has_every_setting_with_what_the_program_says_of_it(self):
        sys.path.insert(0, str(DEPLOY / "env"))
        import make_env

        known = make_env.settings(NODE)
        self.assertEqual({name for name, _, _ in known}, set(known_settings()))
        for name in make_env.ENVIRONMENTS:
            text = (DEPLOY / "env" / f"{name}.env").read_text(encoding="utf-8")
            self.assertEqual(text, make_env.written(name, known), "deploy/env/make_env.py writes it anew")

    def test_the_program_accepts_every_file_and_production_only_with_secrets(self):
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            run(DEPLOY / "make-secrets.sh", folder)
            for name in ("development", "testing", "staging", "production"):
                variables = {"PATH": os.environ["PATH"], **with_secrets(env_file(DEPLOY / "env" / f"{name}.env"), folder)}
                checked = subprocess.run([NODE, "config", "check"], env=variables, capture_output=True, encoding="utf-8", check=False)
                self.assertEqual(checked.returncode, 0, checked.stderr)
                if name in ("staging", "production"):
                    self.assertEqual(checked.stderr, "", "without a warning")
            del variables["JWT_SECRET_FILE"]
            refused = subprocess.run([NODE, "config", "check"], env=variables, capture_output=True, encoding="utf-8", check=False)
            self.assertEqual(refused.returncode, 78)

    def test_no_two_environments_share_a_database_or_a_bus(self):
        named = [env_file(DEPLOY / "env" / f"{name}.env") for name in ("development", "testing", "staging", "production")]
        self.assertEqual(len({each.get("APP_NAME") for each in named}), 4)
        self.assertEqual([each["APP_ENV"] for each in named], ["development", "testing", "staging", "production"])


class ImageTest(unittest.TestCase):
    def test_hadolint_finds_nothing(self):
        for path in [DEPLOY / "docker" / "Dockerfile", *(ROOT / "tests" / "images").glob("Dockerfile*")]:
            run("hadolint", "--config", ROOT / ".hadolint.yaml", path)

    def test_the_cuda_image_has_the_libtorch_that_the_program_is_linked_with(self):
        fetched = (ROOT / "setup" / "packages.json").read_text(encoding="utf-8")
        linked = re.search(r'"package": "torch",\s+"version": "([\d.]+)"', fetched)[1]
        self.assertIn(f"torch=={linked} ", (DEPLOY / "docker" / "Dockerfile").read_text(encoding="utf-8"))

    def test_scripts_are_written_well(self):
        scripts = [path for path in DEPLOY.rglob("*.sh")]
        self.assertGreater(len(scripts), 3)
        run("shellcheck", *scripts)


class ComposeTest(unittest.TestCase):
    def test_compose_accepts_the_files_and_wants_a_name(self):
        for more in ((), (DEPLOY / "compose.gpu.yaml",), (DEPLOY / "compose.operators.yaml",), (DEPLOY / "compose.logs.yaml",), (INFERENCE,), (INFERENCE, DEPLOY / "compose.inference.gpu.yaml")):
            composed(*more)
        environment = {"PATH": os.environ["PATH"]}
        nameless = subprocess.run(["docker-compose", "-f", COMPOSE, "config", "-q"], env=environment, capture_output=True, encoding="utf-8", check=False)
        self.assertIn("SERVER_NAME", nameless.stderr)
        self.assertEqual(set(env_file(DEPLOY / "example.env")), set(re.findall(r"\$\{(\w+)", COMPOSE.read_text(encoding="utf-8"))))

    def test_compose_lint_finds_nothing_that_is_dangerous(self):
        run("compose-lint", "--config", DEPLOY / "compose-lint.yml", COMPOSE)
        run("compose-lint", DEPLOY / "compose.logs.yaml")

    def test_no_file_of_settings_has_a_secret(self):
        for path in (DEPLOY / "env").glob("*.env"):
            self.assertFalse([name for name in env_file(path) if re.search("PASSWORD$|SECRET$|PASSPHRASE$|_KEY$", name)], path.name)

    def test_every_node_logs_to_a_file_of_its_own_that_alloy_reads_for_the_loki_that_grafana_asks(self):
        made = composed(DEPLOY / "compose.logs.yaml")["services"]
        (shell, flag, script), environment = made["chat"]["entrypoint"], {"PATH": os.environ["PATH"]}
        (logs,) = [each["target"] for each in made["chat"]["volumes"] if each["source"] == "logs"]
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            script = script.replace("$$", "$").replace(logs, str(folder)).replace("exec digital-twin serve", "printenv TWIN_LOG_FILE")
            for name, age in (("gone.log", "20 days ago"), ("young.log", "1 day ago")):
                run("touch", "--date", age, folder / name)
            written = [run("unshare", "--uts", "sh", "-c", f'hostname {name} && exec {shell} {flag} "$0"', script, env=environment).strip() for name in ("one", "two")]
            self.assertEqual(written, [str(folder / "one.log"), str(folder / "two.log")])
            self.assertEqual([path.name for path in folder.iterdir()], ["young.log"])
        alloy = (DEPLOY / "alloy" / "logs.alloy").read_text(encoding="utf-8")
        self.assertIn(f'__path__ = "{logs}/*.log"', alloy)
        self.assertIn(logs, [each["target"] for each in made["alloy"]["volumes"]])
        self.assertEqual(made["alloy"]["user"], "10001:10001", "the nodes' user")
        loki = yaml.safe_load((DEPLOY / "loki" / "loki.yml").read_text(encoding="utf-8"))
        place = f"http://loki:{loki['server']['http_listen_port']}"
        self.assertEqual(made["alloy"]["environment"]["LOKI_URL"], f"{place}/loki/api/v1/push")
        self.assertEqual(made["grafana"]["environment"]["LOKI_URL"], place)
        self.assertTrue(loki["limits_config"]["allow_structured_metadata"], "logs.alloy sends it")
        for name in ("alloy", "loki"):
            service = made[name]
            self.assertTrue(service["read_only"] and service["mem_limit"] and service["pids_limit"], name)
            self.assertEqual((service["cap_drop"], service["security_opt"], list(service["networks"])), (["ALL"], ["no-new-privileges:true"], ["watch"]), name)

    def test_a_bucket_is_made_for_the_nodes_whose_secret_its_storage_has(self):
        made = composed()["services"]
        settings = env_file(DEPLOY / "env" / "production.env")
        self.assertEqual(made["bucket"]["entrypoint"][-1], f"/data/{settings['S3_BUCKET']}")
        self.assertEqual(made["objects"]["environment"]["MINIO_ROOT_USER"], settings["S3_ACCESS_KEY_ID"])
        self.assertIn(settings["S3_SECRET_ACCESS_KEY_FILE"], made["objects"]["entrypoint"][-1])
        self.assertEqual(settings["S3_ENDPOINT"], "http://objects:9000")

    def test_a_backup_is_taken_when_it_is_asked_for(self):
        environment = {"PATH": os.environ["PATH"], "SERVER_NAME": "twin.example.com", "BACKUP_RECIPIENTS": "age1someone", "BACKUP_DIR": "/srv/backups"}
        made = yaml.safe_load(run("docker-compose", "-f", COMPOSE, "--profile", "backup", "config", env=environment))["services"]["backup"]
        self.assertEqual(made["command"], ["backup", "--verify", "--keep-daily", "7", "--keep-weekly", "5"])
        self.assertEqual(made["environment"]["TWIN_BACKUP_RECIPIENTS"], "age1someone")
        self.assertIn(("/srv/backups", made["environment"]["TWIN_BACKUP_DIR"]), [(each["source"], each["target"]) for each in made["volumes"]])
        self.assertTrue(made["read_only"] and made["cap_drop"] == ["ALL"] and made["mem_limit"])

    def test_only_nginx_can_be_reached_and_the_data_has_no_way_out(self):
        made = composed()
        self.assertEqual([name for name, service in made["services"].items() if "ports" in service], ["nginx"])
        self.assertTrue(made["networks"]["data"]["internal"])
        for name in ("postgres", "redis", "objects", "bucket", "migrate"):
            self.assertEqual(set(made["services"][name]["networks"]), {"data"}, name)
        opened = composed(DEPLOY / "compose.operators.yaml")["services"]
        addresses = {port.get("host_ip") for name in ("grafana", "prometheus", "alertmanager") for port in opened[name]["ports"]}
        self.assertEqual(addresses, {"127.0.0.1"})

    def test_every_container_is_confined(self):
        for name, service in composed()["services"].items():
            self.assertTrue(service["read_only"], name)
            self.assertEqual((service["cap_drop"], service["security_opt"]), (["ALL"], ["no-new-privileges:true"]), name)
            self.assertTrue(service["mem_limit"] and service["pids_limit"], name)
            self.assertFalse([variable for variable in service.get("environment", {}) if re.search("PASSWORD$|SECRET$|_KEY$", variable)], name)

    def test_nodes_for_inference_have_one_secret_and_no_way_to_anything_but_those_for_chat(self):
        made = composed(INFERENCE)
        chat, inference = made["services"]["chat"], made["services"]["inference"]
        self.assertEqual((chat["environment"]["ROLE"], inference["environment"]["ROLE"]), ("chat", "inference"))
        self.assertEqual(chat["environment"]["AI_SERVICE_URL"], "http://digital-twin-inference-1:8000")
        self.assertEqual([each["source"] for each in inference["secrets"]], ["ai_service_key"])
        self.assertIn("ai_service_key", [each["source"] for each in chat["secrets"]])
        self.assertEqual(set(inference["networks"]), {"models", "watch"})
        self.assertTrue(made["networks"]["models"]["internal"] and "models" in chat["networks"])
        self.assertTrue(inference["read_only"] and inference["cap_drop"] == ["ALL"] and inference["mem_limit"] and inference["pids_limit"])
        self.assertGreater(int(inference["stop_grace_period"].removesuffix("s")), drain_seconds() + REQUESTS_GRACE_SECONDS)
        with tempfile.TemporaryDirectory() as temporary:
            run(DEPLOY / "make-secrets.sh", temporary)
            for service in (chat, inference):
                environment = {"PATH": os.environ["PATH"], **with_secrets(service["environment"], Path(temporary))}
                checked = subprocess.run([NODE, "config", "check"], env=environment, capture_output=True, encoding="utf-8", check=False)
                self.assertEqual((checked.returncode, checked.stderr), (0, ""), service["environment"]["ROLE"])
        gpu = composed(INFERENCE, DEPLOY / "compose.inference.gpu.yaml")["services"]
        self.assertIn("node-cuda", gpu["inference"]["image"])
        self.assertNotIn("node-cuda", gpu["chat"]["image"])

    def test_nodes_believe_nginx_and_a_stop_waits_for_their_drain(self):
        made = composed()
        (network,) = made["networks"]["edge"]["ipam"]["config"]
        for name in ("staging", "production"):
            self.assertEqual(env_file(DEPLOY / "env" / f"{name}.env")["TRUSTED_PROXIES"], network["subnet"])
        grace = int(made["services"]["chat"]["stop_grace_period"].removesuffix("s"))
        self.assertGreater(grace, drain_seconds() + REQUESTS_GRACE_SECONDS)

    def test_prometheus_is_set_up_as_elsewhere_but_for_where_things_are(self):
        run("promtool", "check", "config", "--lint=all", "--lint-fatal", DEPLOY / "prometheus" / "compose.yml")
        plain, ours = (yaml.safe_load((DEPLOY / "prometheus" / name).read_text(encoding="utf-8")) for name in ("prometheus.yml", "compose.yml"))
        self.assertIn("file_sd_configs", plain["scrape_configs"][0])
        del plain["scrape_configs"][0]["file_sd_configs"], ours["scrape_configs"][0]["dns_sd_configs"]
        for each in (plain, ours):
            del each["alerting"]["alertmanagers"]
        self.assertEqual(ours, plain)


class KubernetesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.made = {}
        for overlay in ("staging", "production"):
            text = run("kubectl", "kustomize", DEPLOY / "k8s" / overlay)
            path = Path(cls.temporary.name) / f"{overlay}.yaml"
            path.write_text(text, encoding="utf-8")
            run("kubernetes-validate", "--strict", "-k", "1.32", path)
            cls.made[overlay] = {(each["kind"], each["metadata"]["name"]): each for each in yaml.safe_load_all(text)}

    def pods(self, overlay):
        return {name: each["spec"]["template"]["spec"] for (kind, name), each in self.made[overlay].items() if kind == "Deployment"}

    def test_every_workload_has_probes_limits_and_a_budget_and_nobody_is_let_in_by_default(self):
        for overlay, made in self.made.items():
            self.assertEqual({name for kind, name in made if kind == "PodDisruptionBudget"}, {"chat", "web"}, overlay)
            self.assertEqual({name for kind, name in made if kind == "HorizontalPodAutoscaler"}, {"chat"}, overlay)
            nobody = made["NetworkPolicy", "nobody"]["spec"]
            self.assertEqual((nobody["policyTypes"], "ingress" in nobody), (["Ingress", "Egress"], False))
            for name, pod in self.pods(overlay).items():
                self.assertTrue(pod["securityContext"]["runAsNonRoot"], name)
                for container in pod["containers"] + pod.get("initContainers", []):
                    confined = container["securityContext"]
                    self.assertTrue(confined["readOnlyRootFilesystem"] and not confined["allowPrivilegeEscalation"], name)
                    self.assertEqual(confined["capabilities"]["drop"], ["ALL"], name)
                    self.assertIn("memory", container["resources"]["limits"], name)
                for container in pod["containers"]:
                    self.assertTrue({"readinessProbe", "livenessProbe"} <= set(container), name)

    def test_a_backup_is_taken_each_night_and_confined(self):
        for overlay, made in self.made.items():
            job = made["CronJob", "backup"]["spec"]
            self.assertEqual((job["schedule"], job["concurrencyPolicy"]), ("15 3 * * *", "Forbid"), overlay)
            pod = job["jobTemplate"]["spec"]["template"]["spec"]
            (container,) = pod["containers"]
            confined = container["securityContext"]
            self.assertTrue(pod["securityContext"]["runAsNonRoot"] and confined["readOnlyRootFilesystem"], overlay)
            self.assertEqual((confined["capabilities"]["drop"], container["args"][:2]), (["ALL"], ["backup", "--verify"]), overlay)
            self.assertIn("memory", container["resources"]["limits"])
            self.assertIn("backup", made["NetworkPolicy", "chat"]["spec"]["podSelector"]["matchExpressions"][0]["values"])

    def test_a_pod_has_longer_than_its_drain_takes(self):
        pod = self.pods("production")["chat"]
        asleep = int(pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][1])
        self.assertGreater(pod["terminationGracePeriodSeconds"], asleep + drain_seconds() + REQUESTS_GRACE_SECONDS)

    def test_the_settings_are_known_to_the_program_and_the_secrets_are_those_that_are_made(self):
        with tempfile.TemporaryDirectory() as temporary:
            run(DEPLOY / "make-secrets.sh", temporary)
            for overlay, made in self.made.items():
                (settings,) = [each["data"] for (kind, _), each in made.items() if kind == "ConfigMap"]
                environment = {"PATH": os.environ["PATH"], **with_secrets(settings, Path(temporary))}
                checked = subprocess.run([NODE, "config", "check"], env=environment, capture_output=True, encoding="utf-8", check=False)
                self.assertEqual((checked.returncode, checked.stderr), (0, ""), overlay)
                known = {name for setting in known_settings() for name in (setting, f"{setting}_FILE")}
                self.assertEqual(set(settings) - known, {"SERVER_NAME"}, overlay)

    def test_nodes_on_gpus_are_an_addition(self):
        folder = Path(self.temporary.name) / "k8s"
        run("cp", "-r", DEPLOY / "k8s", folder)
        with open(folder / "production" / "kustomization.yaml", "a", encoding="utf-8") as overlay:
            overlay.write("components: [../gpu]\n")
        made = list(yaml.safe_load_all(run("kubectl", "kustomize", folder / "production")))
        (chat,) = [each for each in made if each["kind"] == "Deployment" and each["metadata"]["name"] == "chat"]
        (container,) = chat["spec"]["template"]["spec"]["containers"]
        self.assertEqual(container["resources"]["limits"]["nvidia.com/gpu"], 1)
        self.assertIn("node-cuda", container["image"])


    def test_nodes_of_two_roles_are_an_addition(self):
        folder = Path(self.temporary.name) / "roles"
        run("cp", "-r", DEPLOY / "k8s", folder)
        with open(folder / "production" / "kustomization.yaml", "a", encoding="utf-8") as overlay:
            overlay.write("components: [../inference, ../inference-gpu]\n")
        text = run("kubectl", "kustomize", folder / "production")
        path = Path(self.temporary.name) / "roles.yaml"
        path.write_text(text, encoding="utf-8")
        run("kubernetes-validate", "--strict", "-k", "1.32", path)
        made = {(each["kind"], each["metadata"]["name"]): each for each in yaml.safe_load_all(text)}
        (chat,) = made["Deployment", "chat"]["spec"]["template"]["spec"]["containers"]
        stateful = made["StatefulSet", "inference"]
        pod = stateful["spec"]["template"]["spec"]
        (inference,) = pod["containers"]
        roles = [{each["name"]: each["value"] for each in container["env"]} for container in (chat, inference)]
        self.assertEqual([each["ROLE"] for each in roles], ["chat", "inference"])
        names = [f"http://inference-{number}.{stateful['spec']['serviceName']}:8000" for number in range(stateful["spec"]["replicas"])]
        self.assertEqual(roles[0]["AI_SERVICE_URL"].split(","), names)
        self.assertIn(("Service", "inference"), made)
        self.assertEqual((inference["resources"]["limits"]["nvidia.com/gpu"], "nvidia.com/gpu" in chat["resources"]["limits"]), (1, False))
        self.assertEqual(("node-cuda" in inference["image"], "node-cuda" in chat["image"]), (True, False))
        self.assertGreater(pod["terminationGracePeriodSeconds"], drain_seconds() + REQUESTS_GRACE_SECONDS)
        (secret,) = [each["secret"] for each in pod["volumes"] if "secret" in each]
        self.assertEqual([each["key"] for each in secret["items"]], ["ai_service_key"])
        policy = made["NetworkPolicy", "inference"]["spec"]
        self.assertEqual((policy["policyTypes"], policy.get("egress")), (["Ingress", "Egress"], None))
        self.assertIn(("PodDisruptionBudget", "inference"), made)


class SystemdTest(unittest.TestCase):
    def test_systemd_accepts_the_units_and_finds_them_confined(self):
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            for name in UNITS:
                text = (DEPLOY / "systemd" / name).read_text(encoding="utf-8")
                # The programs are not installed here.
                text = re.sub(r"ExecStart=\S+", "ExecStart=/bin/true", text)
                (folder / name.replace("@", "@8000")).write_text(text, encoding="utf-8")
            for path in sorted(folder.iterdir()):
                verified = subprocess.run(["systemd-analyze", "verify", path], cwd=folder, capture_output=True, encoding="utf-8", check=False)
                self.assertEqual((verified.returncode, verified.stdout + verified.stderr), (0, ""), path.name)
                run("systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE_MAX}", path)

    def test_a_stop_waits_for_the_drain_and_the_flags_are_flags_of_the_program(self):
        text = (DEPLOY / "systemd" / UNITS[0]).read_text(encoding="utf-8")
        self.assertGreater(int(re.search(r"TimeoutStopSec=(\d+)", text)[1]), drain_seconds() + REQUESTS_GRACE_SECONDS)
        said = run(NODE, "serve", "--help", env={"PATH": os.environ["PATH"]})
        for flag in re.findall(r" (--[a-z-]+)", re.search(r"ExecStart=.*", text)[0]):
            self.assertIn(f"{flag} <VALUE>", said)


if __name__ == "__main__":
    unittest.main()
