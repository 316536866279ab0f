# SPDX-License-Identifier: MIT
# examples/github: the steps of the workflow, one after the other, for examples/go-simd.
load ../lib/common
load ../lib/examples
load ../lib/tool

setup() {
    start_test
    WORKFLOW=$TOP/examples/github/fatelf-amd64.yml
}

@test "the GitHub workflow's commands build the tool and make a bundle" {
    need go make python3
    skip_unless "python3 has no yaml" python3 -c 'import yaml'
    # what is built already, so that make has nothing to do
    skip_unless "the tool is not in build/" make -C "$TOP" BUILD=build -q all
    cp "$TOP"/examples/go-simd/*.{go,s,mod} .
    ln -s "$TOP" fatelf-amd64 # what actions/checkout puts there
    env -u BUILD python3 "$TOP/tests/lib/workflow.py" "$WORKFLOW" bundle >said
    same "# Build the tool
# Build the bundle
# Check it" "$(grep '^#' said)"
    same "v1 v2 v3 v4" "$(levels prog)"
    finds '^prog: .* launch memfd$' <summary
    finds '^level  *x86-64-v1$' <said
    finds "^level  *x86-64-v$(machine_level)\$" <said
}

@test "actionlint finds nothing in the GitHub workflow" {
    need actionlint
    actionlint "$WORKFLOW"
}
