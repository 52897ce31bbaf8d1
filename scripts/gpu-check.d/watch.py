"""What nvidia-smi sees of the first GPU while steps run."""

import pathlib
import shutil
import subprocess
import sys
import threading
import time

# In containers the driver's programs may lie beside the usual folders.
NVIDIA_SMI = shutil.which("nvidia-smi") or shutil.which("nvidia-smi", path="/usr/local/nvidia/bin:/usr/bin:/usr/local/bin")
SAMPLES = ["--id=0", "--query-gpu=memory.used,utilization.gpu", "--format=csv,noheader,nounits", "--loop-ms=200"]

# In a dry run: two samples of a GPU that is not there.
DRY = [sys.executable, "-c", "import time; print('100, 7', flush=True); print('300, 9', flush=True); time.sleep(600)"]


def gpus():
    """Names and drivers of the GPUs here; none where there is no driver."""
    devices = [str(device) for device in sorted(pathlib.Path("/dev").glob("nvidia[0-9]*"))]
    if NVIDIA_SMI is None:
        return devices
    query = [NVIDIA_SMI, "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]
    try:
        asked = subprocess.run(query, capture_output=True, text=True, timeout=30)
    except subprocess.TimeoutExpired:
        return devices
    return asked.stdout.strip().splitlines() if asked.returncode == 0 else []


class Watch:
    """Samples memory (MiB) and utilisation (%) until it is left."""

    def __init__(self, dry):
        self.command = DRY if dry else [NVIDIA_SMI or "true", *SAMPLES]
        self.samples = []

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        return self

    def read(self):
        for line in self.process.stdout:
            try:
                memory, use = (float(number) for number in line.split(","))
            except ValueError:
                continue  # "[N/A]" where the driver does not say
            self.samples.append((time.monotonic(), memory, use))

    def since(self, started):
        """The most memory, and mean and highest utilisation; None where nothing was sampled."""
        seen = [(memory, use) for at, memory, use in list(self.samples) if at >= started]
        if not seen:
            return None
        uses = [use for _, use in seen]
        return {
            "memory_mib_max": max(memory for memory, _ in seen),
            "utilisation_percent_mean": round(sum(uses) / len(uses), 1),
            "utilisation_percent_max": max(uses),
            "samples": len(seen),
        }

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.reader.join(timeout=5)
