"""What runs the frozen stages of a backbone: torch, or something faster."""

from sktl.engines._choose import ENGINES, PRECISIONS, choose_engine, is_installed
from sktl.engines._engine import Engine
from sktl.engines._openvino import OpenVINOEngine
from sktl.engines._torch import TorchEngine

__all__ = ["ENGINES", "PRECISIONS", "Engine", "OpenVINOEngine", "TorchEngine", "choose_engine", "is_installed"]
