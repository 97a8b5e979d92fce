"""The manager under the name that the mobile team imports."""

from .manager import *
