# SPDX-License-Identifier: MIT
# The debhelper addon: `dh $@ --with fatelf_amd64`.
use strict;
use warnings;
use Debian::Debhelper::Dh_Lib;

# dh_strip and dh_shlibdeps look into the builds, not into the bundle: the debug package gets the symbols of all builds.
insert_after('dh_shlibdeps', 'dh_fatelf_amd64');

1;
