// SPDX-License-Identifier: MIT
module example.com/selfbuild

go 1.18
