# SPDX-License-Identifier: MIT
# For gdb, which may run this file for every bundle: imports fatelf_amd64.py, beside it, once.
import os
import sys

# gdb does not set __file__. The directory may have a symbolic link to this file.
directory = os.path.dirname(os.path.realpath(sys._getframe().f_code.co_filename))
if directory not in sys.path:
    sys.path.append(directory)
import fatelf_amd64  # noqa: E402
