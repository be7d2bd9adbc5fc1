"""numba as if scipy were not installed: a third of the time in which the loops of counting load.

numba looks for scipy.linalg once, for products of matrices in compiled loops. There are none here.
"""

import sys

_UNUSED = "scipy.linalg"

if _UNUSED not in sys.modules:
    sys.modules[_UNUSED] = None  # type: ignore[assignment]  # the import system: not there
    try:
        import numba.np.arraymath  # noqa: F401
    finally:
        del sys.modules[_UNUSED]
