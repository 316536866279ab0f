# SPDX-License-Identifier: MIT
"""CPython's own tests, from the distribution's package, with the distribution's Python."""
import os
import pathlib
import shutil
import tempfile
import xml.etree.ElementTree

from methods import LAUNCHES, WORK, Failure, Skip, check_launch, environment, place, run

# Left out: they take long, need a network or a screen, or test what is no program.
MODULES = """
    test_grammar test_struct test_math test_builtin test_float test_dict test_list test_exceptions test_generators
    test_descr test_site test_resource test_fcntl test_sysconfig test_code test_cmd_line_script
    test_set test_array test_sys test_os test_posix test_mmap test_subprocess test_threading test_faulthandler
    test_ctypes test_json test_re test_zlib test_hashlib test_unicode test_bytes test_itertools test_memoryview
    test_codecs test_decimal test_pickle test_ast test_compile test_dis test_bz2 test_lzma test_fork1 test_cmd_line
    test_gc test_getpath test_embed test_exception_hierarchy test_import test_runpy test_tempfile test_shutil
    test_pathlib test_time test_datetime test_random test_statistics test_email test_inspect
    test_audit test_venv test_zipapp test_zipfile test_signal test_threadsignals test_posixpath test_pty test_pwd
    test_platform test_locale test_crashers test_atexit test_perfmaps test_utf8_mode test_c_locale_coercion test_support
    test_script_helper test_pdb test_trace test_tracemalloc test_stat test_select
    test_selectors test_poll test_epoll test_pipes test_wait3 test_wait4 test_popen test_launcher test_unittest
    test_warnings test_weakref test_xml_etree test_sqlite3 test_ssl test_dbm test_dtrace test_gdb test_readline
    test_multiprocessing_main_handling test_concurrent_futures test_asyncio test_logging test_file test_io
    test_capi test_frozen test_importlib test_zipimport test_zipimport_support test_pkgutil test_compileall
    test_py_compile
""".split()


def find_python():
    """The file of a Python that is no script which starts another one, and that has its tests with it."""
    question = "import os, sys, test.test_grammar, test.libregrtest; print(os.path.realpath(sys.executable))"
    for python in ["/usr/bin/python3", "python3"]:
        if shutil.which(python):
            status, output = run([python, "-c", question])
            if status == 0:
                return output.strip()
    raise Skip("Python's tests are not installed")


def prepare():
    """Returns {module: None}."""
    python = find_python()
    _, there = run([python, "-m", "test", "--list-tests"])
    for launch in LAUNCHES:
        target = WORK / "python" / launch / os.path.basename(python)
        place(python, launch, target)
        check_launch(target, launch, "-c", "pass")
    return {module: os.path.basename(python) for module in dict.fromkeys(MODULES) if module in there.split()}


def outcomes(groups, launch, group):
    """{test: outcome} of one module."""
    with tempfile.TemporaryDirectory(prefix="suites", ignore_cleanup_errors=True) as scratch:
        status, output = run([WORK / "python" / launch / groups[group], "-m", "test", "--junit-xml=results.xml", group],
                             cwd=scratch, env=environment(TMPDIR=scratch, PYTHONDONTWRITEBYTECODE="1"))
        results = pathlib.Path(scratch, "results.xml")
        found = {"exit status": "PASS" if status == 0 else f"exit {status}"}
        if results.exists():
            for case in xml.etree.ElementTree.parse(results).iter("testcase"):
                kinds = [child.tag for child in case]
                outcome = [word for tag, word in (("error", "FAIL"), ("failure", "FAIL"), ("skipped", "SKIP"))
                           if tag in kinds]
                found[case.get("name")] = outcome[0] if outcome else "PASS"
        elif status == 0:
            raise Failure(f"{group}: no results\n{output[-1000:]}")
        return found
