// SPDX-License-Identifier: MIT
module example.com/reexec

go 1.18
