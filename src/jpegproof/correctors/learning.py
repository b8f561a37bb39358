"""The correctors whose networks can learn."""

from __future__ import annotations

from jpegproof.correctors.grid_corrector import GridCorrector
from jpegproof.correctors.qgac.corrector import Qgac

Learning = GridCorrector | Qgac
