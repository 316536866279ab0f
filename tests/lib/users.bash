# SPDX-License-Identifier: MIT
# Tests as another user, without root's rights, or with them. What is possible is found out by trying: in a user
# namespace `id -u` says 0, but there is no other user to become and most of root's rights are missing.

# A user who is nobody on every distribution.
OTHER_USER=(setpriv --reuid=65534 --regid=65534 --clear-groups)
# Root without the right to pass permissions.
WITHOUT_OVERRIDE=(setpriv --bounding-set=-dac_override,-dac_read_search --inh-caps=-dac_override,-dac_read_search)

# passes_permissions [PREFIX..]: says yes if, under this prefix, a file without any permission can be read, otherwise no
passes_permissions() {
    local answer=no
    (umask 777 && : >closed)
    if "$@" cat closed >/dev/null 2>&1; then answer=yes; fi
    rm -f closed
    echo "$answer"
}

# Sets PREFIX, under which `tool` runs, so that the permissions of files count for the tool. Only root needs one.
without_privilege() {
    local passes
    PREFIX=()
    passes=$(passes_permissions)
    [ "$passes" = yes ] || return 0
    need setpriv
    PREFIX=("${WITHOUT_OVERRIDE[@]}")
    passes=$(passes_permissions "${PREFIX[@]}")
    [ "$passes" = no ] || skip "root's right to pass permissions cannot be dropped here"
}

# PUBLIC: a folder that every user can reach, and the working folder from here on. AS_NOBODY: a prefix for a user who
# has no rights to the files in it but those that everybody has: user 65534, or, if there is no other user, their owner
# without the right to pass permissions. The file's teardown has to call remove_public_folder.
PUBLIC=''
public_folder() {
    PUBLIC=$(TMPDIR='' mktemp -d)
    chmod 755 "$PUBLIC"
    cd "$PUBLIC" || return 1
    if "${OTHER_USER[@]}" true 2>/dev/null; then
        AS_NOBODY=("${OTHER_USER[@]}")
    else
        without_privilege
        AS_NOBODY=(env "${PREFIX[@]}")
        PREFIX=()
    fi
}

remove_public_folder() {
    cd /
    [ -z "$PUBLIC" ] || rm -rf "$PUBLIC"
}

# For set-uid programs: skips the test unless another user can start one and get rights that this user lacks.
need_set_uid() {
    skip_unless "needs root, and other users" "${OTHER_USER[@]}" true
    [[ ,$(findmnt -no OPTIONS -T "${TMPDIR:-/tmp}"), != *,nosuid,* ]] ||
        skip "temporary files are on a file system with nosuid"
}

# as_root COMMAND..: as root, in a user namespace if need be
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        unshare -r "$@"
    fi
}

# For chroot.
need_root() {
    skip_unless "needs root, or user namespaces" as_root chroot / true
}

# need_namespaces OPTION..: skips the test unless as_root can run `unshare OPTION..`
need_namespaces() {
    skip_unless "needs root, or user namespaces" as_root unshare "$@" true
}

# in_mount_namespace COMMAND..: what the command mounts is gone when it ends
in_mount_namespace() {
    as_root unshare --mount "$@"
}

# Makes the folder `mounted`, and skips the test unless a tmpfs can be mounted there.
need_mounts() {
    need unshare
    mkdir -p mounted
    skip_unless "nothing can be mounted here: needs root" in_mount_namespace mount -t tmpfs none mounted
}
