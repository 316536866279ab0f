#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""runc-config.py SECCOMP ROOT COMMAND...: reads what `runc spec` prints and prints a configuration that runs COMMAND in
ROOT under the seccomp profile that container engines use by default, a file of theirs, for a container with the
capabilities of the configuration and for this machine."""
import json
import os
import sys

profile_path, root, *command = sys.argv[1:]
config = json.load(sys.stdin)
with open(profile_path, encoding="utf-8") as file:
    profile = json.load(file)
capabilities = set(config["process"]["capabilities"]["bounding"])
kernel = [int(n) for n in os.uname().release.split(".")[:2]]


def applies(rule):
    wanted, unwanted = rule.get("includes") or {}, rule.get("excludes") or {}
    return (not set(wanted.get("caps") or ()) - capabilities and not set(unwanted.get("caps") or ()) & capabilities and
            ("arches" not in wanted or "amd64" in wanted["arches"]) and
            "amd64" not in (unwanted.get("arches") or ()) and
            ("minKernel" not in wanted or [int(n) for n in wanted["minKernel"].split(".")] <= kernel))


rules = []
for rule in filter(applies, profile["syscalls"]):
    known = {"names": rule["names"], "action": rule["action"]}
    if rule.get("args"):
        known["args"] = [{name: value for name, value in argument.items() if name in ("index", "value", "valueTwo", "op")}
                         for argument in rule["args"]]
    if rule.get("errnoRet") is not None:
        known["errnoRet"] = rule["errnoRet"]
    rules.append(known)
config["process"].update(terminal=False, args=command)
config["root"] = {"path": root, "readonly": False}
config["linux"]["seccomp"] = {"defaultAction": profile["defaultAction"],
                              "defaultErrnoRet": profile.get("defaultErrnoRet", 1),
                              "architectures": ["SCMP_ARCH_X86_64"], "syscalls": rules}
for place in "/tmp", "/var/tmp", "/work":
    config["mounts"].append({"destination": place, "type": "tmpfs", "source": "tmp", "options": ["mode=1777"]})
json.dump(config, sys.stdout)
