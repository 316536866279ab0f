#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""workflow.py FILE JOB: runs the `run:` steps of a GitHub workflow's job in the current directory, as a runner would:
each by `bash -e`, with what earlier steps have added to PATH and to the environment. Prints the names of the steps."""
import os
import subprocess
import sys
import tempfile

import yaml

with open(sys.argv[1], encoding="utf-8") as file:
    steps = yaml.safe_load(file)["jobs"][sys.argv[2]]["steps"]
with tempfile.TemporaryDirectory() as folder:
    paths, variables = os.path.join(folder, "path"), os.path.join(folder, "env")
    environment = dict(os.environ, CI="true", GITHUB_WORKSPACE=os.getcwd(), GITHUB_PATH=paths, GITHUB_ENV=variables)
    environment["GITHUB_STEP_SUMMARY"] = os.path.join(os.getcwd(), "summary")
    for step in steps:
        if "run" not in step:
            continue
        open(paths, "w").close()
        open(variables, "w").close()
        print("#", step.get("name", step["run"]), flush=True)
        subprocess.run(["bash", "-e", "-c", step["run"]], env={**environment, **step.get("env", {})}, check=True)
        with open(paths) as file:
            for line in file.read().splitlines():
                environment["PATH"] = line + ":" + environment["PATH"]
        with open(variables) as file:
            environment.update(line.split("=", 1) for line in file.read().splitlines())
