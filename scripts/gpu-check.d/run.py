"""The steps of `scripts/gpu-check run`: see the head of that script.

Every step ends with what it found, or with why not; the next one runs all the same while there is time.
"""

import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from report import markdown
from watch import Watch, gpus

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACK = ROOT / ".gpu-check"
TORCH = "2.11.0"
SECONDS_MAX = 320

# Hidden layers, batch, rows on a GPU, rows on the CPU beside it. A dry run takes two batches.
SIZES = [("64,32", 64, 131_072, 131_072), ("256,256", 1_024, 262_144, 65_536), ("1024,1024", 4_096, 262_144, 16_384)]
ROWS_MIN = 1_000


class Failed(Exception):
    """A step did not find what it must."""


class Skipped(Exception):
    """A step has nothing to do here."""


def libraries():
    """The folder of libtorch: of this Python's torch, or in a dry run of what scripts/libtorch fetched."""
    import importlib.metadata
    import importlib.util

    found = importlib.util.find_spec("torch")
    if found and found.origin and importlib.metadata.version("torch").split("+")[0] == TORCH:
        return pathlib.Path(found.origin).parent / "lib"
    fetched = ROOT / ".libtorch" / "lib"
    return fetched if fetched.is_dir() else None


class Check:
    def __init__(self, dry, libraries):
        self.dry = dry
        self.device, self.wish = ("cpu", "cpu") if dry else ("cuda:0", "gpu")
        self.deadline = time.monotonic() + SECONDS_MAX
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("KTRDR_")}
        self.environment |= {"LD_LIBRARY_PATH": str(libraries), "NO_COLOR": "1"}

    def left(self):
        seconds = self.deadline - time.monotonic()
        if seconds < 5:
            raise Skipped("no time is left")
        return seconds

    def run(self, program, *arguments, most=120, cwd=None):
        """Runs one of the packed programs to its end, and gives what it wrote to stdout."""
        command = [str(PACK / "bin" / program), *map(str, arguments)]
        try:
            ended = subprocess.run(
                command, env=self.environment, cwd=cwd, timeout=min(most, self.left()), capture_output=True, text=True
            )
        except subprocess.TimeoutExpired:
            raise Failed(f"{program} {' '.join(command[1:])} took longer than it may")
        if ended.returncode != 0:
            last = (ended.stdout + ended.stderr).strip().splitlines()[-12:]
            raise Failed(f"{program} {' '.join(command[1:])} ended with {ended.returncode}: " + " | ".join(last))
        return ended.stdout

    def tests(self, *arguments):
        """How many of the backend's tests passed; on a GPU they must find it."""
        self.environment["NEURAL_TESTS_NEED_GPU"] = "0" if self.dry else "1"
        said = self.run("neural", "--test-threads", "1", *arguments, most=180)
        passed = [int(line.split("ok. ")[1].split()[0]) for line in said.splitlines() if line.startswith("test result: ok.")]
        if not passed or passed[0] == 0:
            raise Failed("no test ran")
        return {"tests_passed": passed[0]}

    # The steps.

    def conformance(self):
        return self.tests("torch::", "--skip", "without_enough_memory")

    def out_of_memory(self):
        return self.tests("torch::a_device_without_enough_memory")

    def lost_device(self):
        if self.dry:
            raise Skipped("a CPU can not be lost")
        return self.tests("--ignored", "--exact", "torch::a_gpu_that_is_lost_is_not_taken_for_one_that_failed")

    def embedded_engine(self):
        """A training, one that asks for the CPU, and a whole cycle, by `ktrdr up` with the device."""
        with tempfile.TemporaryDirectory(prefix="gpu-check-") as folder:
            return Laboratory(self, pathlib.Path(folder)).work()

    def throughput(self):
        """Samples a second of `bench train`, on the device and on the CPU beside it."""
        rows = []
        for hidden, batch, on_gpu, on_cpu in SIZES:
            few = max(2 * batch, ROWS_MIN)
            places = [("cpu", few, 1)] if self.dry else [(self.device, on_gpu, 3), ("cpu", on_cpu, 3)]
            for device, count, runs in places:
                work = ["--hidden", hidden, "--batch", batch, "--rows", count, "--runs", runs, "--device", device]
                said = json.loads(self.run("ktrdr", "bench", "train", *work, "--output", "json"))
                measured = said["measured"][0]
                rates = {name: round(measured[name]) for name in ("median", "min", "max")}
                rows.append({"hidden": hidden, "batch": batch, "device": device, **rates, "setting": measured["setting"]})
        return {"samples_per_second": rows}


