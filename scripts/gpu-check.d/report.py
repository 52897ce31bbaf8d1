"""The result as a table for docs/benchmarks.md."""


def markdown(result):
    device = "; ".join(result["gpus"]) if result["gpus"] else "no GPU"
    kind = "dry run on the CPU" if result["dry"] else device
    lines = [f"`scripts/gpu-check run`, revision {result['revision']}, profile {result['profile']}: {kind}", ""]
    lines += ["| step | outcome | seconds | GPU memory at most | GPU busy, mean and most |", "|---|---|---|---|---|"]
    lines += [step_row(step) for step in result["steps"]]
    rates = [rate for step in result["steps"] for rate in step.get("samples_per_second", [])]
    if rates:
        lines += ["", "| `ktrdr bench train` | batch | device | samples/s, median | minimum | maximum |", "|---|---|---|---|---|---|"]
        lines += [rate_row(rate) for rate in rates]
    return "\n".join(lines) + "\n"


def step_row(step):
    seen = step["gpu"]
    memory = f"{seen['memory_mib_max']:,.0f} MiB" if seen else "–"
    busy = f"{seen['utilisation_percent_mean']:.0f} %, {seen['utilisation_percent_max']:.0f} %" if seen else "–"
    outcome = step["outcome"] + (f" ({step['why']})" if "why" in step else "")
    return f"| {step['step'].replace('_', ' ')} | {outcome} | {step['seconds']} | {memory} | {busy} |"


def rate_row(rate):
    figures = " | ".join(f"{rate[name]:,}" for name in ("median", "min", "max"))
    return f"| 60-{rate['hidden'].replace(',', '-')}-3 | {rate['batch']:,} | {rate['device']} | {figures} |"
