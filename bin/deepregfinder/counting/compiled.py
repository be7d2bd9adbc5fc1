"""How the loops of counting are compiled, and numba without scipy.

numba looks for scipy.linalg once, for products of matrices in compiled loops. There are none here:
as if scipy were not installed, the loops load in two thirds of the time.
"""

import sys
from typing import Any

_UNUSED = "scipy.linalg"

if _UNUSED not in sys.modules:
    sys.modules[_UNUSED] = None  # type: ignore[assignment]  # the import system: not there
    try:
        import numba.np.arraymath  # noqa: F401
    finally:
        del sys.modules[_UNUSED]

# Nothing here allocates: references need not be counted, which took two thirds of the time.
OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False}