class Laboratory:
    """A workspace with generated bars and an example strategy."""

    def __init__(self, check, folder):
        self.check, self.folder = check, folder

    def ktrdr(self, *arguments):
        said = self.check.run("ktrdr", "--workspace", self.folder, *arguments, "--output", "json", cwd=self.folder)
        return json.loads(said)

    def work(self):
        bars = ["--symbol", "EURUSD", "--timeframe", "1h", "--process", "planted-edge", "--bars", 12_000, "--seed", 3]
        self.ktrdr("data", "generate", *bars)
        (self.folder / "strategies").mkdir(exist_ok=True)
        shutil.copy(ROOT / "strategies" / "fx_pullback.yaml", self.folder / "strategies")
        with Engine(self) as engine:
            listed = self.ktrdr("workers", "list")["workers"][0]["device"]
            trained = self.train(self.check.wish)
            self.expect(trained, self.check.device)
            beside = self.train("cpu")
            self.expect(beside, "cpu")
            cycle = self.cycle()
            status = engine.stop()
        return {"listed_as": listed, "trainings": [trained, beside], "cycle": cycle, "engine_ended_with": status}

    def train(self, wish):
        report = self.ktrdr("training", "run", "--strategy", "fx_pullback", "--device", wish, "--wait")
        return {"trained_on": report["trained_on"], "seconds": report["training_seconds"], "test_loss": report["test"]["loss"]}

    def expect(self, training, device):
        if not training["trained_on"].startswith(device):
            raise Failed(f"trained on {training['trained_on']} instead of {device}")

    def cycle(self):
        """It may end at a gate: that is a result. What counts is that its training ran where it should."""
        market = ["--symbol", "EURUSD", "--timeframe", "1h", "--cycles", 1, "--device", self.check.wish]
        self.ktrdr("research", "run", *market)
        while self.ktrdr("operations", "list", "--active")["operations"]:
            self.check.left()
            time.sleep(0.5)
        rows = self.ktrdr("operations", "list")["operations"]
        root = next(row for row in rows if row["type"] == "agent_research")
        training = next((row for row in rows if row["type"] == "training" and row.get("root") == root["id"]), None)
        if training is None or training["status"] != "completed":
            raise Failed(f"the cycle's training did not complete: {root.get('error')}")
        trained = self.ktrdr("operations", "status", training["id"])["operation"]["result"]
        self.expect(trained, self.check.device)
        return {"status": root["status"], "why": root.get("error"), "trained_on": trained["trained_on"]}


class Engine:
    """`ktrdr up` with the device, while the laboratory works."""

    def __init__(self, laboratory):
        check = laboratory.check
        command = [PACK / "bin" / "ktrdr", "--workspace", laboratory.folder, "up", "--device", check.device]
        self.laboratory, self.log = laboratory, laboratory.folder / "up.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(command, env=check.environment, stdout=log, stderr=log)

    def __enter__(self):
        while not self.laboratory.ktrdr("workers", "list")["workers"]:
            if self.process.poll() is not None:
                raise Failed("ktrdr up ended: " + self.last_words())
            self.laboratory.check.left()
            time.sleep(0.2)
        return self

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout=30)
        if status != 0:
            raise Failed(f"ktrdr up ended with {status}: " + self.last_words())
        return status

    def last_words(self):
        return " | ".join(self.log.read_text().strip().splitlines()[-5:])

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


STEPS = ["conformance", "embedded_engine", "throughput", "out_of_memory", "lost_device"]


def step(check, name, seen):
    started = time.monotonic()
    try:
        check.left()
        outcome, found = "passed", getattr(check, name)()
    except Skipped as why:
        outcome, found = "skipped", {"why": str(why)}
    except (Failed, KeyError, IndexError, ValueError, OSError, subprocess.SubprocessError) as why:
        outcome, found = "failed", {"why": f"{type(why).__name__}: {why}"}
    seconds = round(time.monotonic() - started, 1)
    print(f"{name}: {outcome} in {seconds} s" + (f": {found['why']}" if "why" in found else ""), flush=True)
    return {"step": name, "outcome": outcome, "seconds": seconds, "gpu": seen.since(started), **found}


def main():
    options = argparse.ArgumentParser(prog="scripts/gpu-check run")
    options.add_argument("--dry", action="store_true", help="the same steps on the CPU")
    options.add_argument("--out", type=pathlib.Path, default=PACK / "report")
    asked = options.parse_args()
    found = gpus()
    if not found and not asked.dry:
        print("no GPU here: no driver names one; nothing was checked (--dry goes through the steps on the CPU)")
        return 0
    folder = libraries()
    if folder is None:
        sys.exit(f"gpu-check: {sys.executable} has no torch {TORCH}: set GPU_CHECK_PYTHON to one that has")
    check = Check(asked.dry, folder)
    with Watch(asked.dry) as seen:
        steps = [step(check, name, seen) for name in STEPS]
    revision, profile = (PACK / "made-of").read_text().split()
    result = {"revision": revision, "profile": profile, "dry": asked.dry, "gpus": found, "torch": str(folder), "steps": steps}
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / "gpu-check.json").write_text(json.dumps(result, indent=2) + "\n")
    (asked.out / "gpu-check.md").write_text(markdown(result))
    print(f"written to {asked.out}")
    return int(any(step["outcome"] == "failed" for step in steps))


if __name__ == "__main__":
    sys.exit(main())
