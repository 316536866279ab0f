// SPDX-License-Identifier: MIT
module example.com/nearest

go 1.20
