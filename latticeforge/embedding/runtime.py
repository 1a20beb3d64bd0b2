"""OpenVINO without its telemetry: the only place that imports it.

Here: that import. Not here: what is done with it. On import OpenVINO reports to an analytics server unless the
package ``openvino_telemetry`` is absent; then it uses a stub of its own. Nothing here may use the network, so we put an
empty module in that package's place.
"""

from __future__ import annotations

import sys
from types import ModuleType

sys.modules.setdefault("openvino_telemetry", ModuleType("openvino_telemetry"))

import openvino  # noqa: E402  (after the line above, which it must find done)
from openvino import opset13  # noqa: E402

__all__ = ["openvino", "opset13"]
