"""Options for compiling the counting loops, and loading numba without scipy.

numba imports scipy.linalg for matrix products in compiled code. The counting loops have none:
hiding scipy from numba cuts their loading time by a third.
"""

import sys
from typing import Any

_UNUSED = "scipy.linalg"

if _UNUSED not in sys.modules:
    sys.modules[_UNUSED] = None  # type: ignore[assignment]  # None: not installed
    try:
        import numba.np.arraymath  # noqa: F401
    finally:
        del sys.modules[_UNUSED]

# The loops allocate nothing: reference counting, two thirds of the time, is switched off.
OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False}
