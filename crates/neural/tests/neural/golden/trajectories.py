"""Trains two small networks with PyTorch, in double precision, full batch, and writes down how: the losses and rates
of every epoch and the final weights. `python3 trajectories.py` beside `start.json` (the layers of
`Network::seeded` for seed 11, which the Rust test checks first) rewrites `trajectories.json`.

Written with torch 2.11.0. torch's ReduceLROnPlateau waits one epoch longer than its `patience`, so it is given one
less than ours; its threshold is 0, as any lower loss counts here.
"""

import json
import math
import pathlib

import torch
from torch import nn, optim

HERE = pathlib.Path(__file__).parent
ROWS, WIDTH, EPOCHS = 48, 5, 25

torch.set_default_dtype(torch.float64)


def rows(shift):
    """Features and targets of 32-bit precision from sines: no random generator to agree on."""
    x = torch.tensor([[math.sin(1.7 * (r + shift) * (c + 1) + c) for c in range(WIDTH)] for r in range(ROWS)])
    x = x.float().double()
    value = (x[:, 0] * x[:, 1] - 0.8 * x[:, 2]).float().double()
    label = torch.where(value > 0.3, 0, torch.where(value < -0.3, 2, 1))
    return x, value, label


def network(start, activation):
    parts = []
    for layer in start:
        linear = nn.Linear(layer["inputs"], layer["outputs"])
        shape = (layer["outputs"], layer["inputs"])
        linear.weight.data = torch.tensor(layer["weights"]).reshape(shape)
        linear.bias.data = torch.tensor(layer["bias"])
        parts += [linear, activation()]
    return nn.Sequential(*parts[:-1])


OPTIMISERS = {
    "adam": lambda p, lr, wd: optim.Adam(p, lr=lr, weight_decay=wd),
    "adamw": lambda p, lr, wd: optim.AdamW(p, lr=lr, weight_decay=wd),
    "sgd": lambda p, lr, wd: optim.SGD(p, lr=lr, weight_decay=wd, momentum=0.9),
    "rmsprop": lambda p, lr, wd: optim.RMSprop(p, lr=lr, weight_decay=wd),
}

SCHEDULERS = {
    "constant": lambda o, s: optim.lr_scheduler.ConstantLR(o, factor=1.0),
    "step": lambda o, s: optim.lr_scheduler.StepLR(o, s["step_size"], s["gamma"]),
    "exponential": lambda o, s: optim.lr_scheduler.ExponentialLR(o, s["gamma"]),
    "cosine": lambda o, s: optim.lr_scheduler.CosineAnnealingLR(o, EPOCHS),
    "reduce_on_plateau": lambda o, s: optim.lr_scheduler.ReduceLROnPlateau(
        o, factor=s["factor"], patience=s["patience"] - 1, threshold=0.0
    ),
}

# The keys are those of a strategy's `training` section, where False switches off.
CASES = [
    ("classification", {"optimizer": "adam", "learning_rate": 0.02, "gradient_clip": False}),
    ("classification", {"optimizer": "adam", "learning_rate": 0.02, "weight_decay": 0.05, "gradient_clip": 0.1}),
    ("classification", {"optimizer": "adam", "learning_rate": 0.02, "class_weights": "balanced"}),
    ("classification", {"optimizer": "adamw", "learning_rate": 0.02, "weight_decay": 0.1, "gradient_clip": False}),
    ("classification", {"optimizer": "sgd", "learning_rate": 0.1, "weight_decay": 0.02, "gradient_clip": 0.3}),
    ("classification", {"optimizer": "rmsprop", "learning_rate": 0.005, "weight_decay": 0.02, "gradient_clip": False}),
    ("classification", {"optimizer": "sgd", "learning_rate": 0.1, "gradient_clip": False,
                        "lr_scheduler": {"type": "step", "step_size": 4, "gamma": 0.5}}),
    ("classification", {"optimizer": "adam", "learning_rate": 0.03, "gradient_clip": False,
                        "lr_scheduler": {"type": "exponential", "gamma": 0.9}}),
    ("regression", {"optimizer": "adam", "learning_rate": 0.02, "gradient_clip": False,
                    "loss": {"type": "mse"}, "lr_scheduler": {"type": "cosine"}}),
    ("regression", {"optimizer": "sgd", "learning_rate": 1.4, "gradient_clip": False,
                    "loss": {"type": "huber", "delta": 0.2},
                    "lr_scheduler": {"type": "reduce_on_plateau", "factor": 0.5, "patience": 2}}),
    ("regression", {"optimizer": "rmsprop", "learning_rate": 0.005, "gradient_clip": 0.5, "loss": {"type": "mse"}}),
]


def losses_of(output, settings, label):
    """The loss that is minimised and the plain one that is reported."""
    if output == "classification":
        weights = None
        if settings.get("class_weights") == "balanced":
            weights = ROWS / (3.0 * torch.bincount(label, minlength=3))
        return nn.CrossEntropyLoss(weight=weights), nn.CrossEntropyLoss()
    loss = settings["loss"]
    plain = nn.MSELoss() if loss["type"] == "mse" else nn.HuberLoss(delta=loss["delta"])
    return plain, plain


def trained(output, settings, start):
    settings = {"gradient_clip": 1.0, "lr_scheduler": {"type": "constant"}, **settings}
    net = network(start[output], nn.Tanh if output == "classification" else lambda: nn.GELU(approximate="tanh"))
    (x, value, label), (vx, vvalue, vlabel) = rows(0), rows(100)
    target = (lambda v, l: l) if output == "classification" else (lambda v, l: v.unsqueeze(1))
    minimised, reported = losses_of(output, settings, label)
    rule = OPTIMISERS[settings["optimizer"]](net.parameters(), settings["learning_rate"],
                                             settings.get("weight_decay", 0.0))
    schedule = SCHEDULERS[settings["lr_scheduler"]["type"]](rule, settings["lr_scheduler"])
    train, validation, rates = [], [], []
    for _ in range(EPOCHS):
        rates.append(rule.param_groups[0]["lr"])
        rule.zero_grad()
        out = net(x)
        minimised(out, target(value, label)).backward()
        train.append(reported(out, target(value, label)).item())
        if settings["gradient_clip"]:
            nn.utils.clip_grad_norm_(net.parameters(), settings["gradient_clip"])
        rule.step()
        with torch.no_grad():
            validation.append(reported(net(vx), target(vvalue, vlabel)).item())
        plateau = settings["lr_scheduler"]["type"] == "reduce_on_plateau"
        schedule.step(validation[-1]) if plateau else schedule.step()
    final = [number for p in net.parameters() for number in p.detach().flatten().tolist()]
    return {
        "output": output,
        "settings": {"epochs": EPOCHS, "batch_size": ROWS, "early_stopping": False, **settings},
        "rates": rates, "train": train, "validation": validation, "final": final,
    }


def listed(set_of_rows):
    return {name: part.flatten().tolist() for name, part in zip(("x", "values", "classes"), set_of_rows)}


start = json.loads((HERE / "start.json").read_text())
result = {
    "rows": listed(rows(0)), "validation_rows": listed(rows(100)),
    "cases": [trained(output, settings, start) for output, settings in CASES],
}
(HERE / "trajectories.json").write_text(json.dumps(result))
for case in result["cases"]:
    print(case["settings"]["optimizer"], case["settings"]["lr_scheduler"]["type"], len(set(case["rates"])),
          case["train"][0], case["train"][-1])
