"""Metrics that published tables add to the benchmarks: hardware costs, zero-cost proxies, accuracies under attack."""

from __future__ import annotations

from typing import Final

from nbframes.benchmarks.values import Metric

_DEVICES: Final = {
    "edgegpu": "NVIDIA Jetson TX2",
    "raspi4": "Raspberry Pi 4",
    "edgetpu": "Google Edge TPU",
    "pixel3": "Google Pixel 3",
    "eyeriss": "Eyeriss (simulated)",
    "fpga": "Xilinx ZC706 FPGA",
}
_COSTS: Final = {
    "edgegpu": ("latency", "energy"),
    "raspi4": ("latency",),
    "edgetpu": ("latency",),
    "pixel3": ("latency",),
    "eyeriss": ("latency", "energy", "arithmetic_intensity"),
    "fpga": ("latency", "energy"),
}


def _hardware(device: str, cost: str) -> Metric:
    where = _DEVICES[device]
    if cost == "arithmetic_intensity":
        text = f"operations for each byte moved on {where}"
        return Metric(f"hw_{device}_{cost}", "operations per byte", None, f"{where}: arithmetic intensity", text)
    unit = {"latency": "ms", "energy": "mJ"}[cost]
    text = f"{cost} of one inference on {where}"
    return Metric(f"hw_{device}_{cost}", unit, "min", f"{where}: {cost} ({unit})", text)


HARDWARE: Final = tuple(_hardware(device, cost) for device, costs in _COSTS.items() for cost in costs)
"""HW-NAS-Bench: C. Li et al., ICLR 2021."""

PROXIES: Final = (
    "epe_nas",
    "fisher",
    "flops",
    "grad_norm",
    "grasp",
    "jacov",
    "l2_norm",
    "nwot",
    "params",
    "plain",
    "snip",
    "synflow",
    "zen",
)
_PROXY_UNITS: Final = {"flops": "millions of operations", "params": "millions"}

ZERO_COST: Final = tuple(
    metric
    for proxy in PROXIES
    for metric in (
        Metric(
            f"zc_{proxy}",
            _PROXY_UNITS.get(proxy, "1"),
            "max",
            f"proxy {proxy}",
            f"score of the untrained network by {proxy}",
        ),
        Metric(
            f"zc_{proxy}_time", "seconds", "min", f"time of proxy {proxy} (s)", f"time that the score by {proxy} took"
        ),
    )
)
"""NAS-Bench-Suite-Zero: A. Krishnakumar et al., NeurIPS 2022. Larger scores predict better networks."""

_ATTACKS: Final = {
    "fgsm": ("FGSM", (0.1, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 255.0)),
    "pgd": ("PGD", (0.1, 0.5, 1.0, 2.0, 3.0, 4.0, 8.0)),
    "aa_apgd-ce": ("APGD-CE", (0.1, 0.5, 1.0, 2.0, 3.0, 4.0, 8.0)),
    "aa_square": ("Square", (0.1, 0.5, 1.0, 2.0, 3.0, 4.0, 8.0)),
}
"""Attacks of the robustness dataset with their published strengths, in 1/255 of the range of a pixel."""

CLEAN: Final = Metric(
    "robust_clean",
    "percent [0, 100]",
    "max",
    "accuracy without attack (%)",
    "test accuracy, without attack, of the network that was attacked",
    1e-5,
)


def robust(attack: str, strength: float) -> Metric:
    """Accuracy under an attack of the robustness dataset."""
    title = _ATTACKS[attack][0] if attack in _ATTACKS else attack
    return Metric(
        f"robust_{attack}_{strength:g}",
        "percent [0, 100]",
        "max",
        f"accuracy under {title}, $\\epsilon$ = {strength:g}/255 (%)",
        f"test accuracy under the attack {title}, at most {strength:g}/255 in any pixel",
        1e-5,
    )


ROBUSTNESS: Final = (CLEAN, *(robust(attack, e) for attack, (_, strengths) in _ATTACKS.items() for e in strengths))
"""Robustness dataset: S. Jung, J. Lukasik, M. Keuper, ICLR 2023."""

ATTACHED: Final = (*HARDWARE, *ZERO_COST, *ROBUSTNESS)
"""All metrics of the published tables that nbframes can attach."""
